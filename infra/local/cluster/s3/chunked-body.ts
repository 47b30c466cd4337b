/**
 * The `aws-chunked` coding of an upload with trailing checksum:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 *
 *   <size in hex>\r\n <bytes> \r\n … 0\r\n <name>:<value>\r\n … \r\n
 */
import { S3Error } from "./s3-error.ts";

const MAX_LINE_BYTES = 8192;
/** Of every chunk but the last. */
const MIN_CHUNK_BYTES = 8192;
const NOTHING = Buffer.alloc(0);

/** The payload's bytes; after the last one the trailers stand in `trailers`, names in lower case. */
export async function* decodeChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer, void> {
  const reader = makeReader(source);
  for (let before = MIN_CHUNK_BYTES; ;) {
    const size = chunkSize(await reader.line());
    if (size === 0) break;
    if (before < MIN_CHUNK_BYTES) throw tooSmall();
    before = size;
    yield* reader.bytes(size);
    if ((await reader.line()) !== "") throw incomplete("a chunk is longer than its size");
  }
  for (;;) {
    const line = await reader.line();
    if (line === undefined || line === "") return;
    const colon = line.indexOf(":");
    if (colon < 1) throw incomplete("a trailer has no name");
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

function chunkSize(line: string | undefined): number {
  const hex = line?.split(";", 1)[0] ?? "";
  if (!/^[0-9a-f]{1,12}$/i.test(hex)) throw incomplete("a chunk has no size");
  return Number.parseInt(hex, 16);
}

function makeReader(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]();
  let buffered: Buffer = NOTHING;

  async function more(): Promise<boolean> {
    const next = await iterator.next();
    if (next.done === true) return false;
    buffered = buffered.length === 0 ? next.value : Buffer.concat([buffered, next.value]);
    return true;
  }

  /** Without its line end; `undefined` at the end of the source. */
  async function line(): Promise<string | undefined> {
    for (;;) {
      const end = buffered.indexOf("\r\n");
      if (end >= 0) {
        const text = buffered.toString("latin1", 0, end);
        buffered = buffered.subarray(end + 2);
        return text;
      }
      if (buffered.length > MAX_LINE_BYTES) throw incomplete("a line is too long");
      if (!(await more())) return undefined;
    }
  }

  async function* bytes(count: number): AsyncGenerator<Buffer, void> {
    let left = count;
    while (left > 0) {
      if (buffered.length === 0 && !(await more())) throw incomplete("the body ends in a chunk");
      const piece = buffered.subarray(0, left);
      buffered = buffered.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  return { line, bytes };
}

function tooSmall(): S3Error {
  const rule = `Only the last chunk is allowed to have a size less than ${MIN_CHUNK_BYTES} bytes`;
  return new S3Error("InvalidChunkSizeError", rule);
}

function incomplete(detail: string): S3Error {
  return new S3Error("IncompleteBody", `The aws-chunked body is not well formed: ${detail}.`);
}
