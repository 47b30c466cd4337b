/** A table on its way into a zip: deflated by the table deflate on this thread, and read back by zlib. */
import { crc32 } from "node:zlib";
import { mostInflated } from "../../verification/limits.ts";
import { giveBack } from "../memory/lent-block.ts";
import { InflateCheck } from "./inflate-check.ts";
import { TableDeflate } from "./table-deflate/table-deflate.ts";

/** Their memory is cleared and used again, for one stream at a time. */
const idle: TableDeflate[] = [];

export class CheckedTable implements Disposable {
  /** Of all bytes that came in. */
  crc32 = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #keep: (deflated: Uint8Array) => Buffer;
  readonly #check = new InflateCheck();
  #deflate: TableDeflate | undefined = idle.pop() ?? new TableDeflate();

  /**
   * @param keep takes the stream, piece by piece, and answers a copy of each: what it is given is written
   * over. The copy is read by the check too, which gives it back
   */
  constructor(keep: (deflated: Uint8Array) => Buffer) {
    this.#keep = keep;
    this.#deflate?.begin();
  }

  /** The chunk is given back once it has been copied. Resolves when there is room for more. */
  async take(chunk: Buffer): Promise<void> {
    this.crc32 = crc32(chunk, this.crc32);
    for (let from = 0; from < chunk.length && this.#deflate;) {
      if (this.#deflate.isFull) await this.#block(false);
      const taken = this.#deflate.take(chunk, from);
      this.bytesIn += taken;
      from += taken;
    }
    giveBack(chunk);
  }

  /** @throws RetryableError `deflate_mismatch` if what was deflated does not inflate to what came in */
  async end(): Promise<void> {
    await this.#block(true);
    await this.#check.end(this.crc32, this.bytesIn);
  }

  [Symbol.dispose](): void {
    this.#check.destroy();
    if (this.#deflate) idle.push(this.#deflate);
    this.#deflate = undefined;
  }

  async #block(last: boolean): Promise<void> {
    if (!this.#deflate) return;
    // Nobody reads a zip that grows by more than that, wherever it is in it.
    const stored = this.bytesIn > mostInflated(this.bytesOut);
    const deflated = this.#keep(this.#deflate.deflate(last, stored));
    this.bytesOut += deflated.length;
    await this.#check.write(deflated, this.bytesIn);
  }
}
