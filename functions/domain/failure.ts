/** Endings without a file, and errors that may pass: what a build throws, and what the record says of it. */
import type { UNKNOWN_ON_REPLICA } from "./last-error.ts";

/** Why a request ended without a file; no retry can cure these. */
export const ERROR_CODES = [
  "unknown_customer",
  "unsupported_database",
  "invalid_amount",
  "invalid_value",
  "balance_mismatch",
  "booking_order",
  "proof_mismatch",
  "key_taken",
  "object_damaged",
  "too_large",
  "retries_exhausted",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * What stands in the record behind the code: an error's number, a column and a row's position.
 * Never a value of the customer's.
 */
interface FailureOptions extends ErrorOptions {
  readonly detail?: string | undefined;
}

interface RetryOptions extends FailureOptions {
  /** Before that it can only fail again, as far as one can tell. */
  readonly waitMs?: number | undefined;
}

/** An ending no retry can cure: the request becomes `failed` with this code. */
export class StatementFailure extends Error {
  override readonly name = "StatementFailure";
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, { detail, ...options }: FailureOptions = {}) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** What the table deflate wrote does not inflate to what it was given: zlib is used from then on. */
export const DEFLATE_MISMATCH = "deflate_mismatch";

/** Codes of what may pass by itself; they stand in the record's `last_error`. */
export type RetryableCode =
  | "database_unavailable"
  | "database_error"
  | "database_refused"
  | "database_behind"
  | typeof UNKNOWN_ON_REPLICA
  | "storage_unavailable"
  | "store_not_create_only"
  | "deadline_exceeded"
  | "publish_conflict"
  | "publish_unknown"
  | typeof DEFLATE_MISMATCH
  | "lease_late"
  | "internal";

/** A failure worth another attempt: the request goes back to `pending`. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  readonly code: RetryableCode;
  readonly detail: string | undefined;
  readonly waitMs: number | undefined;

  constructor(
    code: RetryableCode,
    message: string,
    { detail, waitMs, ...options }: RetryOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.detail = detail;
    this.waitMs = waitMs;
  }
}

/** What each code of a failed request means, for whoever asked and for the operator alike. */
const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  unknown_customer: "the account view has no account of this customer",
  unsupported_database: "the database cannot run the statement's queries as they are",
  invalid_amount:
    "an amount has more decimals than its currency, or more digits than camt.053 holds",
  invalid_value:
    "a value does not have its column's format: a text that is not UTF-8 (a binary column), no date, " +
    "nothing where there must be something, a row beyond 4 MiB, an account's id that no reader takes, or " +
    "more accounts than a manifest of 16 MiB holds",
  booking_order:
    "bookings of earlier or later days lie between the rows of an account, with more rows behind them " +
    "than BOOKING_ORDER_ROWS",
  balance_mismatch:
    "opening + credits - debits is not the closing balance: the bank's rows contradict its balances",
  proof_mismatch:
    "the rows that were streamed are not those that were counted in the same snapshot, or one is of an account " +
    "that the account view lacks",
  key_taken: "objects of other requests had this name and the ten after it",
  object_damaged: "an object of this request lies in the bucket and is not a whole statement",
  too_large: "two attempts in a row ran out of time",
  retries_exhausted: "every attempt failed, or lost its builder, until none was left",
};

/** Also of a code that only a later version knows. */
export function meaningOf(code: string): string {
  const meanings: Readonly<Record<string, string | undefined>> = MEANINGS;
  return meanings[code] ?? "this version does not know the code";
}
