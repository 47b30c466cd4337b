/**
 * A private MariaDB: a child process on 127.0.0.1, user root without a password, settings for
 * speed rather than for outliving a power cut. It ends with its owner.
 */
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import type { Log } from "../programs/debian-packages.ts";
import { dataOwner, prepareDataFolder } from "./mariadb-data.ts";
import { findMariaDb, type MariaDbPrograms } from "../programs/mariadb-programs.ts";
import { startOnPort, startProcess } from "../programs/server-process.ts";

export interface MariaDbOptions {
  /** Kept, and used again by the next start; without it the data goes when the server does. */
  readonly dataDir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Takes one line before each slow step. */
  readonly log?: Log;
  /** More options of mariadbd, such as `--innodb-buffer-pool-size=1G`. */
  readonly settings?: readonly string[];
  /** Default: the machine's own, or Debian's. */
  readonly programs?: MariaDbPrograms;
}

export interface MariaDb extends AsyncDisposable {
  /** `mysql://root@127.0.0.1:PORT/`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** Starts it again after `stop` or `kill`, on the same data and port. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL, as a crash would end it. */
  kill(): Promise<void>;
}

/** Resolves when it answers queries. @throws Error with the next step, or the server's last lines. */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<MariaDb> {
  const log = options.log ?? (() => undefined);
  const programs = options.programs ?? (await findMariaDb(log));
  await using opened = new AsyncDisposableStack();
  const runDir = await mkdtemp(join(tmpdir(), "mariadb-"));
  opened.defer(() => rm(runDir, { recursive: true, force: true }));
  const dataDir = resolve(options.dataDir ?? join(runDir, "data"));
  await prepareDataFolder(dataDir, programs, log);
  // Where root's own folders are closed, nobody cannot run what lies in them.
  const user = (await dataOwner(programs.baseDir)) && (await dataOwner(dataDir));
  if (user) await chown(runDir, user.uid, user.gid);
  const launch = (port: number) =>
    startProcess({
      name: "mariadbd",
      command: programs.mariadbd,
      args: [
        "--no-defaults",
        ...(process.getuid?.() === 0 && !user ? ["--user=root"] : []),
        `--basedir=${programs.baseDir}`,
        `--datadir=${dataDir}`,
        ...SETTINGS,
        `--port=${port}`,
        `--socket=${join(runDir, "s.sock")}`,
        `--pid-file=${join(runDir, "pid")}`,
        `--tmpdir=${runDir}`,
        // The user root has no password: SQL reads and writes no files but these.
        `--secure-file-priv=${runDir}`,
        ...(options.settings ?? []),
      ],
      env: programs.env,
      user,
      logFile: join(runDir, "mariadbd.log"),
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
  "--character-set-server=utf8mb4",
  "--skip-name-resolve",
  "--skip-log-bin",
  "--performance-schema=0",
  "--innodb-buffer-pool-size=64M",
  "--innodb-log-file-size=16M",
  // A commit outlives the process (it is written), not the machine (it is not synced).
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-doublewrite=0",
];

/** Answers queries, and is this server rather than another one that took the port first. */
async function answersAs(socket: string, port: number): Promise<boolean> {
  try {
    await using connection = await createConnection({
      host: "127.0.0.1",
      port,
      user: "root",
      connectTimeout: 5_000,
    });
    const [rows] = await connection.query<RowDataPacket[]>("SELECT @@socket AS socket");
    return rows[0]?.["socket"] === socket;
  } catch {
    return false;
  }
}
