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
/** A block of the table deflate and a little more: what one piece inflates to is one call. */
const CHUNK_BYTES = 160 * 1024;
/** Bytes of a table up to which a thread costs more than it saves: half a millisecond of this one. */
const SHORT_BYTES = 256 * 1024;
/** Deflated bytes that may wait for the thread while lines and deflate go on: some eight blocks. */
const WAITING_BYTES = 256 * 1024;
/** An output buffer that is full to its last byte makes zlib ask for another one. */
const ROOM_BYTES = 64;

export class InflateCheck {
  /** Of a stream that may still be a short one. */
  #pieces: Buffer[] | undefined = [GZIP_HEADER];
  #gunzip: Gunzip | undefined;
  #waiting = 0;
  #inflated = Promise.withResolvers<undefined>();
  #bytes = 0;
  #error: Error | undefined;

  /**
   * The bytes are given back once they have been read. Resolves when there is room for more.
   * @param bytes of the table so far, of which these are the last
   */
  async write(deflated: Buffer, bytes: number): Promise<void> {
    this.#pieces?.push(deflated);
    if (bytes <= SHORT_BYTES) return;
    const pieces = this.#pieces ?? [deflated];
    this.#pieces = undefined;
    const gunzip = (this.#gunzip ??= this.#begin());
    for (const piece of pieces) this.#send(gunzip, piece);
    while (this.#waiting > WAITING_BYTES && !this.#error) {
      this.#inflated = Promise.withResolvers();
      await this.#inflated.promise;
    }
    if (this.#error) throw mismatch(this.#error);
  }

  /** @throws RetryableError `deflate_mismatch` unless the stream inflates to bytes of this CRC and length */
  async end(crc32: number, bytes: number): Promise<void> {
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(crc32, 0);
    trailer.writeUInt32LE(bytes % 2 ** 32, 4);
    if (this.#gunzip) await this.#endOnThread(this.#gunzip, trailer);
    else this.#bytes = inflatedBytes([...(this.#pieces ?? []), trailer], bytes);
    for (const piece of this.#pieces ?? []) giveBack(piece);
    // Beyond 4 GiB the trailer has the lower half of the length only.
    if (this.#bytes !== bytes) throw mismatch(new Error(`${this.#bytes} bytes of ${bytes}`));
  }

  /** Leaves nothing behind of a stream that is given up. */
  destroy(): void {
    this.#gunzip?.destroy();
  }

  #begin(): Gunzip {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    gunzip.on("data", (inflated: Buffer) => {
      this.#bytes += inflated.length;
      useOutputAgain(gunzip);
    });
    gunzip.on("error", (error) => {
      this.#error = error;
      this.#inflated.resolve(undefined);
    });
    return gunzip;
  }

  /** Node's own measure of "full" is a piece or two, and it tells of room only when all is done. */
  #send(gunzip: Gunzip, piece: Buffer): void {
    this.#waiting += piece.length;
    gunzip.write(piece, () => {
      this.#waiting -= piece.length;
      giveBack(piece);
      this.#inflated.resolve(undefined);
    });
  }

  async #endOnThread(gunzip: Gunzip, trailer: Buffer): Promise<void> {
    if (this.#error) throw mismatch(this.#error);
    const ended = once(gunzip, "end");
    gunzip.end(trailer);
    await ended.catch((error: unknown) => {
      throw mismatch(error);
    });
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
