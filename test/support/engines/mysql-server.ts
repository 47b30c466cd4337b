/** A private MySQL, as the private MariaDB is: the first reader of the views that is not MariaDB. */
import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  startDatabaseServer,
  type DatabaseServer,
} from "../../../infra/local/cluster/database-server.ts";
import type { MariaDbOptions } from "../../../infra/local/cluster/mariadb.ts";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import type { Log } from "../../../infra/local/programs/debian-packages.ts";
import { archivedServer } from "./debian-archive.ts";

const run = promisify(execFile);

const VERSION = "9.7.4-2";
const MYSQL = {
  name: `mysql-${VERSION}`,
  suite: "sid",
  packages: [
    {
      name: "mysql-server-core",
      version: VERSION,
      sha256: "628d2d7d2dc827507bcae80677a9950766b002bec2c658cb96343d9f324f8660",
    },
  ],
  without: ["perl"],
  programs: ["usr/sbin/mysqld"],
} as const;

/** Installs it once. @throws Error where it cannot be had. */
export async function mysqlServer(log: Log): Promise<string> {
  return await archivedServer(MYSQL, log);
}

export async function startMySql(options: MariaDbOptions = {}): Promise<DatabaseServer> {
  const log = options.log ?? (() => undefined);
  const root = await mysqlServer(log);
  return await startDatabaseServer(
    {
      name: "mysqld",
      command: join(root, "usr/sbin/mysqld"),
      baseDir: join(root, "usr"),
      emptyData: () => emptyData(root, log),
      settings: ["--mysqlx=OFF", "--innodb-redo-log-capacity=32M"],
    },
    options,
  );
}

/** A data folder as after the installation, and root may come over TCP. */
async function emptyData(root: string, log: Log): Promise<string> {
  const cached = await onceInCache(`mysql-data-${VERSION}`, async (folder) => {
    log("preparing MySQL's data folder (once) …");
    const init = join(folder, "init.sql");
    await writeFile(
      init,
      "CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n",
    );
    const args = [
      ...["--no-defaults", "--initialize-insecure", `--init-file=${init}`],
      ...["--innodb-redo-log-capacity=32M", `--basedir=${join(root, "usr")}`],
      `--datadir=${join(folder, "data")}`,
      ...(process.getuid?.() === 0 ? ["--user=root"] : []),
    ];
    await run(join(root, "usr/sbin/mysqld"), args, { maxBuffer: Infinity });
    // Two servers with one of these are one server to a replica.
    await rm(join(folder, "data", "auto.cnf"), { force: true });
  });
  return join(cached, "data");
}
