/** An amount of a row: by its digits behind the point they all are of one scale, and by its sign of one side. */
import { MAX_MINOR_UNIT, parseAmount } from "../../domain/money/money.ts";

/** Digits behind the point. */
export function scaleOf(decimal: string): number {
  const point = decimal.indexOf(".");
  return point < 0 ? 0 : decimal.length - point - 1;
}

/** Minor units of a decimal of just this scale. */
export function amountAt(decimal: string, scale: number): bigint | undefined {
  if (scale > MAX_MINOR_UNIT || scaleOf(decimal) !== scale) return undefined;
  return parseAmount(decimal, scale);
}

/** Zero is a credit. */
export function sideOf(amount: bigint): string {
  return amount < 0n ? "DBIT" : "CRDT";
}
