/** A request in a builder's hands, as the domain puts it there: with nothing to wait for before it. */
import {
  claim,
  type ObjectLocation,
  type PendingRequest,
  type ProcessingRequest,
} from "../../../functions/domain/statement-request.ts";

const HOUR = 3_600_000;

/** @param now of the claim, milliseconds since the epoch */
export function heldRequest(
  request: PendingRequest,
  { now, object }: { readonly now: number; readonly object: ObjectLocation },
): ProcessingRequest {
  const decision = claim(request, {
    now,
    object,
    holder: "builder-7/claim",
    execution: "service",
    leaseMs: HOUR,
    clockSkewMs: 0,
    publishTimeoutMs: 0,
    maxFailures: 5,
  });
  if (decision.kind !== "claim") throw new Error(decision.kind);
  return decision.request;
}
