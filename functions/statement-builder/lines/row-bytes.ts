/**
 * Where the values of a row are among the bytes of the text protocol: behind the header of its packet
 * each is a length-encoded string, one behind the other.
 */
import { SELECTED_COLUMNS } from "../../domain/columns.ts";
import { HEADER_BYTES } from "../source/packet-reader.ts";

/** Values of a row. */
export const VALUES = SELECTED_COLUMNS.length;

/** A length-encoded string of no bytes at all, and the marks of longer lengths. */
const [NULL, TWO_BYTES, THREE_BYTES] = [0xfb, 0xfc, 0xfd];

/** Finds the values of the row at `from`, NULL as an empty one; answers where the next row is. */
export function readRow(block: Buffer, from: number, starts: Int32Array, ends: Int32Array): number {
  let at = from + HEADER_BYTES;
  for (let column = 0; column < VALUES; column++) {
    let length = block[at++] ?? NULL;
    if (length === NULL) length = 0;
    else if (length > NULL) {
      const bytes = length === TWO_BYTES ? 2 : length === THREE_BYTES ? 3 : 8;
      length = bytes === 8 ? Number(block.readBigUInt64LE(at)) : block.readUIntLE(at, bytes);
      at += bytes;
    }
    starts[column] = at;
    at += length;
    ends[column] = at;
  }
  if (at > block.length) throw new Error("a row of another shape than was asked for");
  return at;
}

export function isAscii(bytes: Buffer, from: number, to: number): boolean {
  let all = 0;
  for (let i = from; i < to; i++) all |= bytes[i] ?? 0;
  return all < 0x80;
}
