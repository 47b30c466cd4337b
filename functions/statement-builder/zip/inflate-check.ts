/**
 * Nobody has to trust the table deflate: while a stream of it goes to the upload, zlib inflates it and
 * compares CRC-32 and length with what went in; a short stream at once when it has ended, a longer one
 * on one of zlib's threads. The stream is framed as gzip for that (RFC 1952), whose trailer holds both.
 */
import { once } from "node:events";
import { createGunzip, gunzipSync, type Gunzip } from "node:zlib";
import { DEFLATE_MISMATCH, RetryableError } from "../../domain/failure.ts";
import { giveBack } from "../memory/lent-block.ts";

/** Magic number, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;
/** So many bytes of the table are one call of the thread: to wake it costs as much as to inflate a block. */
const CALL_BYTES = 512 * 1024;
/** What a call inflates to at most; when its output is full, zlib takes new memory for the next. */
const CHUNK_BYTES = CALL_BYTES + 160 * 1024;
/** What did not deflate is a little larger than before. Memory that is not written to costs nothing. */
const STAGE_BYTES = CHUNK_BYTES + 1024;
/** Bytes of a table up to which a thread costs more than it saves: half a millisecond of this one. */
const SHORT_BYTES = 256 * 1024;
/** An output buffer that is full to its last byte makes zlib ask for another one. */
const ROOM_BYTES = 64;

export class InflateCheck {
  /** Of a stream that may still be a short one. */
  #pieces: Buffer[] | undefined = [GZIP_HEADER];
  #thread: InflateThread | undefined;

  /**
   * The bytes are given back once they have been read. Resolves when there is room for more.
   * @param bytes of the table so far, of which these are the last
   */
  async write(deflated: Buffer, bytes: number): Promise<void> {
    this.#pieces?.push(deflated);
    if (bytes <= SHORT_BYTES) return;
    const pieces = this.#pieces ?? [deflated];
    this.#pieces = undefined;
    this.#thread ??= new InflateThread();
    for (const piece of pieces) await this.#thread.write(piece, bytes);
  }

  /** @throws RetryableError `deflate_mismatch` unless the stream inflates to bytes of this CRC and length */
  async end(crc32: number, bytes: number): Promise<void> {
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(crc32, 0);
    trailer.writeUInt32LE(bytes % 2 ** 32, 4);
    const pieces = this.#pieces ?? [];
    const inflated = this.#thread
      ? await this.#thread.end(trailer)
      : inflatedBytes([...pieces, trailer], bytes);
    for (const piece of pieces) giveBack(piece);
    // Beyond 4 GiB the trailer has the lower half of the length only.
    if (inflated !== bytes) throw mismatch(new Error(`${inflated} bytes of ${bytes}`));
  }

  /** Leaves nothing behind of a stream that is given up. */
  destroy(): void {
    this.#thread?.destroy();
  }
}

/** Gunzip on one of zlib's threads, which reads one stage while the other is filled. */
class InflateThread {
  readonly #gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  #stage = Buffer.allocUnsafeSlow(STAGE_BYTES);
  #other = Buffer.allocUnsafeSlow(STAGE_BYTES);
  #staged = 0;
  /** Of the table, in front of what is staged. */
  #sent = 0;
  /** Of the other stage; resolved too when it never will be read. */
  #read = Promise.withResolvers<undefined>();
  #bytes = 0;
  #error: Error | undefined;

  constructor() {
    this.#read.resolve(undefined);
    this.#gunzip.on("data", (inflated: Buffer) => {
      this.#bytes += inflated.length;
      useOutputAgain(this.#gunzip);
    });
    this.#gunzip.on("error", (error) => {
      this.#error = error;
      this.#read.resolve(undefined);
    });
  }

  /** @param bytes of the table so far */
  async write(piece: Buffer, bytes: number): Promise<void> {
    this.#staged += piece.copy(this.#stage, this.#staged);
    giveBack(piece);
    if (bytes - this.#sent < CALL_BYTES) return;
    this.#sent = bytes;
    await this.#read.promise;
    if (this.#error) throw mismatch(this.#error);
    const read = Promise.withResolvers<undefined>();
    this.#read = read;
    this.#gunzip.write(this.#stage.subarray(0, this.#staged), () => read.resolve(undefined));
    [this.#stage, this.#other] = [this.#other, this.#stage];
    this.#staged = 0;
  }

  /** How many bytes it was. */
  async end(trailer: Buffer): Promise<number> {
    if (this.#error) throw mismatch(this.#error);
    const ended = once(this.#gunzip, "end");
    this.#gunzip.write(this.#stage.subarray(0, this.#staged));
    this.#gunzip.end(trailer);
    await ended.catch((error: unknown) => {
      throw mismatch(error);
    });
    return this.#bytes;
  }

  destroy(): void {
    this.#gunzip.destroy();
    this.#read.resolve(undefined);
  }
}

/** Of zlib's streams: where in its buffer the next output goes. When that is full it takes a new one. */
interface OutputPlace {
  _outOffset: number;
}

/** @throws Error for a zlib that is not as known here; to be asked at the start. */
export function requireKnownZlib(): void {
  const gunzip: Gunzip & Partial<OutputPlace> = createGunzip();
  gunzip.destroy();
  if (typeof gunzip._outOffset === "number") return;
  throw new Error(
    "node:zlib has a stream without _outOffset: this release only knows its own Node",
  );
}

/**
 * Nobody keeps what was inflated, which is only counted. In new buffers a million rows are 245 MB of memory outside
 * the heap, for which V8 collects garbage ten times.
 */
function useOutputAgain(gunzip: Gunzip): void {
  (gunzip as Gunzip & OutputPlace)._outOffset = 0;
}

function inflatedBytes(pieces: readonly Buffer[], expected: number): number {
  const most = expected + ROOM_BYTES;
  try {
    return gunzipSync(Buffer.concat(pieces), { chunkSize: most, maxOutputLength: most }).length;
  } catch (error) {
    throw mismatch(error);
  }
}

function mismatch(cause: unknown): RetryableError {
  const message =
    "zlib does not read back what the table deflate wrote: the next attempt uses zlib";
  return new RetryableError(DEFLATE_MISMATCH, message, { cause });
}
