/** MariaDB's data folder: installed once into the cache, copied for each new server. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, cp, mkdir, readdir, rename, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../programs/cache-folder.ts";
import type { Log } from "../programs/debian-packages.ts";
import type { MariaDbPrograms } from "../programs/mariadb-programs.ts";

const run = promisify(execFile);

/** `nobody` on Linux. */
const NOBODY = { uid: 65_534, gid: 65_534 };
type User = typeof NOBODY;

/**
 * As root the server runs as nobody, whose files these become; where nobody cannot get to the
 * folder (below /root, say) it stays root. undefined: as whoever runs this.
 */
export async function dataOwner(folder: string): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (let parent = dirname(resolve(folder)); ; parent = dirname(parent)) {
    if (existsSync(parent) && ((await stat(parent)).mode & 0o001) === 0) return undefined;
    if (parent === dirname(parent)) return NOBODY;
  }
}

/** Leaves a folder that is there as it is. */
export async function copyDataFolder(
  template: () => Promise<string>,
  folder: string,
): Promise<void> {
  if (existsSync(folder)) return;
  const unfinished = `${folder}.unfinished-${process.pid}`;
  await mkdir(dirname(folder), { recursive: true });
  await cp(await template(), unfinished, { recursive: true });
  const owner = await dataOwner(folder);
  if (owner) await chownAll(unfinished, owner);
  await rename(unfinished, folder);
}

/** With the user root, who has no password. */
export async function emptyMariaDbData(programs: MariaDbPrograms, log: Log): Promise<string> {
  const { stdout: version } = await run(programs.mariadbd, ["--version"], { env: programs.env });
  const key = createHash("sha256").update(version).digest("hex").slice(0, 12);
  const cached = await onceInCache(`mariadb-data-${key}`, async (folder) => {
    log("preparing MariaDB's data folder (once) …");
    const args = [
      "--no-defaults",
      // Also where the name of the host does not resolve.
      "--force",
      `--basedir=${programs.baseDir}`,
      `--datadir=${join(folder, "data")}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      "--skip-name-resolve",
      ...(process.getuid?.() === 0 ? ["--user=root"] : []),
    ];
    await run(programs.installDb, args, { env: programs.env, maxBuffer: Infinity });
  });
  return join(cached, "data");
}

async function chownAll(folder: string, { uid, gid }: User): Promise<void> {
  const entries = await readdir(folder, { recursive: true });
  await Promise.all([".", ...entries].map((entry) => chown(join(folder, entry), uid, gid)));
}
