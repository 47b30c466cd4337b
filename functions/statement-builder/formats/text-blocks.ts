/** The bytes of a file that is written as text, piece by piece: flat memory, and few buffers. */
import { BlockPool } from "../memory/lent-block.ts";

/** A block is full with so many bytes, and has room for one more piece. */
const [FULL_BYTES, ROOM_BYTES] = [32 * 1024, 40 * 1024];
/** UTF-8 of a UTF-16 unit, at most. */
const BYTES_A_UNIT = 3;

/**
 * UTF-8 of all pieces one behind the other, in blocks of tens of kilobytes. Each piece becomes bytes at once: what
 * texts are joined of would outlive a collection of garbage or two while it waits for the block to be full.
 */
export async function* inBlocks(
  batches: AsyncIterable<Iterable<string>>,
): AsyncGenerator<Buffer, void, undefined> {
  const pool = new BlockPool(0, ROOM_BYTES);
  let block = pool.room(ROOM_BYTES);
  let filled = 0;
  for await (const pieces of batches) {
    for (const piece of pieces) {
      const needed = piece.length * BYTES_A_UNIT;
      if (filled >= FULL_BYTES || block.length - filled < needed) {
        if (filled > 0) yield pool.lend(block, filled).handOn();
        block = pool.room(Math.max(needed, ROOM_BYTES));
        filled = 0;
      }
      filled += block.write(piece, filled);
    }
  }
  if (filled > 0) yield pool.lend(block, filled).handOn();
}

/** What is written for each row, one at a time. */
export function* eachRow<Row>(
  rows: Iterable<Row>,
  write: (row: Row) => string,
): Generator<string, void, undefined> {
  for (const row of rows) yield write(row);
}
