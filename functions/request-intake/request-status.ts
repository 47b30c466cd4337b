/**
 * What a sender can ask of a request over HTTP: how it stands, and when to look again. One record is
 * read by its name, or by the index of its event; nothing is listed, so nobody's place in the queue is known.
 */
import * as z from "zod";
import { msLeft } from "../domain/build-progress.ts";
import { meaningOf } from "../domain/failure.ts";
import {
  isFinal,
  REQUEST_STATES,
  type FinalRequest,
  type StatementRequest,
} from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { Read, ReadAnswer, ReadRoute } from "../platform/server/read-route.ts";
import { isAllowedSource, type AllowedSource } from "./allowed-sources.ts";
import type { RequestRecorder } from "./record-request.ts";

const time = (description: string) =>
  z.string().meta({ description: `${description} RFC 3339 in UTC.`, format: "date-time" });
const count = (description: string) => z.int().min(0).meta({ description });

/** The answer's body; without tokens to tell senders apart it holds the first two fields alone. */
export const requestStatus = z.object({
  request_id: z.string().meta({ description: "Name of the record, as the answer to POST has it." }),
  status: z.enum(REQUEST_STATES),
  customer_id: z.string().optional(),
  start_date: z.string().optional(),
  end_date: z.string().optional(),
  time_zone: z.string().optional(),
  attempt: count("How often a builder has taken it.").optional(),
  recorded_at: time("When it was recorded.").optional(),
  cancel_requested_at: time("When its end was asked for.").optional(),
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
type StatusBody = z.output<typeof requestStatus>;

export interface RequestStatusOptions {
  readonly ledger: Pick<Ledger, "read">;
  readonly recorder: Pick<RequestRecorder, "recordOf">;
  readonly allowedSources: readonly AllowedSource[] | undefined;
  readonly senders: readonly string[] | undefined;
  readonly now: () => number;
}

/** Below `/requests`. Names that are no request's, or another sender's, are not told apart. */
export const REQUESTS_PATH = "/requests";

export function locationOf(name: string): string {
  return `${REQUESTS_PATH}/${name}`;
}

const RECORD = /^transaction-request-[a-z0-9.-]{1,230}$/;

export function makeStatusRoute(options: RequestStatusOptions): ReadRoute {
  const { ledger, recorder, allowedSources, senders, now } = options;
  const mayAsk = (source: string, sender: string | undefined): boolean =>
    sender === undefined ||
    allowedSources === undefined ||
    isAllowedSource(allowedSources, source, sender);

  async function find({ name, query }: Read, signal: AbortSignal) {
    if (name !== undefined)
      return RECORD.test(name) ? (await ledger.read(name, signal))?.request : undefined;
    const source = query.get("source") ?? "";
    const id = query.get("id") ?? "";
    const recording = await recorder.recordOf({ source, id }, signal);
    return recording.kind === "recorded" ? recording.request : undefined;
  }

  return {
    senders,
    async handle(read, { signal, sender }): Promise<ReadAnswer> {
      const missing = ["source", "id"].filter((one) => !read.query.get(one));
      if (read.name === undefined && missing.length > 0) {
        const problems = missing.map((field) => ({ field, code: "required" }));
        return { kind: "invalid", problems };
      }
      const request = await find(read, signal);
      if (!request || !mayAsk(request.facts.event.source, sender)) return { kind: "absent" };
      const state = { request_id: request.facts.name, status: request.status };
      const body = sender === undefined ? state : statusOf(request);
      return { kind: "found", body, againInMs: againIn(request, now()) };
    },
  };
}

/** As long as the next step takes, within what is fair to both sides. */
const SOONEST_MS = 2_000;
const LATEST_MS = 60_000;

function againIn(request: StatementRequest, now: number): number | undefined {
  if (isFinal(request)) return undefined;
  const ms =
    request.status === "pending"
      ? request.nextAttemptAt - now
      : ((request.progress && msLeft(request.progress)) ?? 0);
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, ms));
}

function statusOf(request: StatementRequest): StatusBody {
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
    ...(isFinal(request) ? endOf(request) : nextOf(request)),
  };
}

function nextOf(request: Exclude<StatementRequest, FinalRequest>): Partial<StatusBody> {
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

function endOf(request: FinalRequest): Partial<StatusBody> {
  switch (request.status) {
    case "executed": {
      const { object, rows, bytes, sha256, asOf, executedAt } = request;
      const statement = { ...object, rows, bytes, sha256, as_of: iso(asOf) };
      return { ended_at: iso(executedAt), statement };
    }
    case "failed": {
      const { errorCode: code, failedAt } = request;
      return { ended_at: iso(failedAt), error: { code, means: meaningOf(code) } };
    }
    case "cancelled":
      return { ended_at: iso(request.cancelledAt) };
  }
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
