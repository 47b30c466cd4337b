import { tellAt } from "../domain/outcome/telling.ts";
import type { ProcessingRequest, StatementRequest } from "../domain/statement-request.ts";

/** A builder holds it: it is at work, or will be taken for dead when the lease has expired. */
export function isLive(request: StatementRequest, now: number): request is ProcessingRequest {
  return request.status === "processing" && request.leaseExpiresAt > now;
}

/**
 * From when a builder has something to do for this request: claim it, end it, or announce it.
 * Milliseconds since the epoch; Infinity for a request that is at rest.
 */
export function dueAt(request: StatementRequest): number {
  switch (request.status) {
    case "pending":
      return request.cancelRequestedAt === undefined ? request.nextAttemptAt : 0;
    case "processing":
      // The holder of a live lease sees a cancellation by itself, within seconds.
      return request.leaseExpiresAt;
    case "executed":
    case "failed":
    case "cancelled":
      return tellAt(request);
  }
}

export function isDue(request: StatementRequest, now: number): boolean {
  return dueAt(request) <= now;
}
