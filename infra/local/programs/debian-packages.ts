/**
 * Programs from Debian's packages: installed when root, else unpacked into the cache folder with
 * the libraries they need, which takes no rights at all.
 */
import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "./cache-folder.ts";

const run = promisify(execFile);

export type Log = (line: string) => void;

export interface DebianPackages {
  /** The folder that stands for `/`: programs are in its `usr/bin` and `usr/sbin`. */
  readonly root: string;
  /** Environment to run them in. */
  readonly env: NodeJS.ProcessEnv;
}

/** @throws Error when there is no apt, or apt fails; the caller knows the next step. */
export async function debianPackages(
  packages: readonly string[],
  log: Log,
): Promise<DebianPackages> {
  const names = packages.join(" and ");
  if (process.getuid?.() === 0) {
    log(`installing Debian's ${names} (once) …`);
    await refreshingLists(() => install(packages));
    return { root: "/", env: process.env };
  }
  const root = await onceInCache(`debian-${packages.join("-")}`, async (folder) => {
    log(`unpacking Debian's ${names} into the cache folder (once) …`);
    await unpack(packages, folder);
  });
  return { root, env: { ...process.env, LD_LIBRARY_PATH: await libraryPath(root) } };
}

async function install(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run(
    "apt-get",
    // Another apt may be at work: wait for it.
    ["-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", ...packages],
    { env, maxBuffer: Infinity },
  );
}

/** A fresh machine has no package lists, and an old one has lists of files that are gone. */
async function refreshingLists(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    await run("apt-get", ["update"], { maxBuffer: Infinity });
    await work();
  }
}

async function unpack(packages: readonly string[], folder: string): Promise<void> {
  const args = ["install", "--simulate", "--no-install-recommends", ...packages];
  const { stdout } = await run("apt-get", args, { maxBuffer: Infinity });
  // "Inst name (version …": what is missing here. "Inst name [old version] (…" is only older.
  const missing = [...stdout.matchAll(/^Inst (\S+) \(/gm)].map((match) => match[1] ?? "");
  const wanted = new Set([...packages, ...missing]);
  const downloads = join(folder, "downloads");
  await mkdir(downloads);
  await run("apt-get", ["download", ...wanted], { cwd: downloads, maxBuffer: Infinity });
  for (const file of await readdir(downloads)) {
    await run("dpkg", ["-x", join(downloads, file), folder]);
  }
  await rm(downloads, { recursive: true });
}

async function libraryPath(root: string): Promise<string> {
  const folders: string[] = [];
  for (const lib of [join(root, "lib"), join(root, "usr/lib")]) {
    const entries = await readdir(lib).catch(() => []);
    folders.push(...entries.filter((e) => e.includes("-linux-gnu")).map((e) => join(lib, e)), lib);
  }
  return [...folders, process.env["LD_LIBRARY_PATH"] ?? ""].filter(Boolean).join(delimiter);
}
