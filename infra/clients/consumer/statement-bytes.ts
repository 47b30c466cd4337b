/** `verifyStatement` for everything that bytes come in. */
import { verifyStatement as verify } from "../../../functions/verification/verify-statement.ts";
import type {
  Verification,
  VerificationOptions,
} from "../../../functions/verification/verify-statement.ts";

/**
 * A download's `body`, a file of a browser's form, Node's `createReadStream` or `openAsBlob`, the
 * `Body` of the AWS SDK, or bytes in memory.
 */
export type StatementBytes =
  AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Blob | ArrayBuffer | Uint8Array;

/**
 * Whether a zip is a whole and right statement: hashes, row count, sums and balances are computed
 * anew from its bytes, in one pass and with flat memory; a stream is read or cancelled in any case.
 *
 * @param key of the object, to have checked as well that it holds the statement its name promises
 * @param options `keys`, to have the manifest's signature checked as well
 * @throws only what the source of the bytes throws, and a TypeError for what is no bytes
 */
export async function verifyStatement(
  bytes: StatementBytes,
  key?: string,
  options?: VerificationOptions,
): Promise<Verification> {
  const found = await verify(chunksOf(bytes), options);
  if (!found.ok || key === undefined) return found;
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (name === `${found.manifest.statement_id}.zip`) return found;
  const { sha256, bytes: length } = found;
  const message = "the object has another statement's name";
  const details = [{ kind: "contradictory", file: null, message }] as const;
  return { ok: false, problems: [message], details, bytes: length, sha256 };
}

/** Told apart by what they can do: a value from another frame or realm is no instance of ours. */
function chunksOf(bytes: StatementBytes): AsyncIterable<Uint8Array> {
  // In JavaScript it may be anything, and read as no bytes a whole statement would be called damaged.
  if (!isObject(bytes)) throw noBytes(bytes);
  if (ArrayBuffer.isView(bytes)) return once(bytes);
  if (Symbol.asyncIterator in bytes) return bytes;
  // Not every browser can iterate a stream.
  if (isStream(bytes)) return chunksOfStream(bytes);
  if ("stream" in bytes) return chunksOfStream(bytes.stream());
  if ("byteLength" in bytes) return once(new Uint8Array(bytes));
  throw noBytes(bytes);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Of what is taken for them most: the name of a file, a whole response, a promise of the bytes. */
function noBytes(value: unknown): TypeError {
  const found = isObject(value) ? Object.prototype.toString.call(value) : typeof value;
  return new TypeError(
    `a statement is a stream, a Blob, an ArrayBuffer or a Uint8Array, and this is ${found}: ` +
      "take the body of a response, createReadStream(name) of a file, and await a promise",
  );
}

function isStream(bytes: object): bytes is ReadableStream<Uint8Array> {
  return "getReader" in bytes;
}

// eslint-disable-next-line @typescript-eslint/require-await -- bytes in memory need no waiting
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* chunksOfStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Without effect on a stream that has ended or failed.
    await reader.cancel().catch(() => undefined);
  }
}
