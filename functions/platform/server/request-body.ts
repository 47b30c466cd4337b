import type { IncomingMessage } from "node:http";

/** The client went away, or stopped sending, before its request was whole. */
export class IncompleteRequest extends Error {
  override readonly name = "IncompleteRequest";
}

/**
 * Reads a body of at most `limit` bytes and holds no more than that. The rest of a larger one is
 * thrown away as it comes, so that the client can read its 413; the server's request time-out
 * ends a body that never ends.
 *
 * @throws IncompleteRequest
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer | "too-large"> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | "too-large">();
  if (request.destroyed) return Promise.reject(new IncompleteRequest("closed before it was read"));
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    request.resume();
    return Promise.resolve("too-large");
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limit) {
      chunks.push(chunk);
    } else {
      chunks.length = 0;
      resolve("too-large");
    }
  });
  request.once("end", () => resolve(Buffer.concat(chunks)));
  request.once("error", (cause) => reject(new IncompleteRequest("not read to its end", { cause })));
  request.once("close", () => reject(new IncompleteRequest("closed before its end")));
  return promise;
}
