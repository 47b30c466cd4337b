/** What the codes in a record mean, and what a person can do. Each code of the domain has its words. */
import {
  DEADLINE_EXCEEDED,
  LEASE_EXPIRED,
  LEASE_LATE,
  UNKNOWN_ON_REPLICA,
  type ErrorCode,
  type FailedRequest,
} from "../../functions/domain/statement-request.ts";
import type { RetryableCode } from "../../functions/domain/failure.ts";

export interface ErrorWords {
  readonly means: string;
  readonly todo: string;
}

/** Why a request has failed. */
const FAILURES: Readonly<Record<ErrorCode, ErrorWords>> = {
  unknown_customer: {
    means: "the account view has no account of this customer",
    todo: "Check the id with the sender; a retry helps only once the bank knows the customer.",
  },
  unsupported_database: {
    means: "the database cannot run the statement's queries as they are",
    todo:
      "See the error's number in the record; `statements doctor` tries the same queries. Change the " +
      "views, or use a database of the list in infra/README.md, then retry.",
  },
  invalid_amount: {
    means: "an amount has more decimals than its currency, or more digits than camt.053 holds",
    todo: "Mend the row in the bank's database, then retry; or ask anew without camt.053.",
  },
  invalid_value: {
    means:
      "a value has not the form of its column: a text that is not UTF-8 (a binary column), no date, " +
      "nothing where there must be something, a row beyond 4 MiB, or an account's id that no reader takes",
    todo:
      "The record names the column and the row's position in the statement, never the value. Convert the " +
      "column in the view (`CONVERT(… USING utf8mb4)`, `CAST(… AS DATE)`), then retry.",
  },
  booking_order: {
    means:
      "bookings of earlier or later days lie between the rows of an account, with more rows behind them " +
      "than BOOKING_ORDER_ROWS",
    todo: "Raise BOOKING_ORDER_ROWS of the builder, as far as its database may be read for one balance, then retry.",
  },
  balance_mismatch: {
    means:
      "opening + credits - debits is not the closing balance: the bank's rows contradict its balances",
    todo: "Have the bank's team look at the customer's rows of this period, then retry.",
  },
  proof_mismatch: {
    means: "the rows that were streamed are not those that were counted in the same snapshot",
    todo: "Check that the views read transactional (InnoDB) tables without side effects, then retry.",
  },
  key_taken: {
    means: "objects of other requests had this name and the ten after it",
    todo: "See who else writes below the prefix, then retry.",
  },
  object_damaged: {
    means: "an object of this request lies in the bucket and is not a whole statement",
    todo: "Move the object out of the way (`statements show` names it), then retry: a retry finds it again as long as it is there.",
  },
  too_large: {
    means: "two attempts in a row ran out of time",
    todo: "Install the component jobs with OVERSIZED_ROWS, or raise BUILD_DEADLINE_SECONDS, then retry.",
  },
  retries_exhausted: {
    means: "every attempt failed, or lost its builder, until none was left",
    todo: "Find the cause in the builder's log, mend it, then retry.",
  },
};

/** Also of a code that only a later version knows. */
export function wordsOfFailure(code: string): ErrorWords {
  const words: Readonly<Record<string, ErrorWords | undefined>> = FAILURES;
  return words[code] ?? OF_A_LATER_VERSION;
}

const OF_A_LATER_VERSION: ErrorWords = {
  means: "this version of the tool does not know the code",
  todo: "Use the tool of the version that built it.",
};

/** Why an open request went back to pending; what else stands there came with a hand-over. */
const LAST_ERRORS: Readonly<
  Record<RetryableCode | typeof LEASE_EXPIRED | "oversized" | "cancel_requested", string>
> = {
  database_unavailable: "the database did not answer",
  database_error: "the database answered with an error that may pass",
  database_refused:
    "the database refuses what only an operator can change: a login, a right, a limit or a view; " +
    "`statements doctor` names it",
  database_behind:
    "the database's watermark is older than MAX_STALENESS_SECONDS: a replica that lags, or a load that hangs",
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
  cancel_requested: "it was stopped because cancellation was requested",
  oversized: "it has too many rows for the service and was handed to a Job",
};

/** `lastError` is a code, and behind a colon what there is to say about it. */
export function wordsOfLastError(lastError: string): string {
  const [code = ""] = lastError.split(":");
  const words: Readonly<Record<string, string | undefined>> = LAST_ERRORS;
  return words[code] ?? "its builder had to go and gave it back unharmed";
}

/** Where and what, of a request that failed: `description, row 17`. */
export function detailOf({ errorCode, lastError }: FailedRequest): string | undefined {
  const prefix = `${errorCode}: `;
  return lastError?.startsWith(prefix) ? lastError.slice(prefix.length) : undefined;
}
