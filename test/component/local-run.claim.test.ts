/** Who has a folder of the local run: one at a time, whatever has died there, and whoever starts in the same moment. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { claimFolder, runningIn, type Running } from "../../infra/local/running.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const LOCAL = join(import.meta.dirname, "../../infra/local");
const ENVIRONMENT = { KUBECONFIG: "/nonexistent", INTAKE_URL: "http://127.0.0.1:9/" };

let outDir: string;
beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), "claim-"));
});
afterEach(() => rm(outDir, { recursive: true, force: true }));

/** Another process that claims the folder, and says that it is up where that is asked for. */
async function holder(mode: Running["mode"], told?: Parameters<TellOf>[0]) {
  const program = `
    const { claimFolder } = await import(${JSON.stringify(join(LOCAL, "running.ts"))});
    const claim = await claimFolder(...${JSON.stringify([outDir, mode, outDir])});
    const told = ${JSON.stringify(told ?? null)};
    if (told) await claim.tell(told);
    console.log("held");
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
type TellOf = Awaited<ReturnType<typeof claimFolder>>["tell"];

async function seed(): Promise<string> {
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, OUT_DIR: outDir };
  const args = [join(LOCAL, "run/seed.ts"), "1", "10", "1"];
  const { code, stderr } = await promisify(execFile)(process.execPath, args, { env }).then(
    () => ({ code: 0, stderr: "" }),
    (error: unknown) => error as { readonly code: number; readonly stderr: string },
  );
  expect(code).toBe(1);
  return stderr;
}

test("what was killed is not up: `--local` says so, and the next one starts", async () => {
  const killed = await holder("run", { environment: ENVIRONMENT });
  expect(runningIn(outDir)?.pid).toBe(killed.pid);
  await killed[Symbol.asyncDispose]();
  expect(runningIn(outDir)).toBeUndefined();
  const { code, stderr } = await makeTool({ OUT_DIR: outDir })("--local", "list");
  expect(code).toBe(2);
  expect(stderr).toContain(`nothing is up in ${outDir}`);
  await using claim = await claimFolder(outDir, "run", outDir);
  await claim.tell({ environment: ENVIRONMENT });
  expect(runningIn(outDir)?.pid).toBe(process.pid);
});

test.each([
  ["in an empty folder", false],
  ["after one that was killed", true],
])("of two that start in the same moment one has it, %s", async (_, isStale) => {
  const file = join(outDir, "state/running.json");
  await (await holder("run"))[Symbol.asyncDispose]();
  const left = await readFile(file);
  if (!isStale) await rm(file);
  for (let round = 0; round < 200; round++) {
    if (isStale) await writeFile(file, left);
    const both = await Promise.allSettled([1, 2].map(() => claimFolder(outDir, "run", outDir)));
    const refused = both.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
    expect(refused).toEqual([expect.stringContaining(`uses ${outDir} already`)]);
    for (const one of both) if (one.status === "fulfilled") await one.value[Symbol.asyncDispose]();
  }
  expect(await readdir(join(outDir, "state"))).toEqual([]);
});

describe("make seed", () => {
  test.each([
    ["a run that is starting", "run", undefined, "Seed when it is up"],
    [
      "a demo",
      "demo",
      { environment: ENVIRONMENT, bankOwnerUrl: "mysql://x" },
      "when it has ended",
    ],
    ["a run on a bank of one's own", "run", { environment: ENVIRONMENT }, "with DATABASE_URL"],
    ["another seed", "seed", undefined, "Seed when it has ended"],
  ] as const)("does not begin beside %s", async (_, mode, told, words) => {
    await using other = await holder(mode, told);
    const stderr = await seed();
    expect(stderr).toContain(`\`make ${mode}\` (process ${other.pid}) uses ${outDir} already.`);
    expect(stderr).toContain(words);
    await expect(access(join(outDir, "state/run"))).rejects.toThrow("ENOENT");
  });

  test("keeps a run from starting on the same data", async () => {
    await using claim = await claimFolder(outDir, "seed", outDir);
    expect(claim).toBeDefined();
    await expect(claimFolder(outDir, "run", outDir)).rejects.toThrow("`make seed` (process");
    expect(runningIn(outDir)).toBeUndefined();
  });
});
