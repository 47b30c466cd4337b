/**
 * What pdfkit writes, gathered: it hands on each operator and each line of an object alone, thousands a page, and
 * would make an array of bytes, and a chunk of its stream, of each.
 */

const ROOM_BYTES = 64 * 1024;

export class PdfLines {
  #room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #filled = 0;

  /** A text is a line of Latin-1, as in pdfkit; bytes stand as they are. Answers how many bytes it is. */
  add(data: string | Uint8Array): number {
    const bytes = typeof data === "string" ? data.length + 1 : data.length;
    if (this.#room.length - this.#filled < bytes) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#room.length + bytes);
      this.#room.copy(larger, 0, 0, this.#filled);
      this.#room = larger;
    }
    if (typeof data === "string") {
      this.#room.write(data, this.#filled, "latin1");
      this.#room[this.#filled + bytes - 1] = LINE_FEED;
    } else this.#room.set(data, this.#filled);
    this.#filled += bytes;
    return bytes;
  }

  /** All since the last time. */
  take(): Buffer {
    const taken = Buffer.from(this.#room.subarray(0, this.#filled));
    this.#filled = 0;
    return taken;
  }
}

const LINE_FEED = 0x0a;
