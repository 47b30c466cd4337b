/** The bytes of a file that is written as text, piece by piece: flat memory, and few buffers. */
import { BlockPool, type LentBlock } from "../memory/lent-block.ts";
import type { RowTemplate } from "./row-template.ts";
import type { Rows, StatementRow } from "./statement-format.ts";

/** A block is full with so many bytes, and has room for one more piece. */
const [FULL_BYTES, ROOM_BYTES] = [32 * 1024, 40 * 1024];
/** UTF-8 of a UTF-16 unit, at most. */
const BYTES_A_UNIT = 3;

/**
 * UTF-8 of all pieces one behind the other, in blocks of tens of kilobytes. Each piece becomes bytes of a block at
 * once: what texts are joined of would outlive a collection of garbage or two while it waits for the block to be
 * full, and bytes may be others by then.
 */
export async function* inBlocks(
  batches: AsyncIterable<Iterable<string | Buffer>>,
): AsyncGenerator<Buffer, void, undefined> {
  const pool = new BlockPool(0, ROOM_BYTES);
  let block = pool.room(ROOM_BYTES);
  let filled = 0;
  for await (const pieces of batches) {
    for (const piece of pieces) {
      const needed = typeof piece === "string" ? piece.length * BYTES_A_UNIT : piece.length;
      let full: LentBlock | undefined;
      if (filled >= FULL_BYTES || block.length - filled < needed) {
        if (filled > 0) full = pool.lend(block, filled);
        block = pool.room(Math.max(needed, ROOM_BYTES));
        filled = 0;
      }
      filled += typeof piece === "string" ? block.write(piece, filled) : piece.copy(block, filled);
      if (full) yield full.handOn();
    }
  }
  if (filled > 0) yield pool.lend(block, filled).handOn();
}

/** What is written for each row: by the template where the rows are at hand as bytes, else one at a time. */
export function writtenRows(
  rows: Rows,
  template: RowTemplate,
  write: (row: StatementRow) => string,
): Iterable<string | Buffer> {
  return rows.written?.(template, write) ?? eachRow(rows, write);
}

function* eachRow(
  rows: Iterable<StatementRow>,
  write: (row: StatementRow) => string,
): Generator<string, void, undefined> {
  for (const row of rows) yield write(row);
}
