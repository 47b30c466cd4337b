/**
 * Nobody has to trust the table deflate: while a stream of it goes to the upload, zlib inflates it on
 * one of its threads and compares CRC-32 and length with what went in. The stream is framed as gzip
 * for that (RFC 1952), whose trailer holds both.
 */
import { once } from "node:events";
import { createGunzip, type Gunzip } from "node:zlib";
import { DEFLATE_MISMATCH, RetryableError } from "../../domain/failure.ts";

/** Magic number, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;
/** A block of the table deflate and a little more: what one piece inflates to is one call. */
const CHUNK_BYTES = 160 * 1024;

export class InflateCheck {
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  #bytes = 0;
  #error: Error | undefined;

  constructor() {
    this.#gunzip.on("data", (inflated: Buffer) => (this.#bytes += inflated.length));
    this.#gunzip.on("error", (error) => (this.#error = error));
    this.#gunzip.write(GZIP_HEADER);
  }

  /** Must not be written over until `end` has been awaited. Resolves when there is room for more. */
  async write(deflated: Buffer): Promise<void> {
    if (this.#error) throw mismatch(this.#error);
    if (this.#gunzip.write(deflated)) return;
    await once(this.#gunzip, "drain").catch((error: unknown) => {
      throw mismatch(error);
    });
  }

  /** @throws RetryableError `deflate_mismatch` unless the stream inflates to bytes of this CRC and length */
  async end(crc32: number, bytes: number): Promise<void> {
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(crc32, 0);
    trailer.writeUInt32LE(bytes % 2 ** 32, 4);
    if (this.#error) throw mismatch(this.#error);
    const ended = once(this.#gunzip, "end");
    this.#gunzip.end(trailer);
    await ended.catch((error: unknown) => {
      throw mismatch(error);
    });
    // Beyond 4 GiB the trailer has the lower half of the length only.
    if (this.#bytes !== bytes) throw mismatch(new Error(`${this.#bytes} bytes of ${bytes}`));
  }

  /** Leaves nothing behind of a stream that is given up. */
  destroy(): void {
    this.#gunzip.destroy();
  }
}

function mismatch(cause: unknown): RetryableError {
  const message =
    "zlib does not read back what the table deflate wrote: the next attempt uses zlib";
  return new RetryableError(DEFLATE_MISMATCH, message, { cause });
}
