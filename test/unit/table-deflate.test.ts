/**
 * The deflate for tables writes what zlib reads back, the same bytes each time.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { TableDeflate } from "../../functions/statement-builder/zip/table-deflate/table-deflate.ts";
import { deflated, noiseOf, proseOf, repeated, tableOf } from "../support/zips/deflate-inputs.ts";

const BLOCK = 128 * 1024;
const EDGES = [0, 1, 2, 5, 63, 64, 65, BLOCK - 1, BLOCK, BLOCK + 1, 8 * BLOCK, 9 * BLOCK + 12_345];

test.each(EDGES)("%d bytes of a table come back", (bytes) => {
  const input = tableOf(bytes);
  expect(inflateRawSync(deflated(input)).equals(input)).toBe(true);
});

/** Inputs that are hard on one part of it or another, with the largest share of zlib's bytes at its level 4. */
const INPUTS: readonly (readonly [string, Buffer, number])[] = [
  ["a table", tableOf(3e6), 1],
  [
    "a table of one column",
    Buffer.from(Array.from({ length: 3e5 }, (_, n) => `${n * n}\n`).join("")),
    1.01,
  ],
  ["words", proseOf(1e6), 1.25],
  [
    "a table that turns into words and back",
    Buffer.concat([tableOf(4e5), proseOf(4e5), tableOf(4e5)]),
    1.1,
  ],
  ["noise", noiseOf(600_000), 1.001],
  ["one line over and over", repeated("1,2026-01-05,DBIT,-1.00,Rent flat 7\r\n", 3e6), 2],
  ["separators alone", repeated(",\n,,\n", 1e6), 6],
  ["commas alone", repeated(",", 1e6), 6],
  ["line feeds alone", repeated("\n", 1e6), 6],
  ["one digit", repeated("7", 1e6), 6],
  ["zeros", Buffer.alloc(1e6), 6],
  ["one row that is longer than all windows", repeated("Rent,flat;", 900_000), 6],
  ["bytes beyond ASCII", repeated("ÄÖÜ,ß€😀\n", 1e6), 6],
];

test.each(INPUTS)("%s: comes back, and is as small as promised", (_, input, share) => {
  const output = deflated(input);
  expect(inflateRawSync(output).equals(input)).toBe(true);
  const zlib = deflateRawSync(input, { level: 4 }).length;
  expect(output.length / zlib).toBeLessThan(share);
});

test("what cannot be made smaller grows by its headers only", () => {
  const input = noiseOf(5 * BLOCK);
  expect(deflated(input).length).toBeLessThanOrEqual(input.length + 5 * 3 * 5);
});

test("a block that is not full ends the stream, or is refused", () => {
  const deflate = new TableDeflate();
  deflate.take(tableOf(100), 0);
  expect(() => deflate.deflate(false)).toThrow("only the last block of a stream may be short");
});
