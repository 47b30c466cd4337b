/** The zip opens with the tools people have, and checks itself with one of them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleZip, snapshotOf } from "../support/sample-statement.ts";
import { run, withZipFile } from "../support/statement.ts";

const FILES = ["README.txt", "transactions.csv", "balances.csv", "manifest.json", "SHA256SUMS"];

const balances = [{ accountId: "acme-1", currency: "EUR", opening: 7n, closing: 7n }];
const ZIPS = [
  ["with rows", () => sampleZip()],
  ["without a row", () => sampleZip(snapshotOf([], { rows: 0, balances }))],
] as const;

describe.each(ZIPS)("a statement %s", (_, make) => {
  test("Info-ZIP finds no fault in it", async () => {
    await withZipFile(await make(), async (_folder, file) => {
      const { stdout } = await run("unzip", ["-t", file]);
      expect(stdout).toContain("No errors detected in compressed data");
      expect(stdout.match(/testing: (\S+)/g)).toEqual(FILES.map((name) => `testing: ${name}`));
    });
  });

  test("its files are plain files that all may read, of a fixed time", async () => {
    await withZipFile(await make(), async (_folder, file) => {
      const { stdout } = await run("unzip", ["-Z", "-T", file]);
      const lines = stdout.split("\n").filter((line) => line.startsWith("-"));
      expect(lines).toHaveLength(FILES.length);
      for (const line of lines) expect(line).toMatch(/^-rw-r--r-- .* 19800101\.000000 /);
    });
  });

  test("Python reads every file of it", async () => {
    const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    assert zip.testzip() is None
    print("\\n".join(zip.namelist()))
`;
    await withZipFile(await make(), async (_folder, file) => {
      const { stdout } = await run("python3", ["-c", program, file]);
      expect(stdout.trim().split("\n")).toEqual(FILES);
    });
  });

  test("sha256sum passes each file, and sees a changed one", async () => {
    await withZipFile(await make(), async (folder, file) => {
      await run("unzip", ["-q", file, "-d", folder]);
      const check = () => run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: folder });
      const { stdout } = await check();
      expect(stdout.trim().split("\n")).toEqual(FILES.slice(0, -1).map((name) => `${name}: OK`));

      await writeFile(join(folder, "balances.csv"), "x", { flag: "a" });
      await expect(check()).rejects.toMatchObject({ code: 1 });
    });
  });
});
