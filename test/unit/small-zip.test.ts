/** The zip of a small statement is what archiver makes of its files, and waits for whoever reads it. */
import { jest } from "@jest/globals";
import { ZipArchive } from "archiver";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { SEAL_BYTES } from "../../functions/verification/zip/zip-seal.ts";
import { BALANCES_FILE } from "../../functions/domain/manifest.ts";
import {
  makeSmallZip,
  type SmallZipOptions,
} from "../../functions/statement-builder/zip/small-zip.ts";
import { deflateInBlocks } from "../../functions/statement-builder/zip/zip-blocks.ts";
import { descriptor } from "../../functions/statement-builder/zip/zip-records.ts";
import { tableOf } from "../support/zips/deflate-inputs.ts";

const DATE = Date.UTC(2026, 1, 28, 23, 59, 59, 999);

function smallZip(write: SmallZipOptions["write"], signal = new AbortController().signal) {
  return makeSmallZip({ level: 4, date: DATE, signal, write });
}

// eslint-disable-next-line @typescript-eslint/require-await -- bytes in memory need no waiting
async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

/** archiver's own, with the deflate of a large statement. */
async function archived(files: Readonly<Record<string, Buffer>>, tables: readonly string[]) {
  const archive = new ZipArchive({ zlib: { level: 4 } });
  const onError = (error: Error): void => void archive.destroy(error);
  deflateInBlocks(archive, { level: 4, isTable: (path) => tables.includes(path), onError });
  const zip = buffer(archive);
  for (const [name, content] of Object.entries(files)) {
    archive.append(content, { name, date: new Date(DATE), mode: 0o644 });
    await once(archive, "entry");
  }
  await archive.finalize();
  return await zip;
}

test.each([[300], [131_072], [900_000]])(
  "byte for byte as archiver's, with a table of %d bytes",
  async (bytes) => {
    const table = tableOf(bytes);
    const files = {
      "README.txt": Buffer.from("Ein Kontoauszug, für Zoë.\n".repeat(40)),
      "transactions.csv": table,
      [BALANCES_FILE]: tableOf(20_000, 7),
      SHA256SUMS: Buffer.from("-"),
    };
    const zip = await buffer(
      smallZip(async (addFile) => {
        for (const [name, content] of Object.entries(files)) {
          const file = await addFile(
            name,
            "text/plain",
            content === table ? piecesOf(table) : content,
          );
          expect(file).toMatchObject({ path: name, bytes: content.length });
        }
      }),
    );
    const expected = await archived(files, ["transactions.csv"]);
    // But for the seal in the place of no comment, and its length in front of it.
    const end = expected.length - 2;
    expect(zip.subarray(0, end).equals(expected.subarray(0, end))).toBe(true);
    expect(zip.readUInt16LE(end)).toBe(SEAL_BYTES);
    expect(zip.length).toBe(expected.length + SEAL_BYTES);
  },
);

test("a reader who is behind is waited for", async () => {
  const [blocks, blockBytes] = [200, 100_000];
  let made = 0;
  const noise = async function* () {
    for (; made < blocks; made += 1)
      yield await Promise.resolve(randomFillSync(Buffer.alloc(blockBytes)));
  };
  const zip = smallZip(async (addFile) => {
    await addFile("transactions.csv", "text/csv", noise());
  });
  let read = 0;
  let most = 0;
  for await (const piece of zip as AsyncIterable<Buffer>) {
    most = Math.max(most, made * blockBytes - read);
    read += piece.length;
  }
  expect(read).toBeGreaterThan(blocks * blockBytes);
  // What may wait, and the pieces on their way.
  expect(most).toBeLessThan(3_000_000);
});

test.each(["abort", "close"] as const)("after an %s no more rows are asked for", async (how) => {
  const abort = new AbortController();
  const endless = jest.fn(() => Promise.resolve(tableOf(100_000)));
  const rows = async function* () {
    for (;;) yield await endless();
  };
  let failed: unknown;
  const zip = smallZip(async (addFile) => {
    await addFile("transactions.csv", "text/csv", rows()).catch((error: unknown) => {
      failed = error;
      throw error;
    });
  }, abort.signal);
  const [first] = (await once(zip, "data")) as [Buffer];
  expect(first.length).toBeGreaterThan(0);
  const closed = finished(zip).catch((error: unknown) => error);
  if (how === "abort") abort.abort(new Error("nobody waits any more"));
  else zip.destroy(new Error("the reader has gone"));
  expect(await closed).toMatchObject({
    message: how === "abort" ? "nobody waits any more" : "the reader has gone",
  });
  while (failed === undefined) await new Promise(setImmediate);
  const asked = endless.mock.calls.length;
  await new Promise(setImmediate);
  expect(endless).toHaveBeenCalledTimes(asked);
});

test("one of 4 GiB is refused, which has no place for its length", () => {
  const written = { offset: 0, crc32: 0, deflatedBytes: 1, bytes: 2 ** 32 - 1 };
  expect(() => descriptor(written)).toThrow(RangeError);
  expect(descriptor({ ...written, bytes: 2 ** 32 - 2 }).readUInt32LE(12)).toBe(2 ** 32 - 2);
});
