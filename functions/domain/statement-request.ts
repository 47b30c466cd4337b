/**
 * A statement request and the moves it can make. Each request is one record of the ledger:
 *
 *   pending ──claim──▶ processing ──execute──▶ executed
 *      ▲                   │  ├─────fail─────▶ failed
 *      └──retry, hand over─┘  └────cancel────▶ cancelled
 *
 * An operator may ask for the end of an open request, and put a failed one back to pending.
 *
 * `attempt` is the fence: it grows at every claim, so two builders never act as one.
 * `failures` is the budget: only an expired lease and a retryable error use it up.
 * The functions here decide; the ledger's compare-and-swap makes a decision true or void.
 * All times are milliseconds since 1970-01-01T00:00:00Z.
 */
import { DEADLINE_EXCEEDED, LEASE_EXPIRED, LEASE_LATE, UNKNOWN_ON_REPLICA } from "./last-error.ts";
import type { ErrorCode } from "./failure.ts";
import { backoffMs, type Backoff } from "./backoff.ts";
import type { BuildProgress } from "./build-progress.ts";
import type { Callback } from "./outcome/callback.ts";
import type { PeriodDates } from "./statement-period.ts";

export const LANES = ["service", "job"] as const;
export type Lane = (typeof LANES)[number];

export const REQUEST_STATES = ["pending", "processing", "executed", "failed", "cancelled"] as const;
export type RequestStatus = (typeof REQUEST_STATES)[number];

export interface ObjectLocation {
  readonly bucket: string;
  readonly key: string;
}

/** What was asked, written once by request-intake. */
export interface RequestFacts extends PeriodDates {
  /** The record's name, `transaction-request-<customer-id>-<epoch ms>`. */
  readonly name: string;
  readonly customerId: string;
  /** The optional fields of the event as they were sent, before any default. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly event: {
    readonly source: string;
    readonly id: string;
    readonly type: string;
    /** The instant in the record's name; version 0.1.0 moved on by milliseconds where that was taken. */
    readonly time: number;
  };
  readonly recordedAt: number;
  readonly traceparent?: string | undefined;
}

/** What every state has. */
export interface CommonFields {
  /** What was asked: every move hands it on whole, and none changes it. */
  readonly facts: RequestFacts;
  readonly attempt: number;
  readonly failures: number;
  readonly lane: Lane;
  /** Fixed at the first claim, so that every attempt aims at the same key. */
  readonly object?: ObjectLocation | undefined;
  readonly cancelRequestedAt?: number | undefined;
  /** A code and, where it helps, a class of error; never a value of the customer's. */
  readonly lastError?: string | undefined;
}

export interface PendingRequest extends CommonFields {
  readonly status: "pending";
  readonly nextAttemptAt: number;
  /** End of the last lease: an upload of that attempt may still land for a while after it. */
  readonly leaseExpiresAt?: number | undefined;
}

export interface ProcessingRequest extends CommonFields {
  readonly status: "processing";
  /** `<HOSTNAME>/<UUID of this claim>`. */
  readonly holder: string;
  readonly leaseExpiresAt: number;
  readonly object: ObjectLocation;
  /** As of the last renewal; undefined before the first one. */
  readonly progress?: BuildProgress | undefined;
}

/** What the published object holds, read from its own bytes. */
export interface StatementResult {
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the zip, lower-case hex. */
  readonly sha256: string;
  /** The instant of the database snapshot. */
  readonly asOf: number;
}

/** The only fields that may change once a request is executed. */
export interface LearntLater {
  /** Whether all were told the outcome: the sink has accepted its event, and no callback is owed. */
  readonly announced: boolean;
  /** The sink has accepted it, and the callback is still owed. */
  readonly accepted?: boolean | undefined;
  readonly callback?: Callback | undefined;
  /** How often it was sent again, because a consumer was not told. */
  readonly outcomeRepeats?: number | undefined;
}

export interface ExecutedRequest extends CommonFields, StatementResult, LearntLater {
  readonly status: "executed";
  readonly object: ObjectLocation;
  readonly executedAt: number;
}

export interface FailedRequest extends CommonFields, LearntLater {
  readonly status: "failed";
  /** A later version may know more of them. */
  readonly errorCode: ErrorCode | (string & {});
  readonly failedAt: number;
}

export interface CancelledRequest extends CommonFields, LearntLater {
  readonly status: "cancelled";
  readonly cancelledAt: number;
}

export type OpenRequest = PendingRequest | ProcessingRequest;
export type FinalRequest = ExecutedRequest | FailedRequest | CancelledRequest;
export type StatementRequest = OpenRequest | FinalRequest;

