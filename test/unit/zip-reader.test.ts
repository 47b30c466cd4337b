/** A zip is read whole in one pass, or named damaged: whoever wrote it, however its bytes come. */
import { ZipArchive } from "archiver";
import fc from "fast-check";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { readZip, type EntrySink } from "../../functions/verification/zip/zip-reader.ts";
import { DamagedZip } from "../../functions/verification/zip/zip-records.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";
import { zipFiles, type ZipFile } from "../support/zips/zip-writer.ts";

interface ReadBack {
  readonly files: [name: string, content: string][];
  readonly bytes: number;
}

async function readBack(source: AsyncIterable<Uint8Array>): Promise<ReadBack> {
  const files: [string, string][] = [];
  let bytes = 0;
  const open = (name: string): EntrySink => {
    const parts: Uint8Array[] = [];
    return {
      write: (part) => void parts.push(Uint8Array.from(part)),
      end: () => void files.push([name, Buffer.concat(parts).toString()]),
    };
  };
  await readZip(source, open, (part) => (bytes += part.length));
  return { files, bytes };
}

/** Sizes behind the data, as a stream needs it. */
async function archive(
  files: readonly ZipFile[],
  options: { level: number; forceZip64?: boolean },
): Promise<Buffer> {
  const { level, forceZip64 = false } = options;
  const zip = new ZipArchive({ zlib: { level }, forceZip64 });
  for (const [name, content] of files) {
    zip.append(Readable.from([Buffer.from(content)], { objectMode: false }), { name });
  }
  const [bytes] = await Promise.all([buffer(zip), zip.finalize()]);
  return bytes;
}

const FILES: ZipFile[] = [
  ["first.txt", "first "],
  ["Zoë/日本.txt", "statement ".repeat(5_000)],
  ["empty", ""],
];
/** What a descriptor or a header begins with, inside of the data. */
const MISLEADING: ZipFile[] = [
  ["a", "PK\x07\x08".repeat(100)],
  ["b", ` PK\x07\x08${"\0".repeat(12)}PK\x03\x04`.repeat(50)],
  ["c", "PPPPKPK\x01\x02PK\x05\x06"],
];

