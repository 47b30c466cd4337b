/** What is told over HTTP of how a request stands, by request-intake and by status-api. */
import * as z from "zod";
import { msLeft } from "../../domain/build-progress.ts";
import { meaningOf } from "../../domain/failure.ts";
import { RECORD_PREFIX } from "../../domain/record-name.ts";
import {
  callbackHost,
  CALLBACK_STATES,
  callbackUrlOf,
  isLeftAlone,
} from "../../domain/outcome/callback.ts";
import {
  endedAt,
  isFinal,
  REQUEST_STATES,
  type FinalRequest,
  type StatementRequest,
} from "../../domain/statement-request.ts";

/** Below it each request has its own path. */
export const REQUESTS_PATH = "/requests";

/** What may be the name of a record; anything else is that of none, and not asked for. */
export const RECORD = new RegExp(`^${RECORD_PREFIX}[a-z0-9.-]{1,230}$`);

const time = (description: string) =>
  z.string().meta({ description: `${description} RFC 3339 in UTC.`, format: "date-time" });
const count = (description: string) => z.int().min(0).meta({ description });

/** Where nothing tells senders and their sources apart the first two fields alone are told. */
export const requestStatus = z.object({
  request_id: z.string().meta({ description: "Name of the record, as the answer to POST has it." }),
  status: z.enum(REQUEST_STATES),
  customer_id: z.string().optional(),
  start_date: z.string().optional(),
  end_date: z.string().optional(),
  time_zone: z.string().optional(),
  attempt: count("How often a builder has taken it.").optional(),
  recorded_at: time("When it was recorded.").optional(),
  cancel_requested_at: time("When cancellation was requested.").optional(),
  ended_at: time("When it was executed, failed or cancelled.").optional(),
  next_step_at: time(
    "Pending: the next attempt is not made before. Processing: its builder renews its lease by then, or another takes over.",
  ).optional(),
  progress: z
    .object({
      phase: z.string().meta({ description: "The step, or the file that is being written." }),
      rows: count("Rows of the database that have come for it."),
      rows_counted: count("How many will come.").optional(),
      bytes_sent: count("Bytes that the store has."),
      rows_per_second: count("Since the renewal before."),
      at: time("As of the builder's last renewal."),
    })
    .optional(),
  error: z
    .object({
      code: z.string().meta({ description: "As in the event `failed`." }),
      means: z.string().meta({ description: "The code in words." }),
    })
    .optional(),
  callback: z
    .object({
      state: z.enum(CALLBACK_STATES).meta({
        description:
          "`owed` until the request has ended and its receiver has taken the outcome, `given-up` when nobody tries any more.",
      }),
      host: z.string().meta({ description: "Of `callback_url`, with the port." }),
      attempts: count("How often it was tried."),
      tried_at: time("When it was tried last; absent while its host is left alone.").optional(),
      next_at: time("Not tried again before.").optional(),
      error: z
        .string()
        .optional()
        .meta({ description: "Why the receiver has not taken it, as a code such as `http_503`." }),
    })
    .optional()
    .meta({ description: "Of a request with `callback_url`." }),
  statement: z
    .object({
      bucket: z.string(),
      key: z.string(),
      rows: count("Rows of transactions.csv without its header."),
      bytes: count("Size of the zip."),
      sha256: z.string().meta({ description: "SHA-256 of the zip, lower-case hex." }),
      as_of: time("Instant of the database snapshot."),
    })
    .optional()
    .meta({
      description: "Of an executed request, as its manifest has it; amounts are in the file alone.",
    }),
});
export type RequestStatusBody = z.output<typeof requestStatus>;

/** As long as the next step takes, within what is fair to both sides. */
const SOONEST_MS = 2_000;
const LATEST_MS = 60_000;

/** Milliseconds until it makes sense to look again; undefined where nothing more will change. */
export function againIn(request: StatementRequest, now: number): number | undefined {
  if (isFinal(request)) return undefined;
  const ms =
    request.status === "pending"
      ? request.nextAttemptAt - now
      : ((request.progress && msLeft(request.progress)) ?? 0);
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, ms));
}

export function statusOf(request: StatementRequest): RequestStatusBody {
  const { facts, status, attempt, cancelRequestedAt } = request;
  return {
    request_id: facts.name,
    status,
    customer_id: facts.customerId,
    start_date: facts.startDate,
    end_date: facts.endDate,
    time_zone: facts.timeZone,
    attempt,
    recorded_at: iso(facts.recordedAt),
    ...(cancelRequestedAt !== undefined && { cancel_requested_at: iso(cancelRequestedAt) }),
    ...(isFinal(request)
      ? { ended_at: iso(endedAt(request)), ...resultOf(request) }
      : nextOf(request)),
    ...callbackOf(request),
  };
}

/** Of the address the host alone: the rest may hold a key. */
function callbackOf(request: StatementRequest): Pick<RequestStatusBody, "callback"> {
  const url = callbackUrlOf(request.facts);
  if (url === undefined) return {};
  const host = callbackHost(url);
  const { callback, announced } = isFinal(request) ? request : {};
  // Announced by a version that called nobody.
  if (!callback) return { callback: { state: announced ? "given-up" : "owed", host, attempts: 0 } };
  const { state, attempts, triedAt, nextAt, error } = callback;
  return {
    callback: {
      ...{ state, host, attempts },
      ...(!isLeftAlone(callback) && { tried_at: iso(triedAt) }),
      ...(nextAt !== undefined && { next_at: iso(nextAt) }),
      ...(error !== undefined && { error }),
    },
  };
}

function nextOf(request: Exclude<StatementRequest, FinalRequest>): Partial<RequestStatusBody> {
  if (request.status === "pending") return { next_step_at: iso(request.nextAttemptAt) };
  const { progress, leaseExpiresAt } = request;
  if (!progress) return { next_step_at: iso(leaseExpiresAt) };
  const { phase, rows, rowsCounted, bytesSent, rowsPerSecond, at } = progress;
  return {
    next_step_at: iso(leaseExpiresAt),
    progress: {
      phase,
      rows,
      ...(rowsCounted !== undefined && { rows_counted: rowsCounted }),
      bytes_sent: bytesSent,
      rows_per_second: rowsPerSecond,
      at: iso(at),
    },
  };
}

function resultOf(request: FinalRequest): Pick<RequestStatusBody, "statement" | "error"> {
  if (request.status === "executed") {
    const { object, rows, bytes, sha256, asOf } = request;
    return { statement: { ...object, rows, bytes, sha256, as_of: iso(asOf) } };
  }
  if (request.status === "cancelled") return {};
  const { errorCode: code } = request;
  return { error: { code, means: meaningOf(code) } };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
