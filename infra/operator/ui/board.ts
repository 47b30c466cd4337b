/** The requests as the page lists them: how many there are of each state, and the newest in full. */
import { basename } from "node:path";
import { shareDone } from "../../../functions/domain/build-progress.ts";
import {
  endedAt,
  isFinal,
  REQUEST_STATES,
  type RequestStatus,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { wordsOfFailure, wordsOfLastError } from "../words/error-words.ts";
import { describeEnd, describeProgress } from "../words/record-view.ts";
import type { Followed, FollowedLedger, Step } from "./followed-ledger.ts";

export interface BoardFilter {
  readonly state?: RequestStatus | undefined;
  /** Part of a request's name, and so of a customer's id. */
  readonly text: string;
  /** One alone: its whole name. */
  readonly name: string | undefined;
  readonly limit: number;
}

export interface Board {
  /** Of all there are. */
  readonly totals: Counts;
  /** Of those that match the text, whatever their state. */
  readonly counts: Counts;
  /** Of those that match the whole filter. */
  readonly matching: number;
  /** Newest first. */
  readonly rows: readonly Row[];
  /** Whether more of them are shown to whoever asks for more. */
  readonly hasMore: boolean;
  /** Older ones, which no filter finds but that of a whole name. */
  readonly older: number;
}

type Counts = Readonly<Record<RequestStatus, number>>;

export interface Row {
  readonly name: string;
  readonly status: RequestStatus;
  readonly customerId: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly timeZone: string;
  readonly askedBy: string;
  /** Milliseconds since the epoch. */
  readonly recordedAt: number;
  readonly endedAt: number | undefined;
  readonly steps: readonly Step[];
  readonly attempt: number;
  /** In words: rows and bytes of a file, how far a build is, why it failed, why it waits. */
  readonly result: string;
  /** What a person can do about it. */
  readonly advice: string | undefined;
  /** How much of the file at hand is built, between 0 and 1. */
  readonly share: number | undefined;
  readonly nextAttemptAt: number | undefined;
  readonly isCancelling: boolean;
  /** Name of the zip, once it lies in the bucket. */
  readonly file: string | undefined;
}

/** More than anybody looks through; a filter finds the others. */
const MOST_ROWS = 500;

/** From an address's query; what makes no sense there is left out. */
export function readFilter(query: URLSearchParams): BoardFilter {
  const limit = Math.trunc(Number(query.get("limit")));
  return {
    state: REQUEST_STATES.find((one) => one === query.get("state")),
    text: (query.get("text") ?? "").trim().toLowerCase(),
    name: query.get("request") ?? undefined,
    limit: limit >= 1 ? Math.min(limit, MOST_ROWS) : 20,
  };
}

export type Shown = Pick<FollowedLedger, "requests" | "others">;

export function makeBoard({ requests, others }: Shown, filter: BoardFilter): Board {
  const totals = { pending: 0, processing: 0, executed: 0, failed: 0, cancelled: 0 };
  const counts = { ...totals };
  const matching: Followed[] = [];
  for (const status of others.values()) totals[status] += 1;
  for (const one of requests.values()) {
    const { status, facts } = one.request;
    const { name, customerId } = facts;
    totals[status] += 1;
    if (!name.includes(filter.text) && !customerId.toLowerCase().includes(filter.text)) continue;
    if (filter.name !== undefined && filter.name !== name) continue;
    counts[status] += 1;
    if (filter.state === undefined || filter.state === status) matching.push(one);
  }
  const newestFirst = matching.sort(
    (a, b) => b.request.facts.recordedAt - a.request.facts.recordedAt,
  );
  const rows = newestFirst.slice(0, filter.limit).map(toRow);
  const hasMore = rows.length < Math.min(matching.length, MOST_ROWS);
  return { totals, counts, matching: matching.length, rows, hasMore, older: others.size };
}

function toRow({ request, steps }: Followed): Row {
  const { status, attempt, facts } = request;
  const { name, customerId, startDate, endDate, timeZone, recordedAt } = facts;
  return {
    name,
    status,
    customerId,
    startDate,
    endDate,
    timeZone,
    recordedAt,
    attempt,
    steps,
    askedBy: facts.event.source,
    endedAt: isFinal(request) ? endedAt(request) : undefined,
    result: resultOf(request),
    advice: status === "failed" ? wordsOfFailure(request.errorCode).todo : undefined,
    share: status === "processing" && request.progress ? shareDone(request.progress) : undefined,
    nextAttemptAt: status === "pending" ? request.nextAttemptAt : undefined,
    isCancelling: !isFinal(request) && request.cancelRequestedAt !== undefined,
    file: status === "executed" ? basename(request.object.key) : undefined,
  };
}

function resultOf(request: StatementRequest): string {
  if (request.status === "failed") {
    return `${request.errorCode}: ${wordsOfFailure(request.errorCode).means}.`;
  }
  if (isFinal(request)) return describeEnd(request);
  if (request.status === "processing" && request.progress) {
    const words = describeProgress(request.progress);
    return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
  }
  const { lastError } = request;
  return lastError === undefined ? "" : `${lastError}: ${wordsOfLastError(lastError)}.`;
}
