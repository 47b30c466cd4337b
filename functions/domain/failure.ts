import type { ErrorCode, UNKNOWN_ON_REPLICA } from "./statement-request.ts";

/**
 * What stands in the record behind the code: an error's number, a column and a row's position.
 * Never a value of the customer's.
 */
interface FailureOptions extends ErrorOptions {
  readonly detail?: string | undefined;
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

  constructor(code: RetryableCode, message: string, { detail, ...options }: FailureOptions = {}) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}
