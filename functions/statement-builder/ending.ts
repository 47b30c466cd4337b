/**
 * How a claim ends, and what that makes of the record. Every surprise of the work becomes one of
 * these values here, so that the story in `handler.ts` has no other way out.
 */
import { abortCause } from "../platform/http/request-aborted.ts";
import type { Deadline } from "../platform/limits/deadline.ts";
import { LedgerUnavailable } from "../platform/ledger/ledger-unavailable.ts";
import { DEADLINE_EXCEEDED, LEASE_LATE } from "../domain/last-error.ts";
import {
  cancel,
  execute,
  fail,
  handOver,
  oversize,
  retry,
  type ObjectLocation,
  type ProcessingRequest,
  type Release,
  type StatementRequest,
  type StatementResult,
} from "../domain/statement-request.ts";
import { RetryableError, StatementFailure, type ErrorCode } from "../domain/failure.ts";
import { CancelRequested, LeaseLate, LeaseLost } from "./lease.ts";
import { random } from "../platform/clock/clock.ts";

export type Ending =
  | { readonly kind: "executed"; readonly object: ObjectLocation; readonly result: StatementResult }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly detail?: string | undefined }
  | { readonly kind: "cancelled" }
  /** Too many rows for the service; the Job lane takes it. */
  | { readonly kind: "oversized" }
  | {
      readonly kind: "retry";
      readonly code: string;
      readonly detail?: string | undefined;
      readonly waitMs?: number | undefined;
    }
  /** Given back unharmed: whoever waited has gone, or the process must go. */
  | { readonly kind: "handed-over"; readonly reason: string }
  /** The record is somebody else's now: write nothing. */
  | { readonly kind: "lost" };

/** What may have stopped the work. */
export interface Stops {
  /** Client disconnect or end of the drain. */
  readonly request: AbortSignal;
  readonly lease: AbortSignal;
  readonly deadline: Pick<Deadline, "passed">;
}

/**
 * @throws LedgerUnavailable and whatever else only a repeated event can cure: the record then stays
 * as it is until its lease expires.
 * @param object whether an object of this request may be in the bucket, or still land there
 */
export function endingOf(
  error: unknown,
  { request, lease, deadline }: Stops,
  object: { readonly mayBeThere: boolean },
): Ending {
  // Whatever broke after a signal broke because of it.
  if (lease.aborted) return leaseEnding(lease.reason, object.mayBeThere);
  const cause = abortCause(request);
  if (cause) return { kind: "handed-over", reason: cause };
  if (deadline.passed) return { kind: "retry", code: DEADLINE_EXCEEDED };
  if (error instanceof LeaseLost) return leaseEnding(error, object.mayBeThere);
  if (error instanceof LedgerUnavailable) throw error;
  if (error instanceof StatementFailure) {
    // A file that lands after all would contradict the end; a damaged one is there already.
    const mayLand = object.mayBeThere && error.code !== "object_damaged";
    return { kind: mayLand ? "retry" : "failed", code: error.code, detail: error.detail };
  }
  if (error instanceof RetryableError) {
    return { kind: "retry", code: error.code, detail: error.detail, waitMs: error.waitMs };
  }
  return { kind: "retry", code: "internal" };
}

function leaseEnding(reason: unknown, mayBeThere: boolean): Ending {
  if (reason instanceof CancelRequested) {
    // Otherwise the claim that follows waits until nothing can land any more, looks, and then cancels.
    return mayBeThere ? { kind: "handed-over", reason: "cancel_requested" } : { kind: "cancelled" };
  }
  // As long as nobody has claimed the record, it can be said there that this builder was slow, not gone.
  return reason instanceof LeaseLate ? { kind: "retry", code: LEASE_LATE } : { kind: "lost" };
}

export interface RetrySettings {
  readonly maxFailures: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

/** What takes hours rather than seconds: a person's doing, or a replica's. */
const PATIENT: readonly string[] = ["database_refused", "database_behind", "store_not_create_only"];

/** The record after this ending. */
export function moveTo(
  ending: Exclude<Ending, { kind: "lost" }>,
  request: ProcessingRequest,
  release: Release,
  settings: RetrySettings,
): StatementRequest {
  switch (ending.kind) {
    case "executed":
      return execute(request, ending.object, ending.result, release.now);
    case "failed":
      return fail(request, ending.code, release.now, ending.detail && lastError(ending));
    case "cancelled":
      return cancel(request, release.now);
    case "oversized":
      return oversize(request, release);
    case "handed-over":
      return handOver(request, ending.reason, release);
    case "retry":
      return retry(request, lastError(ending), release, {
        patient: PATIENT.includes(ending.code),
        waitMs: ending.waitMs,
        baseMs: settings.retryBaseMs,
        maxMs: settings.retryMaxMs,
        maxFailures: settings.maxFailures,
        random: random(),
      });
  }
}

/** A code, and what there is to say about it. */
function lastError({ code, detail }: Extract<Ending, { kind: "failed" | "retry" }>): string {
  return detail === undefined ? code : `${code}: ${detail}`;
}
