/** A file of a large zip that is a table: its end is told once zlib has read all of it back. */
import { Transform, type TransformCallback } from "node:stream";
import { BlockPool } from "../memory/lent-block.ts";
import { CheckedTable } from "./checked-table.ts";

/** A block of a table deflates to half of it; of noise, to a little more than the block. */
const [PIECE_BYTES, MOST_BYTES] = [64 * 1024, 192 * 1024];
/** The upload and the check. */
const READERS = 2;

export class TableEntry extends Transform {
  readonly #pieces = new BlockPool(PIECE_BYTES, MOST_BYTES);
  readonly #table = new CheckedTable((deflated) => {
    const room = this.#pieces.room(deflated.length);
    room.set(deflated);
    const piece = this.#pieces.lend(room, deflated.length).handOn(READERS);
    this.push(piece);
    return piece;
  });

  /**
   * Each chunk is given back once it has been copied; what comes out is lent to who takes it. The stream is destroyed with a RetryableError
   * `deflate_mismatch` if what was deflated does not inflate to what came in.
   */
  constructor() {
    super({ highWaterMark: 64 * 1024 });
  }

  /** Of all bytes that came in. */
  get crc32(): number {
    return this.#table.crc32;
  }

  get bytesIn(): number {
    return this.#table.bytesIn;
  }

  get bytesOut(): number {
    return this.#table.bytesOut;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#table.take(chunk).then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    this.#table.end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#table[Symbol.dispose]();
    done(error);
  }
}
