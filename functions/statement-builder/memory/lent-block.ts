/**
 * Who may still read a buffer. Rows and lines of a large statement pass through the same few blocks
 * of memory again and again: new memory for each would have the garbage collector look through the
 * heap all the time. So a block is lent, by whoever filled it to whoever reads it next, and whoever
 * has read it gives it back.
 *
 *   room ─▶ filled ─▶ lend ─▶ bytes … bytes ─▶ release ─▶ room
 *                       └─▶ handOn ─▶ (a stream) ─▶ giveBack ─┘
 *
 * A reader that comes too late would show one customer's rows to another. `bytes` throws then; and
 * where a test asks for it, released memory is overwritten, so that a slice that somebody kept, or
 * another thread still reads, is seen as well. A block that nobody gives back costs memory, no more.
 */

/** Bytes that are good until they are given back. */
export interface LentBlock {
  /** To be read now and not kept. @throws Error after the release */
  readonly bytes: Buffer;
  /** Nobody reads it any more: its memory is used again. @throws Error the second time */
  release(): void;
  /** The bytes, for a stream that knows nothing of loans; at its end each of its readers says `giveBack`. */
  handOn(readers?: number): Buffer;
}

interface HandedOn {
  readonly bytes: number;
  /** Who have not given it back yet. */
  readers: number;
  readonly loan: LentBlock;
}

/** By their memory, the loans that went into a stream. */
const handedOn = new WeakMap<ArrayBufferLike, HandedOn>();

/**
 * Ends the loan of bytes that came out of a stream. Has no effect on bytes that were never lent, and
 * none on a part of a loan: then somebody else may be reading the rest.
 */
export function giveBack(bytes: Uint8Array): void {
  const handed = handedOn.get(bytes.buffer);
  if (handed?.bytes !== bytes.length) return;
  handed.readers -= 1;
  if (handed.readers === 0) handed.loan.release();
}

/** What tests write over released memory. */
let poison: number | undefined;

/** For tests: from now on a block is filled with this byte as soon as it is given back. */
export function poisonReleased(byte: number | undefined): void {
  poison = byte;
}

/** Lends what was filled; `whenReleased` is told when nobody reads it any more. */
export function lend(bytes: Buffer, whenReleased: () => void = () => undefined): LentBlock {
  let released = false;
  const loan: LentBlock = {
    get bytes() {
      if (released) throw new Error("a block was read after it was given back");
      return bytes;
    },
    release() {
      if (released) throw new Error("a block was given back twice");
      released = true;
      handedOn.delete(bytes.buffer);
      if (poison !== undefined) bytes.fill(poison);
      whenReleased();
    },
    handOn(readers = 1) {
      handedOn.set(bytes.buffer, { bytes: bytes.length, readers, loan });
      return loan.bytes;
    },
  };
  return loan;
}

/** Blocks of memory that are filled, lent, and filled again once they have come back. */
export class BlockPool {
  readonly #leastBytes: number;
  readonly #mostBytes: number;
  readonly #mostSpare: number;
  readonly #spare: Buffer[] = [];

  /**
   * @param leastBytes of a new block
   * @param mostBytes of one that is kept when it comes back
   * @param mostSpare blocks that are kept
   */
  constructor(leastBytes: number, mostBytes = leastBytes, mostSpare = Infinity) {
    this.#leastBytes = leastBytes;
    this.#mostBytes = mostBytes;
    this.#mostSpare = mostSpare;
  }

  /** Memory of at least so many bytes, with anything in it. */
  room(bytes: number): Buffer {
    const spare = this.#spare.pop();
    if (spare && spare.length >= bytes) return spare;
    if (spare && bytes > this.#mostBytes) this.#spare.push(spare);
    // Its memory is its own: Node's other buffers share some.
    return Buffer.allocUnsafeSlow(Math.max(bytes, this.#leastBytes));
  }

  /** Lends the first bytes of a room. */
  lend(room: Buffer, bytes: number): LentBlock {
    return lend(room.subarray(0, bytes), () => {
      const isKept = room.length <= this.#mostBytes && this.#spare.length < this.#mostSpare;
      if (isKept) this.#spare.push(room);
    });
  }

  /**
   * Lends them for the last time: with the release the memory is free, and who comes too late finds nothing. The
   * garbage collector would find it only where it looks through all of the heap, and would do that more often.
   */
  lendLast(room: Buffer, bytes: number): LentBlock {
    const { buffer } = room;
    return lend(room.subarray(0, bytes), () => {
      if (buffer instanceof ArrayBuffer) buffer.transfer(0);
    });
  }
}
