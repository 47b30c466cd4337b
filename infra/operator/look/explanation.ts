/**
 * A request in plain words. What comes next is asked of the same rule that the builder claims by,
 * so the words cannot promise anything else. Pure: the clock is an argument.
 */
import { msLeft, type BuildProgress } from "../../../functions/domain/build-progress.ts";
import {
  callbackHost,
  callbackUrlOf,
  HOST_NOT_ALLOWED,
  isLeftAlone,
} from "../../../functions/domain/outcome/callback.ts";
import { isAccepted } from "../../../functions/domain/outcome/telling.ts";
import {
  claim,
  type ClaimDecision,
  type FinalRequest,
  type OpenRequest,
  type ProcessingRequest,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import type { Act, ActName } from "../words/acts.ts";
import { dueSince } from "../words/due-since.ts";
import { formatDuration } from "../words/duration.ts";
import type { ClaimTerms } from "../session/told-variables.ts";
import { detailOf, wordsOfFailure, wordsOfLastError } from "../words/error-words.ts";
import { count } from "../words/plural.ts";
import type { QueueView } from "./queue.ts";
import { describeProgress, formatBytes } from "../words/record-view.ts";

/** As the installation has them; milliseconds. */
export interface ExplainTerms extends ClaimTerms {
  /** How the operator's tool is called for this installation. */
  readonly tool: string;
  readonly now: number;
  /** Where it stands among those that are due, where somebody has looked. */
  readonly queue?: QueueView | undefined;
  /** Why pods do not do their work, where somebody has looked. */
  readonly trouble?: readonly string[] | undefined;
  /** Of people, oldest first. */
  readonly acts?: readonly Act[];
}

export interface Explanation {
  readonly happened: readonly string[];
  readonly next: readonly string[];
}

export function explain(request: StatementRequest, terms: ExplainTerms): Explanation {
  const isOpen = request.status === "pending" || request.status === "processing";
  return {
    happened: [...beginning(request, terms), ...(isOpen ? [] : ending(request, terms))],
    next: isOpen
      ? [...nextOfOpen(request, terms), ...(terms.trouble ?? []).map((why) => `But ${why}.`)]
      : nextOfFinal(request, terms),
  };
}

/** When a person looks at it: the instant, and how long that is from now. */
function when(instant: number, now: number): string {
  const distance = formatDuration(Math.abs(instant - now));
  return `${new Date(instant).toISOString()} (${instant > now ? `in ${distance}` : `${distance} ago`})`;
}

const DONE: Readonly<Record<ActName, string>> = {
  announce: "Its outcome was owed once more",
  cancel: "Cancellation was requested",
  link: "A link to its file was made",
  replay: "Its event was replayed",
  retry: "It was put back to pending",
};

function beginning(
  request: StatementRequest,
  { now, maxFailures, acts = [] }: ExplainTerms,
): string[] {
  const { facts, attempt, failures, lastError, cancelRequestedAt } = request;
  const lines = [
    `A statement for ${facts.customerId} from ${facts.startDate} to ${facts.endDate} ` +
      `(${facts.timeZone}) was asked for by ${facts.event.source}, event ${facts.event.id}.`,
    `Recorded ${when(facts.recordedAt, now)}.`,
  ];
  if (attempt > 0) {
    lines.push(
      `${count(attempt, "attempt")} so far; ${failures} of ${maxFailures} failures used up.`,
    );
  }
  const isOfTheEnd = request.status === "failed" && detailOf(request) !== undefined;
  if (lastError !== undefined && request.status !== "executed" && !isOfTheEnd) {
    lines.push(`The last attempt ended with ${lastError}: ${wordsOfLastError(lastError)}.`);
  }
  if (cancelRequestedAt !== undefined && !isAct(cancelRequestedAt, acts)) {
    lines.push(`Cancellation was requested ${when(cancelRequestedAt, now)}.`);
  }
  for (const { act, by, at } of acts) lines.push(`${DONE[act]} by ${by} at ${at}.`);
  if (request.status === "processing" && request.progress) {
    const { progress } = request;
    lines.push(`${when(progress.at, now)} its builder was ${describeProgress(progress)}.`);
  }
  return lines;
}

/** An operator's wish is told as an act; one of status-api is none. */
function isAct(cancelRequestedAt: number, acts: readonly Act[]): boolean {
  return acts.some(
    ({ act, at }) => act === "cancel" && Math.abs(Date.parse(at) - cancelRequestedAt) < 1_000,
  );
}

function ending(request: FinalRequest, { now }: ExplainTerms): string[] {
  switch (request.status) {
    case "executed":
      return [
        `Executed ${when(request.executedAt, now)}: ${count(request.rows, "row")}, ` +
          `${formatBytes(request.bytes)}, proved on the data of ${new Date(request.asOf).toISOString()}.`,
        `It lies at s3://${request.object.bucket}/${request.object.key}.`,
      ];
    case "failed":
      return [
        `Failed ${when(request.failedAt, now)} with ${request.errorCode}: ` +
          `${wordsOfFailure(request.errorCode).means}${inBrackets(detailOf(request))}.`,
      ];
    case "cancelled":
      return [`Cancelled ${when(request.cancelledAt, now)}; there is no file.`];
  }
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? "" : ` (${text})`;
}

function nextOfFinal(request: FinalRequest, { now, tool }: ExplainTerms): string[] {
  const told = [outcomeInWords(request), ...nextOfCallback(request, now)].join(" ");
  switch (request.status) {
    case "executed":
      return [told, `${tool} download ${request.facts.name} fetches and verifies it.`];
    case "failed":
      return [told, wordsOfFailure(request.errorCode).todo];
    case "cancelled":
      return [told, "Whoever still wants it sends a new event."];
  }
}

function outcomeInWords(request: FinalRequest): string {
  if (!isAccepted(request)) {
    return (
      "The outcome event has not been accepted yet: each tick offers the request until it is. " +
      "If that lasts, look at the Broker and at the builder's log."
    );
  }
  const rest = request.announced ? "nothing more happens by itself." : "its callback is owed.";
  return `The outcome event was sent; ${rest}`;
}

function nextOfCallback(request: FinalRequest, now: number): string[] {
  const url = callbackUrlOf(request.facts);
  const { callback } = request;
  if (url === undefined || !callback) return [];
  const host = callbackHost(url);
  const tries = count(callback.attempts, "time");
  switch (callback.state) {
    case "delivered":
      return [`${host} was called back.`];
    case "given-up": {
      const mended =
        callback.error === HOST_NOT_ALLOWED ? "CALLBACK_HOSTS names it" : "its owner has mended it";
      return [
        `Calling ${host} back was given up after it was tried ${tries} (${callback.error}): ` +
          `statements announce begins anew, when ${mended}.`,
      ];
    }
    case "owed": {
      const soFar = isLeftAlone(callback)
        ? `${host} was tried ${tries}, and is left alone: it asked for time, or was silent (${callback.error})`
        : `${host} was called back ${tries} and did not take it (${callback.error})`;
      return [`${soFar}; the next time is ${when(callback.nextAt ?? now, now)}.`];
    }
  }
}

function nextOfOpen(request: OpenRequest, terms: ExplainTerms): string[] {
  if (request.status === "processing" && request.leaseExpiresAt > terms.now) {
    return nextOfHeld(request, terms);
  }
  const decision = decide(request, terms);
  switch (decision.kind) {
    case "claim":
      return nextOfClaimable(request, decision, terms);
    case "wait":
      return nextOfWaiting(request, decision.until, terms);
    case "final":
    case "other-lane":
      return [];
  }
}

/** What a builder of its lane would do with it at `now`. */
function decide(request: OpenRequest, terms: ExplainTerms, now = terms.now): ClaimDecision {
  const decision = claim(request, {
    ...terms,
    now,
    holder: "",
    object: request.object ?? { bucket: "", key: "" },
    execution: request.lane,
    publishTimeoutMs: terms.leaseMs,
  });
  if (decision.kind !== "claim" || decision.purpose !== "build") return decision;
  // A Job may claim at any time, but the scanner starts none before this.
  const until = request.status === "pending" ? request.nextAttemptAt : 0;
  return until > now ? { kind: "wait", until } : decision;
}

function nextOfHeld(request: ProcessingRequest, terms: ExplainTerms): string[] {
  const { now, clockSkewMs, leaseMs } = terms;
  const { progress } = request;
  const pod = request.holder.slice(0, request.holder.lastIndexOf("/"));
  const lines = [
    `${pod} is at work on it. Its lease holds until ${when(request.leaseExpiresAt, now)} and is renewed ` +
      "as long as it works.",
    ...estimate(progress),
    `Should it fall silent, the next builder takes over after ` +
      `${new Date(request.leaseExpiresAt + clockSkewMs).toISOString()}.`,
  ];
  if (request.cancelRequestedAt === undefined) return lines;
  // When that lease ended the record says no more.
  const earlier =
    request.attempt > 1
      ? ` or, until ${formatDuration(clockSkewMs + leaseMs)} after the earlier attempt's lease, that one's`
      : "";
  return [
    ...lines,
    "It sees this within seconds, stops and ends the request as cancelled, unless its file is out already. " +
      `While its own upload${earlier} may still arrive, it gives the request back, and the end waits for that.`,
  ];
}

/** Of the file that is being written: how long the others take nobody knows. */
function estimate(progress: BuildProgress | undefined): string[] {
  const left = progress && msLeft(progress);
  if (progress === undefined || left === undefined) return [];
  return [`If it goes on as fast, ${progress.phase} takes about ${formatDuration(left)} more.`];
}

function nextOfClaimable(
  request: OpenRequest,
  { purpose }: Extract<ClaimDecision, { kind: "claim" }>,
  { now, queue, acts = [] }: ExplainTerms,
): string[] {
  const since = dueSince(request, acts);
  const how =
    request.lane === "job"
      ? "the next tick has a Job started for it"
      : "the scanner offers it to a builder when its turn comes";
  const first =
    request.lane === "job"
      ? how
      : "the scanner offers it to a builder before those that wait to be built";
  const what = {
    build: `It has been due since ${when(since, now)}: ${how}.${queueWords(queue)}`,
    cancel: `It will be cancelled: ${first}, which ends it, unless its file is out already.`,
    "give-up": `Its failures are used up: ${how}, which ends it as failed, unless its file is out already.`,
  }[purpose];
  return [
    what,
    "If it stays like this for minutes: does the PingSource tick, and does the scanner's line of each tick " +
      "say refused or no room?",
  ];
}

/** Customers take turns, so those who wait longer are not all before it: an estimate says on what it rests. */
function queueWords(queue: QueueView | undefined): string {
  if (queue === undefined) return "";
  const { waitingLonger, ended } = queue;
  const others = count(waitingLonger, "request");
  const place = ` ${others} ${waitingLonger === 1 ? "has" : "have"} been waiting longer; customers take turns.`;
  if (ended === undefined) return place;
  const seconds = Math.max(1, Math.round(ended.ms / 1000));
  if (ended.count === 0) return `${place} None ended while this tool looked for ${seconds} s.`;
  const left = formatDuration((waitingLonger * ended.ms) / ended.count);
  return `${place} ${ended.count} ended while this tool looked for ${seconds} s; if it goes on as fast, those take ${left}.`;
}

function nextOfWaiting(request: OpenRequest, until: number, terms: ExplainTerms): string[] {
  const { now } = terms;
  const then = decide(request, terms, until);
  const purpose = then.kind === "claim" ? then.purpose : "build";
  if (purpose !== "build") {
    const end = purpose === "cancel" ? "cancelled" : "failed";
    return [
      `It does not end as ${end} before ${when(until, now)}: until then an upload of its last attempt may still arrive, ` +
        "and then it is executed. The next offer after that ends it.",
    ];
  }
  if (request.status === "processing") {
    return [
      `Its builder is gone or too slow to renew its lease; another takes over at ${when(until, now)}, when no clock can be so wrong ` +
        "that the first one still holds it.",
    ];
  }
  if (request.lane === "job") {
    return [`A Job was asked for and has not begun; another one is at ${when(until, now)}.`];
  }
  return [
    `The next attempt is at ${when(until, now)}; the tick after that offers it to a builder.`,
    "Waiting longer after each failure gives the database or the store time to come back.",
  ];
}
