/** Who has to be told how a request has ended: the sink, and whoever its callback names. */
import type { FinalRequest } from "../statement-request.ts";
import { afterCallback, callbackUrlOf, type CallbackResult } from "./callback.ts";

/** The sink has accepted the outcome event. */
export function announce<R extends FinalRequest>(request: R): R {
  return told({ ...request, accepted: true });
}

/** It was tried to call back. */
export function calledBack<R extends FinalRequest>(
  request: R,
  result: CallbackResult,
  at: { readonly now: number; readonly random: number },
): R {
  return told({ ...request, callback: afterCallback(request.callback ?? {}, result, at) });
}

/** Owed once more to the sink, whoever else has it. */
export function oweToSink<R extends FinalRequest>(request: R): R {
  return { ...request, announced: false, accepted: undefined };
}

/** Whether the sink has it. */
export function isAccepted(request: FinalRequest): boolean {
  return request.announced || (request.accepted === true && owesCallback(request) !== undefined);
}

/** The address that is still to be called. */
export function owesCallback(request: FinalRequest): string | undefined {
  const { announced, callback, facts } = request;
  const isOwed = !announced && (callback === undefined || callback.state === "owed");
  return isOwed ? callbackUrlOf(facts) : undefined;
}

/** From when somebody has to be told; Infinity when everybody was. */
export function tellAt(request: FinalRequest): number {
  if (request.announced) return Infinity;
  return isAccepted(request) ? (request.callback?.nextAt ?? 0) : 0;
}

/** `announced` stands there when nobody is owed it any more: the record is at rest then. */
function told<R extends FinalRequest>(request: R): R {
  const isTold = request.accepted === true && owesCallback(request) === undefined;
  return isTold ? { ...request, announced: true, accepted: undefined } : request;
}
