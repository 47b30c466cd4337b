/**
 * How each column of a line is written, from the table of columns, as two arrays of small integers:
 * driven by these a line costs no more than written out by hand.
 */
import { propertyOf, ROW, type Column } from "../../domain/columns.ts";

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
  /** The statement's own balance behind the row, at the account's scale. */
  running: 10,
} as const;

/**
 * Which balance stands in a line: the one the bank has for the row, the statement's own, which leads
 * from the opening balance in the statement's order, or none, where rows are part of no balance.
 */
export type LineBalance = "bank" | "running" | "none";

export interface LinePlan {
  readonly balance: LineBalance;
  /** Without `balance_after` where lines have no balance. */
  readonly columns: readonly Column[];
  /** By column, one of `WRITE`. */
  readonly writes: Uint8Array;
  /** By column, where the value that it is written from stands in the row. */
  readonly places: Uint8Array;
}

/** By columns, and by the rest: few, and the same for all statements of an installation. */
const plans = new WeakMap<readonly Column[], Map<string, LinePlan>>();

/**
 * @param masked whether columns that may be masked are
 * @param all that the statement has
 */
export function linePlan(masked: boolean, balance: LineBalance, all: readonly Column[]): LinePlan {
  const known = plans.get(all) ?? new Map<string, LinePlan>();
  plans.set(all, known);
  const key = `${balance} ${masked}`;
  const plan = known.get(key) ?? makePlan(masked, balance, all);
  known.set(key, plan);
  return plan;
}

function makePlan(masked: boolean, balance: LineBalance, all: readonly Column[]): LinePlan {
  const columns = all.filter(({ name }) => balance !== "none" || name !== BALANCE);
  const writerOfBalance = balance === "running" ? "running" : "balance";
  return {
    balance,
    columns,
    writes: Uint8Array.from(columns, (column) => {
      return WRITE[column.name === BALANCE ? writerOfBalance : writerOf(column, masked)];
    }),
    places: Uint8Array.from(columns, ({ name }) => placeOf(name)),
  };
}

const BALANCE = "balance_after";

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
    case "transaction_code":
      return "raw";
    case "instant":
      return "instant";
    case "enum":
      return column.name === "credit_debit" ? "side" : "raw";
    case "amount":
      return column.name === "amount" ? "amount" : "decimal";
    case "text":
      return masked && column.masked ? "masked" : "text";
  }
}
