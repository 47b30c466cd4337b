/**
 * Two readers of OFX that know nothing of ours. ofxtools (PyPI, GPL-3.0) knows OFX 2.2 whole and is
 * strict: order, lengths, values. libofx (Debian, GPL-2) is what GnuCash, KMyMoney and HomeBank read
 * with. Both are only run.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../../infra/local/cache-folder.ts";
import { debianPackages } from "../../infra/local/debian-packages.ts";
import { debianProgram, program, type Program } from "./debian-program.ts";

const run = promisify(execFile);

const OFXTOOLS =
  "ofxtools==1.1.1 --hash=sha256:4c6a80cfd08d8a6ce7e791ce3bc317e203f36359a0961b20df667cf91a9560e9";
const INSTALL = [
  ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
  ...["--no-deps", "--require-hashes", "--only-binary=:all:"],
];

/** Runs a Python program with the package; @throws Error where there is no Python, or no PyPI. */
export async function ofxtools(): Promise<Program> {
  const folder = await onceInCache("ofxtools-1.1.1", async (unfinished) => {
    const requirements = join(unfinished, "requirements.txt");
    await writeFile(requirements, `${OFXTOOLS}\n`);
    const install = [...INSTALL, `--target=${unfinished}`, `--requirement=${requirements}`];
    await run("python3", install).catch(async () => {
      await debianPackages(["python3-pip"], console.log);
      await run("python3", install);
    });
  });
  return program("python3", { ...process.env, PYTHONPATH: folder });
}

/** libofx, by the program that prints what it has read. */
export async function ofxdump(): Promise<Program> {
  return await debianProgram("ofx", ["ofxdump"], (root) => ({
    OFX_DTD_PATH: join(root, "usr/share/libofx7/libofx/dtd"),
  }));
}
