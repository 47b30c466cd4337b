/** Rows as a MySQL server sends them. */
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";

/** The length-encoded strings of MySQL's text protocol, one row behind the other. */
export function encodeRows(rows: readonly TransactionRow[]): Buffer {
  return Buffer.concat(rows.flatMap((row) => row.map((value) => encodeValue(value))));
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
