/**
 * How each column of a line is written, from the table of columns, as two arrays of small integers:
 * driven by these a line costs no more than written out by hand.
 */
import { COLUMNS, propertyOf, ROW, type Column } from "../../domain/columns.ts";

/** What writes a value. */
export const WRITE = {
  /** The value as it is. */
  raw: 0,
  /** Quoted where it must be. */
  plain: 1,
  /** The same, guarded against formulas. */
  text: 2,
  /** A text of which only the last four characters show. */
  masked: 3,
  instant: 4,
  /** CRDT or DBIT, by the sign of an amount. */
  side: 5,
  /** At the account's scale, and added to its sums. */
  amount: 6,
  /** At the account's scale, and remembered as its last. */
  balance: 7,
  /** At the account's scale. */
  decimal: 8,
  /** The line's number. */
  line: 9,
} as const;

export interface LinePlan {
  /** By column, one of `WRITE`. */
  readonly writes: Uint8Array;
  /** By column, where the value that it is written from stands in the row. */
  readonly places: Uint8Array;
}

/** @param masked whether columns that may be masked are */
export function linePlan(masked: boolean): LinePlan {
  const columns: readonly Column[] = COLUMNS;
  return {
    writes: Uint8Array.from(columns, (column) => WRITE[writerOf(column, masked)]),
    places: Uint8Array.from(columns, ({ name }) => placeOf(name)),
  };
}

function placeOf(name: string): number {
  // The side follows from the amount, the number of a line from nothing in the row.
  if (name === "credit_debit") return ROW.amount;
  return (ROW as Readonly<Record<string, number>>)[propertyOf(name)] ?? 0;
}

function writerOf(column: Column, masked: boolean): keyof typeof WRITE {
  switch (column.kind) {
    case "integer":
      return "line";
    case "id":
    case "currency":
      return "plain";
    case "date":
      return "raw";
    case "instant":
      return "instant";
    case "enum":
      return column.name === "credit_debit" ? "side" : "raw";
    case "amount":
      if (column.name === "amount") return "amount";
      return column.name === "balance_after" ? "balance" : "decimal";
    case "text":
      return masked && column.masked ? "masked" : "text";
  }
}
