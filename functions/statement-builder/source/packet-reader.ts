/**
 * What is read from MySQL, cut into whole packets: those of rows for whoever takes rows, all others for
 * the driver, whose own parser takes a function, an object and a copy for each row.
 *
 * The driver keeps hold of what it is given, so it gets a copy. Rows stay in the memory they were read
 * into, which is lent to whoever takes them.
 *
 * A packet is 3 bytes of length, lowest first, one of sequence and the payload:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
import { StatementFailure } from "../../domain/failure.ts";
import { BlockPool, type LentBlock } from "../memory/lent-block.ts";

export const HEADER_BYTES = 4;
/** A payload of this length goes on in the next packet. */
const LONGEST_PAYLOAD = 0xffffff;
/** What comes instead of a row, by the first byte of its payload; a row begins so when it is longer. */
const [ERROR, END, LONGEST_END] = [0xff, 0xfe, 8];

const BLOCK_BYTES = 64 * 1024;
const BATCH_BYTES = 128 * 1024;
/** A batch with less room than this is full: a small read costs as much as a large one. */
const LEAST_ROOM_BYTES = 16 * 1024;

export interface RowTaker {
  /** So many rows have come; they are handed on with others. */
  onReceived(rows: number): void;
  /** Rows as packets, header and all, one behind the other. */
  onBatch(batch: LentBlock): void;
  /** All rows were handed on; the packet of this sequence number goes to the driver. */
  onEnd(sequence: number): void;
  /**
   * What comes is no packet of a row, and nothing behind it is one: with a StatementFailure `invalid_value` where it is
   * a part of one, whose line would be far longer than any may be.
   */
  onBroken(error: Error): void;
}

export class PacketReader {
  readonly #onPackets: (packets: Buffer) => void;
  readonly #batches = new BlockPool(BATCH_BYTES);
  /** For all that is no row. */
  readonly #own = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #block: Buffer = this.#own;
  /** Bytes in the block. */
  #filled = 0;
  /** While rows come: how many of these are whole packets of them. */
  #whole = 0;
  /** While rows come: of the packet behind these. */
  #sequence = 0;
  /** Of this result, so far. */
  #rows = 0;
  /** What comes is not looked at any more. */
  #isBroken = false;
  #expected: RowTaker | undefined;
  #taker: RowTaker | undefined;

  constructor(onPackets: (packets: Buffer) => void) {
    this.#onPackets = onPackets;
  }

  /** The driver gets one packet at a time, until it says that one is a row, or nobody expects rows any more. */
  expectRows(taker: RowTaker | undefined): void {
    this.#expected = taker;
    this.#rows = 0;
  }

  /** The packet that the driver is looking at is the first row: it, and all behind it, are for who expects rows. */
  beginRows(): void {
    this.#taker = this.#expected;
  }

  /** Where the next read goes. */
  room(): Buffer {
    return this.#block.subarray(this.#filled);
  }

  /** To be called when so many bytes were read into `room()`. */
  read(bytes: number): void {
    if (this.#isBroken) return;
    this.#filled += bytes;
    if (this.#taker) this.#takeRows(this.#taker);
    else this.#passOn();
  }

  /** As `read`, of bytes that somebody else has read. */
  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(this.room(), 0, at);
      at += taken;
      this.read(taken);
    }
  }

  #passOn(): void {
    const whole = this.#endOfPackets();
    if (this.#expected) {
      if (this.#passOneByOne(whole)) return;
    } else if (whole > 0) this.#onPackets(Buffer.from(this.#block.subarray(0, whole)));
    this.#keep(whole, this.#roomFor(this.#packetBytes(whole)));
  }

