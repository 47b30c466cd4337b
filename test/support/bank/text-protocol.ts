/** Rows as a MySQL server sends them. */
import { SELECTED_COLUMNS } from "../../../functions/domain/columns.ts";
import { readRow, VALUES } from "../../../functions/statement-builder/lines/row-bytes.ts";
import { lend, type LentBlock } from "../../../functions/statement-builder/memory/lent-block.ts";
import type { TransactionRow } from "../../../functions/statement-builder/source/transactions-sql.ts";

/**
 * Packets of MySQL's text protocol, one row behind the other. What a row lacks at its end, as columns
 * join there, is NULL.
 */
export function encodeRows(rows: readonly TransactionRow[]): Buffer {
  return Buffer.concat(
    rows.map((row, n) => {
      const values = SELECTED_COLUMNS.map((_, place) => encodeValue(row[place] ?? null));
      return encodePacket(Buffer.concat(values), n);
    }),
  );
}

/** Three bytes of length, the lower 8 bits of its number, and the payload. */
export function encodePacket(payload: Buffer, sequence: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequence % 256, 3);
  return Buffer.concat([header, payload]);
}

/** The same as a batch of the driver's. */
export function lentRows(rows: readonly TransactionRow[]): LentBlock {
  return lend(encodeRows(rows));
}

/** Every row of a block as text; nothing is the same as NULL. */
export function* textRows(block: Buffer): Generator<(string | null)[]> {
  const starts = new Int32Array(VALUES);
  const ends = new Int32Array(VALUES);
  for (let next = 0; next < block.length;) {
    next = readRow(block, next, starts, ends);
    yield Array.from(starts, (start, i) => block.toString("utf8", start, ends[i]) || null);
  }
}

function encodeValue(value: string | null): Buffer {
  if (value === null) return Buffer.of(0xfb);
  const bytes = Buffer.from(value);
  const length = bytes.length;
  if (length < 0xfb) return Buffer.concat([Buffer.of(length), bytes]);
  if (length < 0x1_0000) return Buffer.concat([Buffer.of(0xfc, length & 255, length >> 8), bytes]);
  const head = Buffer.of(0xfd, length & 255, (length >> 8) & 255, length >> 16);
  return Buffer.concat([head, bytes]);
}
