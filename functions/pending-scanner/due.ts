import type { ProcessingRequest, StatementRequest } from "../domain/statement-request.ts";

/** A builder holds it: it is at work, or will be taken for dead when the lease has expired. */
export function isLive(request: StatementRequest, now: number): request is ProcessingRequest {
  return request.status === "processing" && request.leaseExpiresAt > now;
}

/** Whether a builder has something to do for this request now: claim it, end it, or announce it. */
export function isDue(request: StatementRequest, now: number): boolean {
  switch (request.status) {
    case "pending":
      return request.nextAttemptAt <= now || request.cancelRequestedAt !== undefined;
    case "processing":
      // The holder of a live lease sees a cancellation by itself, at its next renewal.
      return !isLive(request, now);
    case "executed":
    case "failed":
    case "cancelled":
      return !request.announced;
  }
}
