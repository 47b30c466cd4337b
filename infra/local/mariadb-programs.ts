/** Where MariaDB's programs are; installs Debian's packages when they are missing. */
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { debianPackages, type Log } from "./debian-packages.ts";

/** The client's package for `my_print_defaults` alone; neither starts a service. */
const PACKAGES = ["mariadb-server-core", "mariadb-client-core"];

export interface MariaDbPrograms {
  readonly mariadbd: string;
  readonly installDb: string;
  /** The folder that holds `bin`, `sbin` and `share/mysql`. */
  readonly baseDir: string;
  readonly env: NodeJS.ProcessEnv;
}

/** @throws Error that says the next step when there is no MariaDB and none can be installed. */
export async function findMariaDb(log: Log): Promise<MariaDbPrograms> {
  const onPath = await lookIn(process.env, [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
  ]);
  if (onPath) return onPath;
  const { root, env } = await debianPackages(PACKAGES, log).catch((cause: unknown) => {
    throw new Error(NEXT_STEP, { cause });
  });
  const installed = await lookIn(env, [join(root, "usr/sbin"), join(root, "usr/bin")]);
  if (!installed) throw new Error(NEXT_STEP);
  return installed;
}

const NEXT_STEP =
  "No MariaDB here, and Debian's packages could not be installed. Next step: put mariadbd, " +
  "mariadb-install-db and my_print_defaults on the PATH, or set DATABASE_URL to a MySQL 8 or " +
  "MariaDB 10.6+ server that may be filled with sample data.";

async function lookIn(
  env: NodeJS.ProcessEnv,
  folders: readonly string[],
): Promise<MariaDbPrograms | undefined> {
  const mariadbd = await firstOf(folders, "mariadbd");
  const installDb = await firstOf(folders, "mariadb-install-db");
  const printDefaults = await firstOf(folders, "my_print_defaults");
  if (!mariadbd || !installDb || !printDefaults) return undefined;
  return { mariadbd, installDb, baseDir: dirname(dirname(installDb)), env };
}

async function firstOf(folders: readonly string[], program: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, program);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
