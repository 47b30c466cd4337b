/**
 * What is written of a document, as bytes from the start. A text for each operator and each number would be most of
 * the garbage of a row, and pdfkit would make an array of bytes, and a chunk of its stream, of each line it hands on.
 */

const ROOM_BYTES = 64 * 1024;

/** Of a font: the glyphs of code points. */
export interface GlyphTable {
  /** By UTF-16 units, as far as they were found; else 0. */
  readonly known: Uint16Array;
  readonly find: (codePoint: number) => number;
}

export class PdfBytes {
  #room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #filled = 0;
  #taken = 0;

  /** How many there are, with those that were taken. */
  get count(): number {
    return this.#taken + this.#filled;
  }

  /** As pdfkit writes: a text is a line of Latin-1, bytes stand as they are. */
  line(data: string | Uint8Array): void {
    if (typeof data === "string") {
      this.text(data).text("\n");
      return;
    }
    this.#need(data.length);
    this.#room.set(data, this.#filled);
    this.#filled += data.length;
  }

  /** Latin-1. */
  text(text: string): this {
    const { length } = text;
    this.#need(length);
    if (length > LONG) this.#room.write(text, this.#filled, "latin1");
    else {
      const room = this.#room;
      const from = this.#filled;
      for (let i = 0; i < length; i += 1) room[from + i] = text.charCodeAt(i);
    }
    this.#filled += length;
    return this;
  }

  /** To the hundredth. */
  number(value: number): this {
    const hundredths = Math.round(Math.abs(value) * 100);
    if (value < 0 && hundredths > 0) this.text("-");
    const fraction = hundredths % 100;
    this.#digits((hundredths - fraction) / 100, 1);
    if (fraction > 0) this.text(".").#digits(fraction, 2);
    return this;
  }

  /** A string of glyphs, two bytes each. */
  glyphs(text: string, { known, find }: GlyphTable): this {
    // Each byte may need a backslash.
    this.#need(4 * text.length + 2);
    const room = this.#room;
    let at = this.#filled;
    room[at++] = OPEN;
    for (let i = 0; i < text.length; i += 1) {
      let glyph = known[text.charCodeAt(i)] as number;
      if (glyph === 0) {
        const codePoint = text.codePointAt(i) as number;
        if (codePoint > 0xffff) i += 1;
        glyph = find(codePoint);
      }
      const high = glyph >> 8;
      const low = glyph & 0xff;
      if (ESCAPES[high]) room[at++] = BACKSLASH;
      room[at++] = ESCAPES[high] || high;
      if (ESCAPES[low]) room[at++] = BACKSLASH;
      room[at++] = ESCAPES[low] || low;
    }
    room[at++] = CLOSE;
    this.#filled = at;
    return this;
  }

  /** All since the last time. */
  take(): Buffer {
    const taken = Buffer.from(this.#room.subarray(0, this.#filled));
    this.#taken += this.#filled;
    this.#filled = 0;
    return taken;
  }

  #digits(whole: number, least: number): void {
    let length = least;
    for (let power = 10 ** least; power <= whole; power *= 10) length += 1;
    this.#need(length);
    for (let at = this.#filled + length - 1; at >= this.#filled; at -= 1) {
      this.#room[at] = ZERO + (whole % 10);
      whole = Math.floor(whole / 10);
    }
    this.#filled += length;
  }

  #need(bytes: number): void {
    if (this.#room.length - this.#filled >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.#room.length + bytes);
    this.#room.copy(larger, 0, 0, this.#filled);
    this.#room = larger;
  }
}

/** The way into native code costs more than a short text does. */
const LONG = 80;
const [ZERO, OPEN, CLOSE, BACKSLASH] = [0x30, 0x28, 0x29, 0x5c];
/** What stands behind a backslash in a string; readers take the end of a line for a line feed. */
const ESCAPES = new Uint8Array(256);
for (const byte of [OPEN, CLOSE, BACKSLASH]) ESCAPES[byte] = byte;
ESCAPES[0x0d] = "r".charCodeAt(0);
