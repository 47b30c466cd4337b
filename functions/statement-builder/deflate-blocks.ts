/**
 * Deflate in blocks, side by side on zlib's threads. A block knows the window before it (as its
 * dictionary) and ends on a byte, so that the blocks one behind the other are one stream, RFC 1951.
 * The same bytes in give the same bytes out, however they are cut and however many threads there are.
 */
import { availableParallelism } from "node:os";
import { Transform, type TransformCallback } from "node:stream";
import { promisify } from "node:util";
import { constants, crc32, deflateRaw, type ZlibOptions } from "node:zlib";

const BLOCK_BYTES = 1024 * 1024;
/** How far back deflate can point. */
const WINDOW_BYTES = 32 * 1024;
/** Most blocks are smaller when deflated: one piece each. */
const OUTPUT_BYTES = BLOCK_BYTES / 2;
/** libuv has four threads, and others need them too. */
const THREADS = Math.min(availableParallelism(), 3);

const deflateBlock = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

export class DeflateBlocks extends Transform {
  /** Of all bytes that came in. */
  crc32 = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #level: number;
  readonly #underWay: Promise<Buffer>[] = [];
  /** Filled in turn: one is free again when it comes up, for its deflate was awaited before. */
  readonly #blocks: Buffer[] = [];
  #block = 0;
  #filled = 0;
  #window: Buffer | undefined;

  constructor(level: number) {
    super({ highWaterMark: 64 * 1024 });
    this.#level = level;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.crc32 = crc32(chunk, this.crc32);
    this.bytesIn += chunk.length;
    this.#take(chunk).then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    this.#finish().then(() => done(), done);
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      if (this.#filled === BLOCK_BYTES) {
        if (this.#underWay.length === THREADS) await this.#give();
        this.#begin(constants.Z_SYNC_FLUSH);
      }
      const taken = chunk.copy(this.#current(), this.#filled, from);
      from += taken;
      this.#filled += taken;
    }
  }

  async #finish(): Promise<void> {
    this.#begin(constants.Z_FINISH);
    while (this.#underWay.length > 0) await this.#give();
  }

  #current(): Buffer {
    return (this.#blocks[this.#block] ??= Buffer.allocUnsafeSlow(BLOCK_BYTES));
  }

  /** Deflates the block that was filled, and goes on to the next one. */
  #begin(finishFlush: number): void {
    const block = this.#current().subarray(0, this.#filled);
    const options = { level: this.#level, memLevel: 9, chunkSize: OUTPUT_BYTES, finishFlush };
    const dictionary = this.#window;
    const deflated = deflateBlock(block, dictionary ? { ...options, dictionary } : options);
    // Told when it is awaited.
    deflated.catch(() => undefined);
    this.#underWay.push(deflated);
    this.#window = block.subarray(-WINDOW_BYTES);
    this.#block = (this.#block + 1) % (THREADS + 1);
    this.#filled = 0;
  }

  async #give(): Promise<void> {
    const deflated = await this.#underWay.shift();
    if (!deflated) return;
    this.bytesOut += deflated.length;
    this.push(deflated);
  }
}
