/** What a row's values mean, the same on both paths from rows to lines. */
import {
  decimalsOf,
  isDecimal,
  isoMinorUnit,
  MAX_MINOR_UNIT,
  parseAmount,
} from "../../domain/money/money.ts";
import { StatementFailure } from "../../domain/failure.ts";

/**
 * Minor units. @throws StatementFailure `invalid_amount`: an amount is never rounded; `invalid_value`
 * where it is none.
 */
export function exactAmount(
  decimal: string,
  { currency, minorUnit }: { readonly currency: string; readonly minorUnit: number },
): bigint {
  const minor = parseAmount(decimal, minorUnit);
  if (minor !== undefined) return minor;
  if (!isDecimal(decimal)) throw new StatementFailure("invalid_value", "an amount is no decimal");
  throw new StatementFailure("invalid_amount", `an amount has more decimals than ${currency}`);
}

/**
 * The currency's by ISO 4217, else by the installation, else those that the view's decimals have, as
 * far as a statement has room.
 */
export function scaleOf(
  { currency, decimals }: { readonly currency: string; readonly decimals?: number | undefined },
  texts: readonly string[],
): number {
  const inView = Math.max(0, ...texts.map(decimalsOf));
  return isoMinorUnit(currency) ?? decimals ?? Math.min(inView, MAX_MINOR_UNIT);
}

const SIX_DECIMALS = /^[\d-]{10} [\d:]{8}\.\d{6}$/;

/** `2026-01-31 23:59:59.123456` of the server, in UTC, as RFC 3339 with six decimals; nothing stays so. */
export function instant(dateTime: string): string {
  if (dateTime === "") return "";
  // As the sample schema has it, and with it most.
  if (SIX_DECIMALS.test(dateTime)) return `${dateTime.slice(0, 10)}T${dateTime.slice(11)}Z`;
  const [date = "", time = ""] = dateTime.split(" ");
  const [seconds = "", fraction = ""] = time.split(".");
  return `${date}T${seconds}.${fraction.padEnd(6, "0")}Z`;
}

/** Without an opening balance there is nothing to prove a row's account with. */
export function unknownAccount(): StatementFailure {
  return new StatementFailure("proof_mismatch", "a row is of an account the account view lacks");
}
