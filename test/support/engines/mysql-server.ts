/**
 * A private MySQL, started and stopped as the private MariaDB is: user root without a password,
 * settings for speed rather than for outliving a power cut. The first reader of the views that is
 * not MariaDB.
 */
import { execFile } from "node:child_process";
import { chown, cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import type { Log } from "../../../infra/local/programs/debian-packages.ts";
import { dataOwner } from "../../../infra/local/cluster/mariadb-data.ts";
import type { MariaDb, MariaDbOptions } from "../../../infra/local/cluster/mariadb.ts";
import { startOnPort, startProcess } from "../../../infra/local/programs/server-process.ts";
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

/** The same as `startMariaDb`, but for `dataDir`: its data always go when it does. */
export async function startMySql(options: Omit<MariaDbOptions, "dataDir"> = {}): Promise<MariaDb> {
  const log = options.log ?? (() => undefined);
  const root = await mysqlServer(log);
  await using opened = new AsyncDisposableStack();
  const runDir = await mkdtemp(join(tmpdir(), "mysql-"));
  opened.defer(() => rm(runDir, { recursive: true, force: true }));
  const dataDir = join(runDir, "data");
  await cp(join(await emptyData(root, log), "data"), dataDir, { recursive: true });
  // Where root's own folders are closed, nobody cannot run what lies in them.
  const user = (await dataOwner(root)) && (await dataOwner(dataDir));
  if (user) {
    const entries = await readdir(runDir, { recursive: true });
    for (const entry of [".", ...entries]) await chown(join(runDir, entry), user.uid, user.gid);
  }
  const launch = (port: number) =>
    startProcess({
      name: "mysqld",
      command: join(root, "usr/sbin/mysqld"),
      args: [
        "--no-defaults",
        ...(process.getuid?.() === 0 && !user ? ["--user=root"] : []),
        `--basedir=${join(root, "usr")}`,
        `--datadir=${dataDir}`,
        ...SETTINGS,
        `--port=${port}`,
        `--socket=${join(runDir, "s.sock")}`,
        `--pid-file=${join(runDir, "pid")}`,
        `--tmpdir=${runDir}`,
        `--secure-file-priv=${runDir}`,
        ...(options.settings ?? []),
      ],
      user,
      logFile: join(runDir, "mysqld.log"),
    });
  const answers = (port: number) => answersAs(join(runDir, "s.sock"), port);
  const started = await startOnPort(launch, answers, options.port);
  const { port } = started;
  let server = started.process;
  opened.defer(() => server.stop());
  const closing = opened.move();
  return {
    url: `mysql://root@127.0.0.1:${port}/`,
    port,
    get pid() {
      return server.pid;
    },
    async start() {
      await server.stop();
      server = launch(port);
      await server.ready(() => answers(port));
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const SETTINGS = [
  "--bind-address=127.0.0.1",
  "--mysqlx=OFF",
  "--skip-name-resolve",
  "--skip-log-bin",
  "--performance-schema=0",
  "--innodb-buffer-pool-size=64M",
  "--innodb-redo-log-capacity=32M",
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-doublewrite=0",
];

/** A data folder as after the installation, and root may come over TCP. */
async function emptyData(root: string, log: Log): Promise<string> {
  return await onceInCache(`mysql-data-${VERSION}`, async (folder) => {
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
}

async function answersAs(socket: string, port: number): Promise<boolean> {
  try {
    await using connection = await createConnection({
      ...{ host: "127.0.0.1", port, user: "root" },
      connectTimeout: 5_000,
    });
    const [rows] = await connection.query<RowDataPacket[]>("SELECT @@socket AS socket");
    return rows[0]?.["socket"] === socket;
  } catch {
    return false;
  }
}
