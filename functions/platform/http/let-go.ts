/**
 * Gives up connections whose other side does not do its part: whoever was answered and neither
 * reads the answer nor ends what it was sending would hold a socket as long as it likes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** From an answer to the end of its connection, milliseconds; time enough to read the answer. */
const LINGER_MS = 1_000;

/** After the answer: its connection stays only when the request was sent whole and the answer taken. */
export function letGo(request: IncomingMessage, response: ServerResponse): void {
  // What was not read is dropped as it comes, so that the client can read its answer first.
  request.resume();
  const timer = setInterval(() => {
    // Behind an earlier request of its connection it is not its turn yet.
    if (response.socket === null && !response.writableFinished) return;
    if (!request.complete || !response.writableFinished) request.socket.destroy();
    clearInterval(timer);
  }, LINGER_MS).unref();
  response.once("close", () => {
    if (request.complete || request.socket.destroyed) clearInterval(timer);
  });
}

/** After the last bytes for a socket: it is destroyed soon, whether its other side closes or not. */
export function endAndLetGo(socket: Duplex, lastBytes: string): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.end(lastBytes);
}
