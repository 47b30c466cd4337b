/**
 * Gives up connections whose other side does not do its part: whoever was answered and neither
 * reads the answer nor ends what it was sending would hold a socket as long as it likes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { startTimer, stopTimer, type Timer } from "../clock/clock.ts";

/** From an answer to the end of its connection, milliseconds; time enough to read a short answer. */
const LINGER_MS = 1_000;
/** A long one, such as a list, over the slowest link that is waited for: bytes a millisecond. */
const SLOWEST_LINK = 16;
const LONGEST_LINGER_MS = 30_000;

/** After the answer: its connection stays only when the request was sent whole and the answer taken. */
export function letGo(request: IncomingMessage, response: ServerResponse): void {
  // What was not read is dropped as it comes, so that the client can read its answer first.
  request.resume();
  const close = (): void => {
    // Behind an earlier request of its connection it is not its turn yet.
    if (response.socket === null && !response.writableFinished) timer = later();
    else if (!request.complete || !response.writableFinished) request.socket.destroy();
  };
  const untaken = response.writableLength;
  const lingerMs = Math.min(LINGER_MS + untaken / SLOWEST_LINK, LONGEST_LINGER_MS);
  const later = (): Timer => startTimer(close, lingerMs).unref();
  let timer = later();
  response.once("close", () => {
    if (request.complete || request.socket.destroyed) stopTimer(timer);
  });
}

/** After the last bytes for a socket: it is destroyed soon, whether its other side closes or not. */
export function endAndLetGo(socket: Duplex, lastBytes: string): void {
  const timer = startTimer(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => stopTimer(timer));
  socket.end(lastBytes);
}
