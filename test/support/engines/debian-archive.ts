/**
 * Servers of another release of Debian than this machine's, or on a machine of any other kind that
 * has apt: unpacked into the cache folder with every library down to libc, and run by a loader of
 * their own. It takes no rights, and leaves the machine's own packages alone.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import type { Log } from "../../../infra/local/programs/debian-packages.ts";

const run = promisify(execFile);

export interface ArchivePackage {
  readonly name: string;
  /** As Debian has it: `9.7.4-2`. */
  readonly version: string;
  /** Of the `.deb`, lower-case hex. */
  readonly sha256: string;
}

export interface ArchivedServer {
  /** Part of the folder's name in the cache: `mysql-9.7.4-2`. */
  readonly name: string;
  /** `sid`, `trixie`. */
  readonly suite: string;
  /** What is pinned; the libraries are whatever the archive's signed lists have. */
  readonly packages: readonly ArchivePackage[];
  /** Packages that are only asked for by what nobody runs; with `=VERSION` where one is asked for. */
  readonly without: readonly string[];
  /** Below the root: `usr/sbin/mysqld`. */
  readonly programs: readonly string[];
}

/**
 * The folder that stands for `/`, with `programs` that run as they are.
 * @throws Error where there is no apt, the archive cannot be reached, or it has other packages.
 */
export async function archivedServer(server: ArchivedServer, log: Log): Promise<string> {
  return await onceInCache(`debian-${server.suite}-${server.name}`, async (root) => {
    log(`unpacking ${server.name} of Debian ${server.suite} into the cache folder (once) …`);
    const apt = join(root, "apt");
    try {
      await download(server, apt);
      const archives = join(apt, "cache", "archives");
      const files = (await readdir(archives)).filter((file) => file.endsWith(".deb"));
      for (const one of server.packages) await checkHash(archives, files, one);
      for (const file of files) await run("dpkg-deb", ["-x", join(archives, file), root]);
    } finally {
      await rm(apt, { recursive: true, force: true });
    }
    for (const program of server.programs) await runByOwnLoader(join(root, program));
  });
}

async function download(server: ArchivedServer, apt: string): Promise<void> {
  for (const folder of ["lists/partial", "cache/archives/partial", "etc"]) {
    await mkdir(join(apt, folder), { recursive: true });
  }
  const source = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${server.suite} main\n`;
  await writeFile(join(apt, "etc", "sources.list"), source);
  await writeFile(join(apt, "status"), server.without.map(asInstalled).join("\n"));
  const config = join(apt, "apt.conf");
  await writeFile(config, aptConfig(apt));
  const env = { ...process.env, APT_CONFIG: config };
  const wanted = server.packages.map(({ name, version }) => `${name}=${version}`);
  const install = ["install", "--yes", "--download-only", "--no-install-recommends", ...wanted];
  await run("apt-get", ["update"], { env, maxBuffer: Infinity });
  await run("apt-get", install, { env, maxBuffer: Infinity });
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Nothing of this machine's apt is read or written; as no user of its own, also for root. */
function aptConfig(apt: string): string {
  const settings = {
    Dir: apt,
    "Dir::State": apt,
    "Dir::State::lists": join(apt, "lists"),
    "Dir::State::status": join(apt, "status"),
    "Dir::Cache": join(apt, "cache"),
    "Dir::Etc": join(apt, "etc"),
    "Dir::Etc::sourcelist": "sources.list",
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::trusted": "/dev/null",
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    // A mirror that stands still serves as well: the servers are pinned, and only tests run them.
    "Acquire::Check-Valid-Until": "false",
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join("");
}

/** For apt's eyes only. */
function asInstalled(wanted: string): string {
  const [name, version = "999"] = wanted.split("=");
  return [
    `Package: ${name}`,
    "Status: install ok installed",
    `Version: ${version}`,
    "Architecture: amd64",
    "Multi-Arch: allowed",
    "Maintainer: nobody <nobody@localhost>",
    "Description: not needed\n",
  ].join("\n");
}

async function checkHash(
  folder: string,
  files: readonly string[],
  { name, sha256 }: ArchivePackage,
): Promise<void> {
  const file = files.find((one) => one.startsWith(`${name}_`));
  if (file === undefined) throw new Error(`apt fetched no ${name}`);
  const found = createHash("sha256")
    .update(await readFile(join(folder, file)))
    .digest("hex");
  if (found !== sha256) throw new Error(`${file} is not the one that is pinned: SHA-256 ${found}`);
}

/** Puts a script in a program's place; `exec` keeps the process id, so that signals arrive. */
async function runByOwnLoader(program: string): Promise<void> {
  const real = `${program}.real`;
  await rename(program, real);
  const up = dirname(program)
    .split("/")
    .slice(-2)
    .map(() => "..")
    .join("/");
  await writeFile(
    program,
    `#!/bin/sh
here=$(dirname "$0")
root=$here/${up}
lib=$root/usr/lib
exec "$root/usr/lib64/ld-linux-x86-64.so.2" \\
  --library-path "$lib/x86_64-linux-gnu:$lib/x86_64-linux-gnu/ceph:$lib/mysql/private" \\
  "$here/${basename(real)}" "$@"
`,
  );
  await chmod(program, 0o755);
}
