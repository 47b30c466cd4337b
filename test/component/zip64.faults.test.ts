/**
 * Beyond 4 GiB, where a zip needs other records: written as a statement is, opened by what people
 * open zips with. `LARGE_ZIPS=1` adds what takes a minute: a zip that is larger itself, and a whole
 * statement.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipArchive } from "archiver";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { deflateInBlocks } from "../../functions/statement-builder/zip/zip-blocks.ts";
import { holdEnd, type WrittenFiles } from "../../functions/statement-builder/zip/zip-end.ts";
import { sparseFile } from "../support/zips/sparse-file.ts";
import { JANUARY, snapshotOf } from "../support/statements/sample-statement.ts";
import { lentRows } from "../support/bank/text-protocol.ts";
import { run, zipOf } from "../support/statements/statement.ts";
import { bsdtar, sevenZip } from "../support/programs/zip-programs.ts";

const MIB = 1024 * 1024;
const LARGE = 4_100;
const LARGE_BYTES = LARGE * MIB;
const ALSO_MINUTES = process.env["LARGE_ZIPS"] === "1";
const TIMEOUT_MS = 15 * 60_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zip64-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }), TIMEOUT_MS);

/** A small file, a large one and a small one, through the parts that write a statement's zip. */
async function writeZip(path: string, deflateLevel: number): Promise<void> {
  const archive = new ZipArchive({ zlib: { level: 1 } });
  const written: WrittenFiles = { files: [], isComplete: false };
  const fail = (error: Error): unknown => archive.destroy(error);
  deflateInBlocks(archive, {
    level: deflateLevel,
    isTable: (name) => deflateLevel > 0 && name.endsWith(".csv"),
    onError: fail,
  });
  const onDisk = pipeline(archive, holdEnd(written, 8), sparseFile(path));
  const add = async (name: string, bytes: number, content: Buffer | Readable): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    archive.once("entry", () => resolve(undefined));
    archive.append(content, { name });
    await promise;
    written.files.push({ path: name, bytes });
  };
  const block = Buffer.alloc(MIB);
  const blocks = Readable.from(Array<Buffer>(LARGE).fill(block), { objectMode: false });
  await add("first.txt", 5, Buffer.from("first"));
  await add("large.csv", LARGE_BYTES, blocks);
  await add("last.txt", 4, Buffer.from("last"));
  written.isComplete = true;
  await archive.finalize();
  await onDisk;
}

const PYTHON = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    assert zip.testzip() is None
    print([(info.filename, info.file_size) for info in zip.infolist()], zip.read("last.txt"))
`;

const ZIPS = [
  ["whose bytes are few", 1],
  ...(ALSO_MINUTES ? ([["in a zip beyond 4 GiB", 0]] as const) : []),
] as const;

describe.each(ZIPS)("a file beyond 4 GiB %s", (_, level) => {
  let file = "";
  beforeAll(async () => {
    file = join(folder, `level-${level}.zip`);
    await writeZip(file, level);
  }, TIMEOUT_MS);

  test("is listed by Info-ZIP, which reads what is behind it", async () => {
    const { stdout } = await run("unzip", ["-Z", file]);
    expect(stdout).toMatch(new RegExp(` 4\\.5 unx +${LARGE_BYTES} b. defN .* large\\.csv$`, "m"));
    expect((await run("unzip", ["-p", file, "last.txt"])).stdout).toBe("last");
  });

  test(
    "is read by Python to its checksum",
    async () => {
      const { stdout } = await run("python3", ["-c", PYTHON, file]);
      expect(stdout.trim()).toBe(
        `[('first.txt', 5), ('large.csv', ${LARGE_BYTES}), ('last.txt', 4)] b'last'`,
      );
    },
    TIMEOUT_MS,
  );

  test(
    "is read by 7-Zip to its checksum",
    async () => {
      const { stdout } = await (await sevenZip()).run("t", file);
      expect(stdout).toContain("Everything is Ok");
      expect(stdout).toContain(`Size:       ${LARGE_BYTES + 9}`);
    },
    TIMEOUT_MS,
  );

  test(
    "is read by libarchive, from the file and from a pipe",
    async () => {
      const program = await bsdtar();
      expect((await program.run("-xOf", file, "last.txt")).stdout).toBe("last");
      expect((await program.fed(file, "-xOf", "-", "last.txt")).stdout).toBe("last");
    },
    TIMEOUT_MS,
  );
});

if (ALSO_MINUTES) {
  test(
    "a statement beyond 4 GiB verifies",
    async () => {
      const file = join(folder, "statement.zip");
      const rows = 70_000;
      // Deflated to a hundredth: a reader takes what shrinks much further for an attack.
      const words = Array.from({ length: 2_000 }, (_, n) => (n * 2_654_435_761).toString(36));
      const description = words
        .join(" ")
        .repeat(4)
        .slice(0, 64 * 1024);
      // eslint-disable-next-line @typescript-eslint/require-await -- rows in memory need no waiting
      async function* batches() {
        for (let n = 1; n <= rows; n += 1) {
          const day = "2026-01-05";
          const money = ["0.0100", "EUR", (n / 100).toFixed(4)];
          yield lentRows([
            [
              "acme-1",
              String(n),
              day,
              `${day} 10:00:00.000000`,
              day,
              "BOOK",
              ...money,
              "FEE",
              description,
              null,
              null,
              null,
              null,
            ],
          ]);
        }
      }
      const balances = [
        { accountId: "acme-1", currency: "EUR", opening: 0n, closing: BigInt(rows) },
      ];
      const snapshot = snapshotOf([], { rows, balances, batches });
      await pipeline(zipOf(JANUARY, snapshot, "fast"), createWriteStream(file));

      const checked = await verifyStatement(createReadStream(file));
      expect(checked).toMatchObject({ ok: true, manifest: { rows } });
      const { stdout } = await run("unzip", ["-t", file]);
      expect(stdout).toContain("No errors detected in compressed data");
    },
    TIMEOUT_MS,
  );
}