  /**
   * Whether rows have begun. Each packet is copied alone: a copy of the rows behind them would live as long as
   * their query.
   */
  #passOneByOne(whole: number): boolean {
    for (let at = 0; at < whole;) {
      const next = at + this.#packetBytes(at);
      if (this.#expected && next - at === HEADER_BYTES + LONGEST_PAYLOAD) {
        this.#break(this.#expected, this.#longRow());
        return true;
      }
      this.#onPackets(Buffer.from(this.#block.subarray(at, next)));
      if (this.#taker) {
        this.#beginRows(at, this.#taker);
        return true;
      }
      at = next;
    }
    return false;
  }

  #endOfPackets(): number {
    let at = 0;
    for (let next = 0; next <= this.#filled; next += this.#packetBytes(next)) {
      at = next;
      if (this.#filled - at < HEADER_BYTES) break;
    }
    return at;
  }

  /** Of the packet that begins there; 0 before its length is there. */
  #packetBytes(at: number): number {
    return this.#filled - at < HEADER_BYTES ? 0 : HEADER_BYTES + this.#block.readUIntLE(at, 3);
  }

  /** For what the driver gets. */
  #roomFor(bytes: number): Buffer {
    if (bytes <= this.#own.length) return this.#own;
    return bytes <= this.#block.length ? this.#block : Buffer.allocUnsafeSlow(bytes);
  }

  /** Goes on in `room` with what stands from there on. */
  #keep(from: number, room: Buffer): void {
    this.#block.copy(room, 0, from, this.#filled);
    this.#block = room;
    this.#filled -= from;
  }

  /** With the packet that begins there. */
  #beginRows(at: number, taker: RowTaker): void {
    this.#keep(at, this.#batches.room(this.#filled - at + LEAST_ROOM_BYTES));
    this.#whole = 0;
    this.#sequence = this.#block[3] ?? 0;
    this.#takeRows(taker);
  }

  #takeRows(taker: RowTaker): void {
    const block = this.#block;
    const filled = this.#filled;
    let at = this.#whole;
    let rows = 0;
    let isEnd = false;
    // A row has at least the byte that says how long its first value is.
    while (filled - at > HEADER_BYTES) {
      const length = block.readUIntLE(at, 3);
      const first = block[at + HEADER_BYTES];
      isEnd = first === ERROR || (first === END && length <= LONGEST_END);
      if (isEnd) break;
      if (length === 0 || length === LONGEST_PAYLOAD || block[at + 3] !== this.#sequence) {
        const unknown = `a packet of ${length} bytes, number ${block[at + 3]}, is no row`;
        this.#rows += rows;
        this.#break(taker, length === LONGEST_PAYLOAD ? this.#longRow() : new Error(unknown));
        return;
      }
      const next = at + HEADER_BYTES + length;
      if (next > filled) break;
      this.#sequence = (this.#sequence + 1) % 256;
      at = next;
      rows += 1;
    }
    this.#whole = at;
    this.#rows += rows;
    taker.onReceived(rows);
    if (isEnd) this.#endRows(taker);
    else if (block.length - filled < LEAST_ROOM_BYTES) {
      this.#handOn(taker, this.#batches.room(this.#packetBytes(at) + LEAST_ROOM_BYTES));
    }
  }

  #break(taker: RowTaker, error: Error): void {
    this.#isBroken = true;
    this.#filled = 0;
    taker.onBroken(error);
  }

  /** Of the next one. */
  #longRow(): StatementFailure {
    const detail = `row ${this.#rows + 1}`;
    return new StatementFailure("invalid_value", "a row of more than 16 MiB", { detail });
  }

  /** Goes on in `room` with what is no whole row yet. */
  #handOn(taker: RowTaker, room: Buffer): void {
    const batch = this.#batches.lend(this.#block, this.#whole);
    this.#keep(this.#whole, room);
    const isEmpty = this.#whole === 0;
    this.#whole = 0;
    if (isEmpty) batch.release();
    else taker.onBatch(batch);
  }

  #endRows(taker: RowTaker): void {
    const rest = Buffer.from(this.#block.subarray(this.#whole, this.#filled));
    this.#filled = this.#whole;
    this.#handOn(taker, this.#own);
    this.#taker = undefined;
    this.#expected = undefined;
    taker.onEnd(this.#sequence);
    this.feed(rest);
  }
}
