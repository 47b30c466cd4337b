/** Packages of PyPI, of pinned versions, for programs that are only run. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { onceInCache } from "../../infra/local/programs/cache-folder.ts";
import { debianPackages } from "../../infra/local/programs/debian-packages.ts";
import { program, type Program } from "./debian-program.ts";

const run = promisify(execFile);

/** As wheels, but for those of which PyPI has the source alone. */
export interface PythonPackages {
  /** Of the cached folder; other packages have another. */
  readonly name: string;
  /** `joserfc==1.8.0`, and all that it needs. */
  readonly packages: readonly string[];
  readonly fromSource?: readonly string[];
  /** Of the program. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a Python program with the packages; @throws Error where there is no Python, or no PyPI. */
export async function pythonWith({
  name,
  packages,
  fromSource = [],
  env = {},
}: PythonPackages): Promise<Program> {
  const folder = await onceInCache(`python-${name}`, async (unfinished) => {
    const install = [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
      ...["--only-binary=:all:", ...fromSource.map((one) => `--no-binary=${one}`)],
      ...[`--target=${unfinished}`, ...packages],
    ];
    await run("python3", install).catch(async () => {
      await debianPackages(["python3-pip"], console.log);
      await run("python3", install);
    });
  });
  return program("python3", { ...process.env, ...env, PYTHONPATH: folder });
}
