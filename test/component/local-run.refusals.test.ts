/** What `make run` and `make demo` say to an environment they cannot work with: which variable, and what next. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const REPOSITORY = join(import.meta.dirname, "../..");
const RUN = join(REPOSITORY, "infra/local/run/run.ts");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "local-run-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What it writes to stderr; it has to fail at once. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
  const { PATH = "", HOME = "" } = process.env;
  const options = {
    cwd: folder,
    env: { PATH, HOME, OUT_DIR: join(folder, "out"), PORT_OFFSET: "free", ...env },
    timeout: 30_000,
  };
  const ended = promisify(execFile)(process.execPath, [RUN, "demo"], options);
  const { code, stderr } = await ended.then(
    () => ({ code: 0, stderr: "it did not fail" }),
    (error: unknown) => error as { readonly code: number; readonly stderr: string },
  );
  expect(code).toBe(1);
  return stderr;
}

test.each([
  ["postgres", { DATABASE_URL: "postgres://me:secret@db/x" }, "a URL that begins with mysql://"],
  ["no URL", { DATABASE_URL: "localhost:3306" }, "a URL that begins with mysql://"],
  ["a store without its scheme", { S3_ENDPOINT: "localhost:9000" }, "http:// or https://"],
  ["a schedule that is none", { TICK_SCHEDULE: "foo" }, "a cron schedule, such as"],
  ["a port no browser asks", { PORT_OFFSET: "2000" }, "no browser asks port 10080 (router)"],
  ["an offset that is none", { PORT_OFFSET: "many" }, "a number from 0 to 50000"],
])("%s: the variable, and what it may be", async (_what, env, said) => {
  const [name = ""] = Object.keys(env);
  const stderr = await refusal(env);
  expect(stderr).toContain(`✗ ${name} is not valid: `);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain("secret");
});

// Root may write everywhere, but not below a file.
test("a folder that cannot be made: which, and how to name another", async () => {
  const outDir = join(folder, "file/out");
  await writeFile(join(folder, "file"), "");
  const stderr = await refusal({ OUT_DIR: outDir });
  expect(stderr).toContain(`${outDir} cannot be written (ENOTDIR)`);
  expect(stderr).toContain("OUT_DIR=");
  expect(stderr).not.toContain("Logs of the functions");
});

test("a home that cannot be written: what for, and the variable that names another", async () => {
  const stderr = await refusal({ HOME: "/dev/null" });
  expect(stderr).toContain(
    "the cache folder /dev/null/.cache/transactions-collector cannot be made",
  );
  expect(stderr).toContain("set XDG_CACHE_HOME");
});

test("no MariaDB and no apt: what to type", async () => {
  const stderr = await refusal({ XDG_CACHE_HOME: join(folder, "cache"), PATH: "/nonexistent" });
  expect(stderr).toContain("No MariaDB here, and this system has no apt-get");
  expect(stderr).toContain("sudo apt-get install -y mariadb-server-core mariadb-client-core");
  expect(stderr).toContain("DATABASE_URL");
});
