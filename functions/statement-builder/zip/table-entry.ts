/**
 * A file of the zip that is a table: deflated by the table deflate on this thread, and read back by
 * zlib on another before its end is told.
 */
import { Transform, type TransformCallback } from "node:stream";
import { crc32 } from "node:zlib";
import { giveBack } from "../memory/lent-block.ts";
import { InflateCheck } from "./inflate-check.ts";
import { TableDeflate } from "./table-deflate/table-deflate.ts";

/** Their memory is cleared and used again, for one stream at a time. */
const idle: TableDeflate[] = [];

export class TableEntry extends Transform {
  /** Of all bytes that came in. */
  crc32 = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #check = new InflateCheck();
  #deflate: TableDeflate | undefined = idle.pop() ?? new TableDeflate();

  /**
   * Each chunk is given back once it has been copied. The stream is destroyed with a RetryableError
   * `deflate_mismatch` if what was deflated does not inflate to what came in.
   */
  constructor() {
    super({ highWaterMark: 64 * 1024 });
    this.#deflate?.begin();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#take(chunk).then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    this.#give(true)
      .then(() => this.#check.end(this.crc32, this.bytesIn))
      .then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#check.destroy();
    if (this.#deflate) idle.push(this.#deflate);
    this.#deflate = undefined;
    done(error);
  }

  async #take(chunk: Buffer): Promise<void> {
    this.crc32 = crc32(chunk, this.crc32);
    this.bytesIn += chunk.length;
    for (let from = 0; from < chunk.length && this.#deflate;) {
      if (this.#deflate.isFull) await this.#give(false);
      from += this.#deflate.take(chunk, from);
    }
    giveBack(chunk);
  }

  async #give(last: boolean): Promise<void> {
    if (!this.#deflate) return;
    const deflated = Buffer.from(this.#deflate.deflate(last));
    this.bytesOut += deflated.length;
    this.push(deflated);
    await this.#check.write(deflated);
  }
}
