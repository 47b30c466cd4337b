/** What the codes in a record mean, and what a person can do. Each code of the domain has its words. */
import {
  DEADLINE_EXCEEDED,
  LEASE_EXPIRED,
  LEASE_LATE,
  UNKNOWN_ON_REPLICA,
} from "../../../functions/domain/last-error.ts";
import { type FailedRequest } from "../../../functions/domain/statement-request.ts";
import {
  ERROR_CODES,
  meaningOf,
  type ErrorCode,
  type RetryableCode,
} from "../../../functions/domain/failure.ts";

export interface ErrorWords {
  readonly means: string;
  readonly todo: string;
}

/** Why a request has failed stands in the domain; this is what to do about it. */
const TODO: Readonly<Record<ErrorCode, string>> = {
  unknown_customer:
    "Check the id with the sender; a retry helps only once the bank knows the customer.",
  unsupported_database:
    "See the error's number in the record; `statements doctor` tries the same queries. Change the " +
    "views, or use a database of the list in infra/databases-and-stores.md, then retry.",
  invalid_amount:
    "Mend the row in the bank's database, or raise CURRENCY_DECIMALS of a currency to which ISO 4217 gives no minor unit, " +
    "then retry; where the record says camt.053, ask anew without it.",
  invalid_value:
    "The record names the column and the row's position in the statement, never the value. Convert the " +
    "column in the view (`CONVERT(… USING utf8mb4)`, `CAST(… AS DATE)`), then retry.",
  booking_order:
    "Raise BOOKING_ORDER_ROWS of the builder, as far as its database may be read for one balance, then retry.",
  balance_mismatch:
    "Have the bank's team look at the rows of this period, of the account that the record names by its place, then retry.",
  proof_mismatch:
    "Where the record names a row, have the account view list its account, in its currency. Else check that the views " +
    "read transactional (InnoDB) tables without side effects. Then retry.",
  key_taken: "See who else writes below the prefix, then retry.",
  object_damaged:
    "Move the object out of the way (`statements show` names it), then retry: a retry finds it again as long as it is there.",
  too_large:
    "Install the component jobs with OVERSIZED_ROWS, or raise BUILD_DEADLINE_SECONDS, then retry.",
  retries_exhausted: "Find the cause in the builder's log, mend it, then retry.",
};

/** Also of a code that only a later version knows. */
export function wordsOfFailure(code: string): ErrorWords {
  const todo: Readonly<Record<string, string | undefined>> = TODO;
  return { means: meaningOf(code), todo: todo[code] ?? TODO_OF_A_LATER_VERSION };
}

const TODO_OF_A_LATER_VERSION = "Use the tool of the version that built it.";

/** Why an open request went back to pending; where its file may still arrive, a failure's code stands there too. */
const LAST_ERRORS: Readonly<
  Record<
    | RetryableCode
    | typeof LEASE_EXPIRED
    | "oversized"
    | "cancel_requested"
    | "client_disconnected"
    | "shutting_down",
    string
  >
> = {
  database_unavailable: "the database did not answer",
  database_error: "the database answered with an error that may pass",
  database_refused:
    "the database refuses what only an operator can change: a login, a right, a limit or a view; " +
    "`statements doctor` names it",
  database_behind:
    "the database's data ends before the period does, or is older than MAX_STALENESS_SECONDS: a replica that lags, " +
    "or a load that hangs",
  [UNKNOWN_ON_REPLICA]:
    "the replica does not know the customer, who may be new: it is asked again, and believed in the end",
  store_not_create_only:
    "the store does not know If-None-Match and would overwrite statements: use one that does",
  storage_unavailable: "the store did not do what it was asked",
  [DEADLINE_EXCEEDED]: "the build ran out of time",
  publish_conflict: "the upload met another one of the same name",
  publish_unknown: "nobody could say whether the upload had arrived",
  deflate_mismatch:
    "zlib did not read back what the table deflate wrote; the next attempt uses zlib",
  internal: "the builder met an error that it does not know; its log has it",
  [LEASE_EXPIRED]:
    "its builder was not heard of until the lease ran out: it is gone, or was too slow to say so",
  [LEASE_LATE]:
    "its builder lived but could not renew its lease in time: too little CPU, or the ledger did not answer",
  client_disconnected:
    "whoever had called its builder hung up before it was done: it was given back unharmed",
  shutting_down: "its builder had to go and gave it back unharmed",
  cancel_requested: "it was stopped because cancellation was requested",
  oversized: "it has too many rows for the service and was handed to a Job",
};

/** All that can be the reason of a request, as far as this version knows. */
export const REASONS: readonly string[] = [...ERROR_CODES, ...Object.keys(LAST_ERRORS)];

/** `lastError` is a code, and behind a colon what there is to say about it. */
export function wordsOfLastError(lastError: string): string {
  const [code = ""] = lastError.split(":");
  const words: Readonly<Record<string, string | undefined>> = LAST_ERRORS;
  return words[code] ?? meaningOf(code);
}

/** Where and what, of a request that failed: `description, row 17`. */
export function detailOf({ errorCode, lastError }: FailedRequest): string | undefined {
  const prefix = `${errorCode}: `;
  return lastError?.startsWith(prefix) ? lastError.slice(prefix.length) : undefined;
}