export function isFinal(request: StatementRequest): request is FinalRequest {
  return request.status !== "pending" && request.status !== "processing";
}

/** When it ended, milliseconds since the epoch: its retention counts from there. */
export function endedAt(request: FinalRequest): number {
  switch (request.status) {
    case "executed":
      return request.executedAt;
    case "failed":
      return request.failedAt;
    case "cancelled":
      return request.cancelledAt;
  }
}

/** The record intake creates: owed at once. */
export function recordRequest(facts: RequestFacts): PendingRequest {
  return {
    facts,
    status: "pending",
    attempt: 0,
    failures: 0,
    lane: "service",
    nextAttemptAt: facts.recordedAt,
  };
}

// --- claim -------------------------------------------------------------------------------------

export interface ClaimTerms {
  readonly now: number;
  readonly holder: string;
  /** Where the statement goes when this is the first claim; later claims keep the first one's. */
  readonly object: ObjectLocation;
  readonly execution: Lane;
  readonly leaseMs: number;
  readonly clockSkewMs: number;
  /** How long an upload that was sent within a lease may still take to land. */
  readonly publishTimeoutMs: number;
  readonly maxFailures: number;
}

/** What a claim is for: a build, or to end a request that is cancelled or out of budget. */
export type ClaimPurpose = "build" | "cancel" | "give-up";

export type ClaimDecision =
  | {
      readonly kind: "claim";
      readonly purpose: ClaimPurpose;
      readonly request: ProcessingRequest;
      /** Until then an upload of an earlier attempt may still land, and the end of its lease. */
      readonly earlierLandsUntil: number;
      readonly earlierLeaseEndsAt: number | undefined;
    }
  | { readonly kind: "final"; readonly request: FinalRequest }
  /** Held by a live lease, waiting for its next attempt, or for an earlier upload to settle. */
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "other-lane" };

export function claim(request: StatementRequest, terms: ClaimTerms): ClaimDecision {
  if (isFinal(request)) return { kind: "final", request };
  if (request.lane === "job" && terms.execution !== "job") return { kind: "other-lane" };
  const failures = request.failures + (request.status === "processing" ? 1 : 0);
  const purpose = claimPurpose(request, failures >= terms.maxFailures);
  const until = claimableAt(request, purpose, terms);
  if (until > terms.now) return { kind: "wait", until };
  return {
    kind: "claim",
    purpose,
    earlierLandsUntil: landsUntil(request, terms),
    earlierLeaseEndsAt: request.leaseExpiresAt,
    request: {
      ...commonFields(request),
      status: "processing",
      holder: terms.holder,
      attempt: request.attempt + 1,
      failures,
      leaseExpiresAt: terms.now + terms.leaseMs,
      object: request.object ?? terms.object,
      lastError: request.status === "processing" ? LEASE_EXPIRED : request.lastError,
    },
  };
}

function claimPurpose(request: OpenRequest, exhausted: boolean): ClaimPurpose {
  if (request.cancelRequestedAt !== undefined) return "cancel";
  return exhausted ? "give-up" : "build";
}

/** An upload of the last attempt has either landed by then or cannot land any more. */
function landsUntil(
  { leaseExpiresAt }: OpenRequest,
  { clockSkewMs, publishTimeoutMs }: ClaimTerms,
): number {
  return leaseExpiresAt === undefined ? 0 : leaseExpiresAt + clockSkewMs + publishTimeoutMs;
}

/** Ending a request without a build must wait until no upload of it can land any more. */
function claimableAt(request: OpenRequest, purpose: ClaimPurpose, terms: ClaimTerms): number {
  const lease = request.leaseExpiresAt;
  const leaseOver = lease === undefined ? 0 : lease + terms.clockSkewMs;
  if (purpose !== "build") return landsUntil(request, terms);
  if (request.status === "processing") return leaseOver;
  // A Job is started for one request only: it does not wait for the tick that would start another.
  return terms.execution === "job" ? 0 : request.nextAttemptAt;
}

// --- moves of the holder -----------------------------------------------------------------------

export function renew(
  request: ProcessingRequest,
  leaseExpiresAt: number,
  progress?: BuildProgress,
): ProcessingRequest {
  return { ...request, leaseExpiresAt, progress };
}

/** The builder before this one was not gone, but too slow: it has just said so. */
export function blameSlowness(request: ProcessingRequest): ProcessingRequest {
  return { ...request, lastError: LEASE_LATE };
}

/** Another request's object has the key: aim one millisecond later. */
export function moveObject(request: ProcessingRequest, object: ObjectLocation): ProcessingRequest {
  return { ...request, object };
}

