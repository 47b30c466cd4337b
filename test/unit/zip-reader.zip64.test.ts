/** Entries beyond 4 GiB as archiver writes them; the limit is lowered, the bytes are its own. */
import { jest } from "@jest/globals";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { ZipArchive } from "archiver";
import { readZip } from "../../functions/verification/zip/zip-reader.ts";
import { problemOfEnd } from "../../functions/statement-builder/zip/zip-end.ts";
import { chunks } from "../support/statements/sample-statement.ts";

const LARGE = 10_000;

/** Only once the data was written is an entry's size known, and with it whether zip64 is needed. */
async function archived(): Promise<Buffer> {
  const { default: Entry } = (await import(
    new URL(
      "../../node_modules/compress-commons/lib/archivers/zip/zip-archive-entry.js",
      import.meta.url,
    ).href
  )) as { default: { prototype: { isZip64(): boolean; getSize(): number } } };
  const limit = jest.spyOn(Entry.prototype, "isZip64").mockImplementation(function (this: {
    getSize(): number;
  }) {
    return this.getSize() >= LARGE;
  });
  try {
    const archive = new ZipArchive();
    archive.append(Readable.from([Buffer.from("small")]), { name: "a.txt" });
    archive.append(Readable.from([Buffer.alloc(LARGE, "x")]), { name: "b.txt" });
    archive.append(Readable.from([Buffer.from("behind")]), { name: "c.txt" });
    const whole = buffer(archive);
    await archive.finalize();
    expect(limit).toHaveBeenCalled();
    return await whole;
  } finally {
    limit.mockRestore();
  }
}

async function sizes(zip: Uint8Array): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  await readZip(
    chunks(zip, 100),
    (name) => ({
      write: (bytes) => (found[name] = (found[name] ?? 0) + bytes.length),
      end: () => undefined,
    }),
    () => undefined,
  );
  return found;
}

test("an entry that turned out to be large is read, and its zip's end is right", async () => {
  const zip = await archived();
  expect(await sizes(zip)).toEqual({ "a.txt": 5, "b.txt": LARGE, "c.txt": 6 });
  const files = [
    { path: "a.txt", bytes: 5 },
    { path: "b.txt", bytes: LARGE },
    { path: "c.txt", bytes: 6 },
  ];
  expect(problemOfEnd(zip, zip.length, files)).toBeUndefined();
});

test("another size in its zip64 field is seen", async () => {
  const zip = await archived();
  const at = zip.indexOf("b.txt", zip.indexOf("PK\u0001\u0002"));
  zip.writeBigUInt64LE(BigInt(LARGE + 1), at + 5 + 4);
  await expect(sizes(zip)).rejects.toThrow(
    "b.txt: it and the zip's list of its files (the central directory) differ",
  );
});
