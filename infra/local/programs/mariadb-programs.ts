/** Where MariaDB's programs are; installs Debian's packages when they are missing. */
import { dirname, join } from "node:path";
import { debianPackages, type Log } from "./debian-packages.ts";
import { findExecutable, pathFolders } from "./executables.ts";

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
  const onPath = lookIn(process.env, [...pathFolders(), "/usr/sbin", "/usr/local/sbin"]);
  if (onPath) return onPath;
  const { root, env } = await debianPackages(PACKAGES, log).catch((cause: unknown) => {
    throw new Error(`No MariaDB here, and ${whyNot(cause)}. ${NEXT_STEP}`, { cause });
  });
  const installed = lookIn(env, [join(root, "usr/sbin"), join(root, "usr/bin")]);
  if (!installed) throw new Error(`No MariaDB in Debian's packages. ${NEXT_STEP}`);
  return installed;
}

const NEXT_STEP =
  `Next step: sudo apt-get update && sudo apt-get install -y ${PACKAGES.join(" ")}; or put mariadbd, ` +
  "mariadb-install-db and my_print_defaults on the PATH, or set DATABASE_URL to a MySQL 8 or " +
  "MariaDB 10.6+ server that may be filled with sample data.";

/** In one line what apt said last. */
function whyNot(error: unknown): string {
  const { code, stderr = "", message } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === "ENOENT") return "this system has no apt-get to install it with";
  const [said = message] = stderr.trim().split("\n").slice(-1).filter(Boolean);
  const who = process.getuid?.() === 0 ? "" : ", and you are not root";
  return `Debian's packages could not be installed (${said}${who})`;
}

function lookIn(env: NodeJS.ProcessEnv, folders: readonly string[]): MariaDbPrograms | undefined {
  const mariadbd = findExecutable(folders, "mariadbd");
  const installDb = findExecutable(folders, "mariadb-install-db");
  const printDefaults = findExecutable(folders, "my_print_defaults");
  if (!mariadbd || !installDb || !printDefaults) return undefined;
  return { mariadbd, installDb, baseDir: dirname(dirname(installDb)), env };
}
