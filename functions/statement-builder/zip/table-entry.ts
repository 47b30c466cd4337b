/** A file of a large zip that is a table: its end is told once zlib has read all of it back. */
import { Transform, type TransformCallback } from "node:stream";
import { CheckedTable } from "./checked-table.ts";

export class TableEntry extends Transform {
  readonly #table = new CheckedTable((deflated) => this.push(deflated));

  /**
   * Each chunk is given back once it has been copied. The stream is destroyed with a RetryableError
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
