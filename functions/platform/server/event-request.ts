/**
 * One request while it is being handled: the signal that tells its handler to stop, and how long
 * the server waits for a handler that was told so.
 */
import type { ServerResponse } from "node:http";
import { RequestAborted, type AbortCause } from "../http/request-aborted.ts";
import { startTimer, stopTimer, type Timer } from "../clock/clock.ts";

export interface EventRequest extends Disposable {
  readonly signal: AbortSignal;
  abort(cause: AbortCause): void;
  /** Settles a while after the abort; a handler that is still running then is not waited for. */
  readonly givenUp: Promise<AbortCause>;
}

/** Time for a handler to roll back and to say how it ended. */
const ABORT_GRACE_MS = 5_000;

export function openEventRequest(response: ServerResponse, deadlineMs: number): EventRequest {
  const controller = new AbortController();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<AbortCause>();
  let grace: Timer | undefined;
  const abort = (cause: AbortCause): void => {
    if (controller.signal.aborted) return;
    grace = startTimer(() => giveUp(cause), ABORT_GRACE_MS);
    controller.abort(new RequestAborted(cause));
  };
  const deadline = startTimer(() => abort("deadline_exceeded"), deadlineMs);
  const onClose = (): void => {
    if (!response.writableFinished) abort("client_disconnected");
  };
  response.once("close", onClose);
  return {
    signal: controller.signal,
    abort,
    givenUp,
    [Symbol.dispose]() {
      stopTimer(deadline);
      stopTimer(grace);
      response.off("close", onClose);
    },
  };
}