describe("every way an entry may be written", () => {
  test.each([
    ["streamed, deflated", () => archive(FILES, { level: 6 })],
    ["streamed, deflated without compression", () => archive(FILES, { level: 0 })],
    ["streamed, zip64", () => archive(FILES, { level: 6, forceZip64: true })],
    ["sizes in front, deflated", () => Promise.resolve(zipFiles(FILES))],
    ["sizes in front, stored", () => Promise.resolve(zipFiles(FILES, { method: 0 }))],
    ["a comment", () => Promise.resolve(zipFiles(FILES, { comment: "of the bank" }))],
  ])("%s", async (_, make) => {
    const zip = await make();
    for (const size of [1, 7, 4096, zip.length]) {
      expect(await readBack(chunks(zip, size))).toEqual({ files: FILES, bytes: zip.length });
    }
  });

  test.each([false, true])("data that looks like headers, zip64 %s", async (forceZip64) => {
    const zip = await archive(MISLEADING, { level: 0, forceZip64 });
    for (const size of [1, 13, zip.length]) {
      expect((await readBack(chunks(zip, size))).files).toEqual(MISLEADING);
    }
  });

  test("any files in any chunks", async () => {
    const file = fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.string({ unit: "binary" }));
    const files = fc.uniqueArray(file, { selector: ([name]) => name, maxLength: 4 });
    const level = fc.constantFrom(0, 6);
    await fc.assert(
      fc.asyncProperty(
        files,
        level,
        fc.integer({ min: 1, max: 64 }),
        async (given, method, size) => {
          const zip = zipFiles(given, { method: method === 0 ? 0 : 8 });
          expect((await readBack(chunks(zip, size))).files).toEqual(given);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a zip without an entry", async () => {
    expect((await readBack(chunks(zipFiles([])))).files).toEqual([]);
  });
});

describe("a zip that is not whole is damaged", () => {
  test("cut anywhere", async () => {
    for (const zip of [zipFiles(FILES), await archive(FILES, { level: 6, forceZip64: true })]) {
      for (let length = 0; length < zip.length; length += length < zip.length - 400 ? 13 : 1) {
        const cut = readBack(chunks(zip.subarray(0, length), zip.length));
        await expect(cut).rejects.toBeInstanceOf(DamagedZip);
      }
    }
  });

  test("bytes behind it", async () => {
    for (const more of ["\0", "PK\x03\x04", "\n"]) {
      const zip = Buffer.concat([zipFiles(FILES), Buffer.from(more)]);
      await expect(readBack(chunks(zip))).rejects.toBeInstanceOf(DamagedZip);
    }
  });

  test("bytes in front of it", async () => {
    const zip = Buffer.concat([Buffer.from("\0"), zipFiles(FILES)]);
    await expect(readBack(chunks(zip))).rejects.toBeInstanceOf(DamagedZip);
  });

  test("no zip at all", async () => {
    const page = Buffer.from("<html>503 Service Unavailable</html>");
    for (const bytes of [page, Buffer.alloc(0)]) {
      const read = readBack(chunks(bytes));
      await expect(read).rejects.toEqual(new DamagedZip("it is no zip"));
    }
  });

  test("a method other than stored and deflated", async () => {
    const zip = zipFiles(FILES, { method: 12 });
    await expect(readBack(chunks(zip))).rejects.toThrow("unknown method");
  });

  test("an entry in the directory alone, and one that the directory lacks", async () => {
    const [one, two] = [zipFiles(FILES.slice(0, 1)), zipFiles(FILES.slice(0, 2))];
    const directoryOf = (zip: Buffer) => zip.subarray(zip.indexOf("PK\x01\x02"));
    const entriesOf = (zip: Buffer) => zip.subarray(0, zip.indexOf("PK\x01\x02"));
    for (const [entries, directory] of [
      [one, two],
      [two, one],
    ] as const) {
      const zip = Buffer.concat([entriesOf(entries), directoryOf(directory)]);
      await expect(readBack(chunks(zip))).rejects.toBeInstanceOf(DamagedZip);
    }
  });

  test("a flipped bit in what the zip says twice", async () => {
    for (const zip of [zipFiles(FILES), await archive(FILES, { level: 6 })]) {
      const directory = zip.indexOf("PK\x01\x02");
      // Method, checksum and sizes; the offset in the directory; counts in the end record.
      const local = Array.from({ length: 18 }, (_, i) => 8 + i);
      const central = [10, 16, 20, 24, 34, 42].map((at) => directory + at);
      const end = [4, 6, 8, 10, 12, 16].map((at) => zip.length - 22 + at);
      for (const at of [...local, ...central, ...end]) {
        const damaged = Buffer.from(zip);
        damaged.writeUInt8(damaged.readUInt8(at) ^ 0x04, at);
        await expect(readBack(chunks(damaged, zip.length))).rejects.toBeInstanceOf(DamagedZip);
      }
    }
  });
});

describe("errors that are not the zip's come through as they are", () => {
  test("the source's, wherever it breaks", async () => {
    const zip = await sampleZip();
    const broken = new TypeError("terminated");
    for (let whole = 0; whole < zip.length; whole += 97) {
      const source = async function* () {
        yield* chunks(zip.subarray(0, whole), 50);
        throw broken;
      };
      await expect(readBack(source())).rejects.toBe(broken);
    }
  });

  test("the sink's", async () => {
    const full = new Error("no space left");
    const sinks: EntrySink[] = [
      { write: () => raise(full), end: () => undefined },
      { write: () => undefined, end: () => raise(full) },
    ];
    for (const sink of sinks) {
      const reading = readZip(
        chunks(zipFiles(FILES)),
        () => sink,
        () => undefined,
      );
      await expect(reading).rejects.toBe(full);
    }
  });
});

function raise(error: Error): never {
  throw error;
}

test("a source is closed in the end, also when the zip is damaged at its start", async () => {
  for (const zip of [zipFiles(FILES), Buffer.from("no zip, and much more of it")]) {
    let closed = false;
    const source = async function* () {
      try {
        yield* chunks(zip, 4);
        yield* chunks(Buffer.alloc(10));
      } finally {
        closed = true;
      }
    };
    await readBack(source()).catch(() => undefined);
    expect(closed).toBe(true);
  }
});
