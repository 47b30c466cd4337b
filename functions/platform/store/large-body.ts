/**
 * A large body, sent so that nobody else waits for it: Node would hash all of it in one turn, and hand all of it
 * to the socket in another, ten milliseconds or more for 5 MiB.
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import { nextTurn } from "../clock/clock.ts";

/** What the kernel takes in a tenth of a millisecond. */
const SLICE_BYTES = 128 * 1024;

interface Request {
  readonly body?: unknown;
  readonly headers: Record<string, string>;
}

const hashes = new WeakMap<Buffer, string>();

/** What the signature needs of a body, from whoever has hashed it while it came; SHA-256 in lower-case hex. */
export function tellPayloadHash(body: Buffer, sha256: string): void {
  hashes.set(body, sha256);
}

export function sendLargeBodies({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { body, headers } = args.request as Request;
      const hash = Buffer.isBuffer(body) ? hashes.get(body) : undefined;
      if (hash !== undefined) headers["x-amz-content-sha256"] = hash;
      return await next(args);
    },
    { step: "build", name: "payloadHash" },
  );
  // Behind signature and retries: each try sends all of it.
  middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as Request;
      const { body } = request;
      if (!Buffer.isBuffer(body) || body.length <= SLICE_BYTES) return await next(args);
      return await next({ ...args, request: { ...request, body: Readable.from(slicesOf(body)) } });
    },
    { step: "deserialize", priority: "low", name: "slices" },
  );
}

async function* slicesOf(body: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < body.length; from += SLICE_BYTES) {
    yield body.subarray(from, from + SLICE_BYTES);
    await nextTurn();
  }
}
