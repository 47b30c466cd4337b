/** Since when a builder may begin with a request. */
import type { StatementRequest } from "../../../functions/domain/statement-request.ts";
import type { Act } from "./acts.ts";

/** Milliseconds since the epoch; Infinity of one that has ended. */
export function dueSince(request: StatementRequest, acts: readonly Act[]): number {
  if (request.status === "processing") return request.leaseExpiresAt;
  if (request.status !== "pending") return Infinity;
  // What is tried again is due since it failed, and nobody knew that before the retry.
  const retry = acts.findLast(({ act }) => act === "retry");
  // Acts are in an annotation, which may have been changed by hand.
  return Math.max(request.nextAttemptAt, Date.parse(retry?.at ?? "") || 0);
}