/** Also of a failed or cancelled request whose builder had published before it was given up. */
export function execute(
  request: ProcessingRequest | FailedRequest | CancelledRequest,
  object: ObjectLocation,
  result: StatementResult,
  executedAt: number,
): ExecutedRequest {
  return {
    ...commonFields(request),
    ...result,
    status: "executed",
    object,
    executedAt,
    announced: false,
    lastError: undefined,
  };
}

export function fail(
  request: ProcessingRequest,
  errorCode: ErrorCode,
  failedAt: number,
  lastError = request.lastError,
): FailedRequest {
  return {
    ...commonFields(request),
    status: "failed",
    errorCode,
    failedAt,
    announced: false,
    lastError,
  };
}

export function cancel(request: ProcessingRequest, cancelledAt: number): CancelledRequest {
  return { ...commonFields(request), status: "cancelled", cancelledAt, announced: false };
}

export interface Release {
  readonly now: number;
  /** Of the last lease under which an upload may have been sent; undefined where none can land any more. */
  readonly leaseEndsAt: number | undefined;
}

/** Given back without a failure: the process is going, or whoever waited has gone. */
export function handOver(
  request: ProcessingRequest,
  reason: string,
  release: Release,
): PendingRequest {
  return backToPending(request, release, { nextAttemptAt: release.now, lastError: reason });
}

/** How long the service waits for a Job to claim before the tick offers the request again. */
const JOB_START_MS = 5 * 60_000;

/** Too many rows for a request of the service: the Job lane builds it, and no failure is counted. */
export function oversize(request: ProcessingRequest, release: Release): PendingRequest {
  return {
    ...backToPending(request, release, {
      nextAttemptAt: release.now + JOB_START_MS,
      lastError: "oversized",
    }),
    lane: "job",
  };
}

/** A retryable failure: back to pending with a time, or failed when it can only happen again. */
export function retry(
  request: ProcessingRequest,
  error: string,
  release: Release,
  backoff: Backoff,
): PendingRequest | FailedRequest {
  if (error === DEADLINE_EXCEEDED && request.lastError === DEADLINE_EXCEEDED) {
    if (release.leaseEndsAt === undefined) return fail(request, "too_large", release.now, error);
    // A file may be there, or land: who claims it next waits until none can any more, looks, and ends it.
    const next = { nextAttemptAt: release.now, lastError: "too_large" };
    return { ...backToPending(request, release, next), failures: backoff.maxFailures };
  }
  const failures = request.failures + 1;
  return {
    ...backToPending(request, release, {
      nextAttemptAt: release.now + backoffMs(failures, backoff),
      lastError: error,
    }),
    failures,
  };
}

/** Why a request ends whose attempts are used up. */
export function codeOfGivingUp({ lastError }: ProcessingRequest): ErrorCode {
  if (lastError === "too_large") return "too_large";
  return lastError === UNKNOWN_ON_REPLICA ? "unknown_customer" : "retries_exhausted";
}

// --- moves of the operator ---------------------------------------------------------------------

/** A wish: whoever holds the request, or claims it next, ends it. The first wish stays. */
export function requestCancel<R extends OpenRequest>(request: R, cancelRequestedAt: number): R {
  return { ...request, cancelRequestedAt: request.cancelRequestedAt ?? cancelRequestedAt };
}

/**
 * A failed request is owed once more, with its whole budget: neither its failures nor its last
 * error count against it, and a wish to cancel that came too late is dropped. The object's key
 * stays, so a file that was published after all is found and adopted.
 */
export function startAgain(request: FailedRequest): PendingRequest {
  return {
    ...commonFields(request),
    status: "pending",
    failures: 0,
    // Due at once, and not by the clock of whoever's machine this is.
    nextAttemptAt: request.failedAt,
    cancelRequestedAt: undefined,
    lastError: undefined,
  };
}

function backToPending(
  request: ProcessingRequest,
  release: Release,
  next: { readonly nextAttemptAt: number; readonly lastError: string },
): PendingRequest {
  return {
    ...commonFields(request),
    ...next,
    status: "pending",
    leaseExpiresAt: release.leaseEndsAt,
  };
}

/** Everything but the fields of one state; one that is forgotten here does not compile. */
function commonFields(request: StatementRequest): Complete<CommonFields> {
  const { facts, attempt, failures, lane, object, cancelRequestedAt, lastError } = request;
  return { facts, attempt, failures, lane, object, cancelRequestedAt, lastError };
}

/** With every field named, also those that may be undefined. */
type Complete<T> = { readonly [Field in keyof Required<T>]: T[Field] };
