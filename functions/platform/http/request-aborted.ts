/** Why a handler must stop; the reason of its AbortSignal. */
export type AbortCause = "client_disconnected" | "deadline_exceeded" | "shutting_down";

export class RequestAborted extends Error {
  override readonly name = "RequestAborted";
  readonly code: AbortCause;

  constructor(code: AbortCause) {
    super(`the request was aborted: ${code}`);
    this.code = code;
  }
}

/** The cause when `signal` was aborted by the server; undefined while it is not aborted. */
export function abortCause(signal: AbortSignal): AbortCause | undefined {
  return signal.reason instanceof RequestAborted ? signal.reason.code : undefined;
}
