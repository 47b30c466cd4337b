/** `make demo` as a newcomer runs it. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { parseStatementKey } from "../../functions/domain/statement-key.ts";
import { blocksOf, notPrinted } from "../support/document-blocks.ts";
import { startMySql } from "../support/engines/mysql-server.ts";
import { startSeaweedfs } from "../support/engines/seaweedfs.ts";
import { descendantsOf, ownServers, startLocalRun } from "../support/operator/local-run.ts";
import { isRunning } from "../support/functions/process-table.ts";

const run = promisify(execFile);
/** Each test starts everything. */
const TIMEOUT_MS = 180_000;
let outDir: string;

beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), "demo-"));
});
afterEach(async () => {
  await rm(outDir, { recursive: true, force: true });
});

test(
  "shows a request become a statement that other tools accept, and ends with its path",
  async () => {
    await using demo = startLocalRun("demo", outDir, { TZ: "America/St_Johns" });
    expect(await demo.ended).toBe(0);

    const output = demo.output();
    expect(output).toMatch(/pending\n.*processing {2}attempt 1\n.*executed {4}\d+ rows/);
    expect(output).toContain("4 accounts: the manifest's totals are what SQL sums up");

    const shown = blocksOf("README.md").find(({ mark }) => mark?.kind === "printed");
    if (!shown) throw new Error("README.md shows no output");
    expect(notPrinted(shown, output.replaceAll(outDir, "out"))).toEqual([]);

    const lastLine = output.trimEnd().split("\n").at(-1) ?? "";
    const path = /^statement (\S+\.zip)$/.exec(lastLine)?.[1] ?? "";
    expect(parseStatementKey(basename(path))).toMatchObject({
      customerId: "customer-000001",
      // Midnight in Berlin, 2025-01-01 and 2025-12-31.
      startEpoch: 1_735_686_000,
      endEpoch: 1_767_135_600,
    });
    await run("unzip", ["-tq", path]);
    const folder = path.replace(/\.zip$/, "");
    await run("sha256sum", ["-c", "--strict", "SHA256SUMS"], { cwd: folder });
    const csv = await readFile(join(folder, "transactions.csv"), "utf8");
    expect(csv).toMatch(/^line,account_id,transaction_id,/);
  },
  TIMEOUT_MS,
);

test(
  "says which function died, shows its last lines and ends the rest",
  async () => {
    await using local = startLocalRun("run", outDir);
    await local.says(/What happens/);
    const all = await descendantsOf(local.pid);
    const builder = all.find(({ command }) => command.includes("statement-builder/index.ts"));
    expect(all.length).toBeGreaterThanOrEqual(5);
    process.kill(builder?.pid ?? NaN, "SIGKILL");
    expect(await local.ended).not.toBe(0);
    expect(local.output()).toMatch(
      /statement-builder ended by itself; its last lines:\n.*"function"/,
    );
    expect(all.filter(({ pid }) => isRunning(pid))).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "runs on a MySQL and a store of one's own by environment variables alone",
  async () => {
    // With a mode that reads the sample bank's texts otherwise.
    const settings = ["--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH"];
    await using database = await startMySql({ settings, log: console.log });
    await using store = await startSeaweedfs();
    await using demo = startLocalRun("demo", outDir, ownServers(database, store));
    const status = await demo.ended;
    expect(demo.output()).toContain("4 accounts: the manifest's totals are what SQL sums up");
    expect(demo.output()).toContain("your bucket statements");
    expect(status).toBe(0);
    // What is no sample is shown to whoever has the whole address, and to nobody else of this machine.
    await using run = startLocalRun("run", outDir, ownServers(database, store));
    const [, address = ""] = await run.says(/Look at it: (\S+)/);
    expect(new URL(address).pathname).toMatch(/^\/[\w-]{32}\/$/);
    const answers = await Promise.all([address, new URL("/", address)].map((url) => fetch(url)));
    expect(answers.map((one) => one.status)).toEqual([200, 404]);
    await run.interrupt();
    await run.ended;
  },
  TIMEOUT_MS,
);

test(
  "says what to do about a database that is not there and may not be made",
  async () => {
    await using database = await startMySql({ log: console.log });
    const root = await createConnection({ uri: database.url, multipleStatements: true });
    await root.query("CREATE USER limited@'127.0.0.1'; GRANT SELECT ON *.* TO limited@'127.0.0.1'");
    await root.end();
    for (const [path, words] of [
      ["nowhere", "there is no such database, and its user may not make it"],
      ["", "it names no database"],
    ] as const) {
      const url = Object.assign(new URL(path, database.url), { username: "limited" });
      await using demo = startLocalRun("demo", outDir, { DATABASE_URL: url.href });
      expect(await demo.ended).not.toBe(0);
      expect(demo.output()).toContain(words);
    }
  },
  TIMEOUT_MS,
);

test(
  "says which variable to look at when the database does not answer",
  async () => {
    await using demo = startLocalRun("demo", outDir, {
      DATABASE_URL: "mysql://nobody@127.0.0.1:1/bank",
    });
    expect(await demo.ended).not.toBe(0);
    expect(demo.output()).toMatch(/DATABASE_URL/);
  },
  TIMEOUT_MS,
);
