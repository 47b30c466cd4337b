/** The zip opens with the tools people have, and checks itself with one of them. */
import { readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { buffer } from "node:stream/consumers";
import { FORMATS } from "../../functions/domain/statement-options.ts";
import { JANUARY, ROWS, sampleZip, snapshotOf } from "../support/statements/sample-statement.ts";
import { run, withZipFile, zipOf } from "../support/statements/statement.ts";
import { bsdtar, busybox, sevenZip } from "../support/programs/zip-programs.ts";

const PROGRAMS = join(import.meta.dirname, "../support/programs");

const balances = [{ accountId: "acme-1", currency: "EUR", opening: 7n, closing: 7n }];
const PLAIN = ["README.txt", "transactions.csv", "balances.csv", "manifest.json", "SHA256SUMS"];
const EVERY_FORMAT = [
  "README.txt",
  "transactions.csv",
  "balances.csv",
  "statement.pdf",
  "transactions.jsonl",
  "camt.053/acme-1-EUR.xml",
  "camt.053/acme-2-JPY.xml",
  "camt.053/acme-3-BHD.xml",
  "ofx/acme-1-EUR.ofx",
  "ofx/acme-2-JPY.ofx",
  "ofx/acme-3-BHD.ofx",
  "manifest.json",
  "SHA256SUMS",
];
const everyFormat = { ...JANUARY, options: { formats: FORMATS } };
const ZIPS = [
  ["with rows", PLAIN, () => sampleZip()],
  ["without a row", PLAIN, () => sampleZip(snapshotOf([], { rows: 0, balances }))],
  ["in every format", EVERY_FORMAT, () => buffer(zipOf(everyFormat, snapshotOf(ROWS)))],
] as const;

/** Each unpacks a zip into a folder, and fails if it finds a fault. */
const UNPACKING = {
  "Info-ZIP": (file: string, folder: string) => run("unzip", ["-q", file, "-d", folder]),
  Python: (file: string, folder: string) => run("python3", ["-m", "zipfile", "-e", file, folder]),
  "7-Zip": async (file: string, folder: string) =>
    await (await sevenZip()).run("x", `-o${folder}`, file),
  libarchive: async (file: string, folder: string) =>
    await (await bsdtar()).run("-xf", file, "-C", folder),
  "libarchive, from a pipe": async (file: string, folder: string) =>
    await (await bsdtar()).fed(file, "-xf", "-", "-C", folder),
  busybox: async (file: string, folder: string) =>
    await (await busybox()).run("unzip", "-q", file, "-d", folder),
  "Java, as it streams past": (file: string, folder: string) =>
    run("java", [join(PROGRAMS, "java/unzip/Unzip.java"), file, folder]),
  Go: (file: string, folder: string) =>
    run("go", ["run", join(PROGRAMS, "go/unzip/main.go"), file, folder]),
};

async function filesIn(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((one) => one.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

const checkSums = (cwd: string) => run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd });

describe.each(ZIPS)("a statement %s", (_, files, make) => {
  test.each(Object.entries(UNPACKING))(
    "is unpacked by %s to what its sums say",
    async (_, unpack) => {
      await withZipFile(await make(), async (folder, file) => {
        const out = join(folder, "files");
        await run("mkdir", [out]);
        await unpack(file, out);
        expect((await filesIn(out)).toSorted()).toEqual(files.toSorted());
        const { stdout } = await checkSums(out);
        expect(stdout.trim().split("\n")).toEqual(files.slice(0, -1).map((name) => `${name}: OK`));
      });
    },
  );

  test("Info-ZIP and 7-Zip find no fault in it, and the files in their order", async () => {
    await withZipFile(await make(), async (_folder, file) => {
      const infoZip = await run("unzip", ["-t", file]);
      expect(infoZip.stdout).toContain("No errors detected in compressed data");
      expect(infoZip.stdout.match(/testing: (\S+)/g)).toEqual(
        files.map((name) => `testing: ${name}`),
      );
      const program = await sevenZip();
      expect((await program.run("t", file)).stdout).toContain("Everything is Ok");
      const { stdout } = await program.run("l", "-ba", "-slt", file);
      expect(stdout.match(/^Path = .*$/gm)).toEqual(files.map((name) => `Path = ${name}`));
      expect(stdout).not.toMatch(/warning|error/i);
    });
  });

  test("it needs no more than the first version of zip that can be streamed", async () => {
    const zip = await make();
    expect(zip.includes("PK\u0006\u0006") || zip.includes("PK\u0006\u0007")).toBe(false);
    const program = `
import sys, zipfile
for info in zipfile.ZipFile(sys.argv[1]).infolist():
    print(info.filename, info.extract_version, info.extra)
`;
    await withZipFile(zip, async (_folder, file) => {
      const { stdout } = await run("python3", ["-c", program, file]);
      expect(stdout.trim().split("\n")).toEqual(files.map((name) => `${name} 20 b''`));
    });
  });

  test("its files are plain files that all may read, of the time in the ledger", async () => {
    await withZipFile(await make(), async (_folder, file) => {
      const { stdout } = await run("unzip", ["-Z", "-T", file]);
      const lines = stdout.split("\n").filter((line) => line.startsWith("-"));
      expect(lines).toHaveLength(files.length);
      for (const line of lines) expect(line).toMatch(/^-rw-r--r-- .* 20260102\.000000 /);
    });
  });
});

test("sha256sum sees a file that was changed", async () => {
  await withZipFile(await sampleZip(), async (folder, file) => {
    await run("unzip", ["-q", file, "-d", folder]);
    await writeFile(join(folder, "balances.csv"), "x", { flag: "a" });
    await expect(checkSums(folder)).rejects.toMatchObject({ code: 1 });
  });
});
