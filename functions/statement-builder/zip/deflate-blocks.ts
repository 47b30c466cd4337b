/**
 * Deflate in blocks, side by side on zlib's threads. A block knows the window before it (as its
 * dictionary) and ends on a byte, so that the blocks one behind the other are one stream, RFC 1951.
 * The same bytes in give the same bytes out, however they are cut and however many threads there are.
 */
import { availableParallelism } from "node:os";
import { Transform, type TransformCallback } from "node:stream";
import { promisify } from "node:util";
import { mostInflated } from "../../verification/limits.ts";
import { giveBack } from "../memory/lent-block.ts";
import { constants, crc32, deflateRaw, deflateRawSync, type ZlibOptions } from "node:zlib";

const BLOCK_BYTES = 1024 * 1024;
/** How far back deflate can point. */
const WINDOW_BYTES = 32 * 1024;
/** Below this a thread costs more time than it saves. */
const AT_ONCE_BYTES = 8 * 1024;
/** libuv has four threads, and others need them too. */
const THREADS = Math.min(availableParallelism(), 3);

/** Of one that was begun. */
interface BlockUnderWay {
  readonly block: Buffer;
  readonly finishFlush: number;
  readonly deflated: Promise<Buffer>;
}

const deflateOnThread = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

export class DeflateBlocks extends Transform {
  /** Of all bytes that came in. */
  crc32 = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #level: number;
  readonly #underWay: BlockUnderWay[] = [];
  /** Bytes of the blocks that were handed on. */
  #given = 0;
  /** Filled in turn: one is free again when it comes up, for its deflate was awaited before. */
  readonly #blocks: Buffer[] = [];
  #turn = 0;
  #filled = 0;
  #window: Buffer | undefined;

  /** Each chunk is given back once it has been copied. */
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
      const taken = chunk.copy(this.#room(chunk.length - from), this.#filled, from);
      from += taken;
      this.#filled += taken;
    }
    giveBack(chunk);
  }

  async #finish(): Promise<void> {
    this.#begin(constants.Z_FINISH);
    while (this.#underWay.length > 0) await this.#give();
  }

  /** Only a statement of more than one block takes the memory of whole ones. */
  #room(bytes: number): Buffer {
    const block = this.#blocks[this.#turn];
    const needed = Math.min(this.#filled + bytes, BLOCK_BYTES);
    if (block && block.length >= needed) return block;
    const grown = this.#window ? BLOCK_BYTES : Math.max(needed, 2 * this.#filled);
    const room = Math.min(grown, BLOCK_BYTES);
    const larger = Buffer.allocUnsafeSlow(room);
    block?.copy(larger, 0, 0, this.#filled);
    this.#blocks[this.#turn] = larger;
    return larger;
  }

  /** Deflates the block that was filled, and goes on to the next one. */
  #begin(finishFlush: number): void {
    const block = this.#room(0).subarray(0, this.#filled);
    const deflated = deflateBlock(block, this.#window, { level: this.#level, finishFlush });
    // Told when it is awaited.
    deflated.catch(() => undefined);
    this.#underWay.push({ block, finishFlush, deflated });
    this.#window = block.subarray(-WINDOW_BYTES);
    this.#turn = (this.#turn + 1) % (THREADS + 1);
    this.#filled = 0;
  }

  async #give(): Promise<void> {
    const first = this.#underWay.shift();
    if (!first) return;
    const { block, finishFlush } = first;
    this.#given += block.length;
    const asDeflated = await first.deflated;
    // Nobody reads a zip that grows by more than that, wherever it is in it: the block is stored then.
    const deflated =
      this.#given > mostInflated(this.bytesOut)
        ? await deflateBlock(block, undefined, { level: 0, finishFlush })
        : asDeflated;
    this.bytesOut += deflated.length;
    this.push(deflated);
  }
}

/** A deflate stream, or one block of it behind another that ended with `dictionary`. */
export async function deflateBlock(
  block: Buffer,
  dictionary: Buffer | undefined,
  options: ZlibOptions,
): Promise<Buffer> {
  // What zlib allots and clears follows from these: a quarter of a megabyte for a large block.
  const windowBits = Math.min(Math.max(Math.ceil(Math.log2(block.length)), 9), 15);
  const fitted = {
    ...options,
    windowBits: dictionary ? 15 : windowBits,
    memLevel: Math.max(windowBits - 7, 1),
    // Statements are a quarter as large when deflated: one piece each, and little of it empty.
    chunkSize: Math.max((block.length * 5) >> 4, 256),
    ...(dictionary && { dictionary }),
  };
  if (block.length < AT_ONCE_BYTES) return deflateRawSync(block, fitted);
  return await deflateOnThread(block, fitted);
}
