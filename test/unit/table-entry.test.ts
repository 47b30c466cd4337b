/** A table in the zip: deflated here, read back by zlib there, and never ended unless they agree. */
import { jest } from "@jest/globals";
import { randomFillSync } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { makeStatementZip } from "../../functions/statement-builder/zip/statement-zip.ts";
import { TableDeflate } from "../../functions/statement-builder/zip/table-deflate/table-deflate.ts";
import { BlockPool } from "../../functions/statement-builder/memory/lent-block.ts";
import { InflateCheck } from "../../functions/statement-builder/zip/inflate-check.ts";
import { TableEntry } from "../../functions/statement-builder/zip/table-entry.ts";
import { tableOf } from "../support/zips/deflate-inputs.ts";
import { JANUARY, ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import { factsOf } from "../support/statements/statement.ts";

afterEach(() => jest.restoreAllMocks());

function piecesOf(input: Buffer, bytes: number): Buffer[] {
  const count = Math.ceil(input.length / bytes);
  return Array.from({ length: count }, (_, n) => input.subarray(n * bytes, (n + 1) * bytes));
}

function through(entry: TableEntry, pieces: Iterable<Buffer>): Promise<Buffer> {
  return buffer(Readable.from(pieces, { objectMode: false }).pipe(entry));
}

test.each([0, 1, 131_072, 131_073, 5_000_000])("%d bytes come back", async (bytes) => {
  const input = tableOf(bytes);
  const entry = new TableEntry();
  const output = await through(entry, piecesOf(input, 100_000));
  expect(inflateRawSync(output).equals(input)).toBe(true);
  expect(entry).toMatchObject({
    crc32: crc32(input),
    bytesIn: input.length,
    bytesOut: output.length,
  });
});

test("several at a time do not disturb each other, nor one that is given up", async () => {
  const inputs = [3e5, 4e5, 5e5].map((bytes, n) => tableOf(bytes, n));
  const givenUp = new TableEntry();
  givenUp.write(tableOf(200_000, 9));
  givenUp.destroy();
  const outputs = await Promise.all(
    inputs.map((input) => through(new TableEntry(), piecesOf(input, 10_000))),
  );
  for (const [n, output] of outputs.entries())
    expect(inflateRawSync(output).equals(inputs[n] ?? Buffer.alloc(0))).toBe(true);
  const again = await through(new TableEntry(), [inputs[0] ?? Buffer.alloc(0)]);
  expect(again.equals(outputs[0] ?? Buffer.alloc(0))).toBe(true);
});

test("a chunk is given back once it may be written over", async () => {
  const input = tableOf(3_000_000);
  const pool = new BlockPool(100_000);
  const memories = new Set<ArrayBufferLike>();
  const entry = new TableEntry();
  const output = buffer(entry);
  for (let at = 0; at < input.length; at += 100_000) {
    const room = pool.room(100_000);
    memories.add(room.buffer);
    const chunk = pool.lend(room, input.copy(room, 0, at)).handOn();
    await new Promise((resolve) => entry.write(chunk, resolve));
  }
  entry.end();
  expect(inflateRawSync(await output).equals(input)).toBe(true);
  expect(memories.size).toBe(1);
});

test("lines and deflate go on while zlib is still reading back", async () => {
  const check = new InflateCheck();
  let turned = false;
  const turn = setImmediate(() => (turned = true));
  // More than is read back at once, less than may wait.
  const noise = Array.from({ length: 6 }, () =>
    deflateRawSync(randomFillSync(Buffer.alloc(30_000))),
  );
  for (const [n, piece] of noise.entries()) await check.write(piece, (n + 1) * 100_000);
  expect(turned).toBe(false);
  clearImmediate(turn);
  check.destroy();
});

/** What a wrong module might write in place of its `nth` block. */
const FAULTS: Readonly<Record<string, (block: Buffer, all: readonly Buffer[]) => Buffer>> = {
  "a bit turned in the middle": (block) => turned(block, block.length >> 1),
  "a bit turned at the end": (block) => turned(block, block.length - 1),
  "a byte that is missing": (block) => block.subarray(1),
  "a byte too many": (block) => Buffer.concat([block, Buffer.of(0)]),
  nothing: () => Buffer.alloc(0),
  "the block before once more": (_, all) => all.at(-2) ?? Buffer.alloc(0),
  // Of a fixed block without a byte: the stream ends here, cleanly.
  "an end": () => Buffer.of(3, 0),
};

function turned(block: Buffer, at: number): Buffer {
  const other = Buffer.from(block);
  other[at] = (other[at] ?? 0) ^ 8;
  return other;
}

function injectFault(name: string, nth: number): void {
  const all: Buffer[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with `call`
  const { deflate } = TableDeflate.prototype;
  jest.spyOn(TableDeflate.prototype, "deflate").mockImplementation(function (
    this: TableDeflate,
    last: boolean,
  ) {
    all.push(Buffer.from(deflate.call(this, last)));
    const block = all.at(-1) ?? Buffer.alloc(0);
    return all.length === nth ? (FAULTS[name]?.(block, all) ?? block) : block;
  });
}

test.each(Object.keys(FAULTS).flatMap((name) => [1, 4, 8].map((nth) => [name, nth] as const)))(
  "%s in block %d of 8 is found",
  async (name, nth) => {
    injectFault(name, nth);
    const entry = new TableEntry();
    const output = through(entry, piecesOf(tableOf(8 * 131_072), 100_000));
    await expect(output).rejects.toMatchObject({
      name: "RetryableError",
      code: "deflate_mismatch",
    });
    expect(entry.destroyed).toBe(true);
  },
);

const OPTIONS = { signal: new AbortController().signal };

test("a zip with a fault never ends; with zlib alone it is whole", async () => {
  injectFault("a bit turned in the middle", 1);
  const make = (options: { compression?: "small"; zlibOnly?: boolean }) =>
    makeStatementZip(factsOf(JANUARY), snapshotOf(ROWS), {
      ...{ compression: "balanced", ...OPTIONS, ...options },
    });
  const zip = make({});
  await expect(finished(zip.resume())).rejects.toMatchObject({ code: "deflate_mismatch" });
  for (const options of [{ zlibOnly: true }, { compression: "small" }] as const) {
    expect(await verifyStatement(make(options))).toMatchObject({ ok: true });
  }
});
