/**
 * Reads the bodies of requests, within bounds of size, time and memory. A body that comes slowly
 * takes nothing from anybody else: it is no request in flight until it is whole, and of all that
 * are being read the one that has taken longest gives way when together they hold too much.
 */
import type { IncomingMessage } from "node:http";
import { startTimer, stopTimer } from "../clock/clock.ts";

/** The client went away before its request was whole. */
export class IncompleteRequest extends Error {
  override readonly name = "IncompleteRequest";
}

export interface BodyLimits {
  /** Of one body. */
  readonly maxBytes: number;
  /** Of all bodies that are being read, together. */
  readonly maxBytesAtOnce?: number;
  /** Of one body from its head to its end, milliseconds. */
  readonly timeoutMs?: number;
}

/** Kinds of `Refusal`. */
export type UnreadBody = "too-large" | "request-timeout" | "too-many-requests";

export interface BodyReader {
  /**
   * What is not read stays in the connection: `letGo` drops it after the answer.
   *
   * @throws IncompleteRequest, or the reason of the signal
   */
  read(request: IncomingMessage, signal: AbortSignal): Promise<Buffer | UnreadBody>;
}

const TIMEOUT_MS = 5_000;
const BYTES_AT_ONCE = 16 * 1024 * 1024;

export function makeBodyReader(limits: BodyLimits): BodyReader {
  const { maxBytes, maxBytesAtOnce = BYTES_AT_ONCE, timeoutMs = TIMEOUT_MS } = limits;
  /** How each of those being read is ended, the oldest first. */
  const reading = new Set<(unread: UnreadBody) => void>();
  let held = 0;

  return {
    async read(request, signal) {
      signal.throwIfAborted();
      if (request.destroyed) throw new IncompleteRequest("closed before it was read");
      if (Number(request.headers["content-length"] ?? 0) > maxBytes) return "too-large";

      const { promise, resolve, reject } = Promise.withResolvers<Buffer | UnreadBody>();
      let body: Buffer = Buffer.alloc(0);
      let bytes = 0;
      const onData = (chunk: Buffer): void => {
        const before = bytes;
        bytes += chunk.length;
        held += chunk.length;
        if (bytes <= maxBytes) body = withChunk(body, before, chunk);
        else resolve("too-large");
        const [endOldest] = reading;
        if (held > maxBytesAtOnce) endOldest?.("too-many-requests");
      };
      const onEnd = (): void => resolve(body.subarray(0, bytes));
      const onError = (cause: Error): void =>
        reject(new IncompleteRequest("not read to its end", { cause }));
      const onClose = (): void => reject(new IncompleteRequest("closed before its end"));
      const onAbort = (): void => reject(signal.reason as Error);
      const timer = startTimer(() => resolve("request-timeout"), timeoutMs);
      request.on("data", onData).once("end", onEnd).once("close", onClose).on("error", onError);
      signal.addEventListener("abort", onAbort);
      reading.add(resolve);
      try {
        return await promise;
      } finally {
        reading.delete(resolve);
        held -= bytes;
        // The request may outlive its answer by a moment, and would hold them.
        body = Buffer.alloc(0);
        stopTimer(timer);
        signal.removeEventListener("abort", onAbort);
        // The listener for errors stays: a broken connection must not be an error nobody handles.
        request.off("data", onData).off("end", onEnd).off("close", onClose);
      }
    },
  };
}

/**
 * One piece of memory, at most twice as large as what was sent: a chunk by itself takes a hundred times the
 * one byte that it may hold.
 *
 * @param bytes of `body` that are the request's
 */
function withChunk(body: Buffer, bytes: number, chunk: Buffer): Buffer {
  if (bytes === 0) return chunk;
  const needed = bytes + chunk.length;
  const whole = needed <= body.length ? body : Buffer.allocUnsafeSlow(2 * needed);
  if (whole !== body) body.copy(whole, 0, 0, bytes);
  chunk.copy(whole, bytes);
  return whole;
}
