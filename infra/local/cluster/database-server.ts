/**
 * A private MariaDB or MySQL: a child process on 127.0.0.1. It ends with its owner.
 */
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { startServer, type Server } from "../programs/server-process.ts";
import { copyDataFolder, dataOwner } from "./mariadb-data.ts";

export interface DatabaseServerOptions {
  /** Kept, and used again by the next start; without it the data goes when the server does. */
  readonly dataDir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More options of the server, such as `--innodb-buffer-pool-size=1G`. */
  readonly settings?: readonly string[];
  /** Of the user root, who has none without it. */
  readonly root?: RootAccount | undefined;
}

export interface RootAccount {
  /** That needs no quoting, in SQL or in a URL. */
  readonly password: string;
  /** What gives root this password and takes away every account without one; run at each start, before anybody is answered. */
  readonly sql: string;
}

export interface DatabaseServer extends Server {
  /** `mysql://root@127.0.0.1:PORT/`, with root's password; the same after a restart. */
  readonly url: string;
}

export interface DatabaseProgram {
  /** `mariadbd` */
  readonly name: string;
  readonly command: string;
  /** The folder that holds `bin`, `sbin` and `share`. */
  readonly baseDir: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A data folder as after an installation, to copy for a server that has none. */
  readonly emptyData: () => Promise<string>;
  readonly settings: readonly string[];
}

/** Resolves when it answers queries. @throws Error with the server's last lines. */
export async function startDatabaseServer(
  program: DatabaseProgram,
  options: DatabaseServerOptions,
): Promise<DatabaseServer> {
  const { name, command, baseDir, env } = program;
  await using opened = new AsyncDisposableStack();
  const runDir = await mkdtemp(join(tmpdir(), `${name}-`));
  opened.defer(() => rm(runDir, { recursive: true, force: true }));
  const dataDir = resolve(options.dataDir ?? join(runDir, "data"));
  await copyDataFolder(program.emptyData, dataDir);
  // Where root's own folders are closed, nobody cannot run what lies in them.
  const user = (await dataOwner(baseDir)) && (await dataOwner(dataDir));
  if (user) await chown(runDir, user.uid, user.gid);
  const { root } = options;
  const initFile = join(runDir, "init.sql");
  if (root) await writeFile(initFile, root.sql, { mode: 0o600 });
  if (root && user) await chown(initFile, user.uid, user.gid);
  const socket = join(runDir, "s.sock");
  const args = [
    "--no-defaults",
    ...(process.getuid?.() === 0 && !user ? ["--user=root"] : []),
    `--basedir=${baseDir}`,
    `--datadir=${dataDir}`,
    ...SETTINGS,
    ...program.settings,
    `--socket=${socket}`,
    `--pid-file=${join(runDir, "pid")}`,
    `--tmpdir=${runDir}`,
    ...(root ? [`--init-file=${initFile}`] : []),
    // SQL reads and writes no files but these.
    `--secure-file-priv=${runDir}`,
    ...(options.settings ?? []),
  ];
  const logFile = join(runDir, `${name}.log`);
  const server = opened.use(
    await startServer(
      (port) => ({ name, command, args: [...args, `--port=${port}`], env, user, logFile }),
      (port) => answersAs(socket, port, root?.password),
      options.port,
    ),
  );
  const closing = opened.move();
  return Object.assign(server, {
    url: `mysql://root${root ? `:${root.password}` : ""}@127.0.0.1:${server.port}/`,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  });
}

/** For speed rather than for outliving a power cut. */
const SETTINGS = [
  "--bind-address=127.0.0.1",
  "--skip-name-resolve",
  "--skip-log-bin",
  "--performance-schema=0",
  "--innodb-buffer-pool-size=64M",
  // A commit outlives the process (it is written), not the machine (it is not synced).
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-doublewrite=0",
];

/** Answers queries, and is this server rather than another one that took the port first. */
async function answersAs(socket: string, port: number, password?: string): Promise<boolean> {
  try {
    await using connection = await createConnection({
      host: "127.0.0.1",
      port,
      user: "root",
      ...(password !== undefined && { password }),
      connectTimeout: 5_000,
    });
    const [rows] = await connection.query<RowDataPacket[]>("SELECT @@socket AS socket");
    return rows[0]?.["socket"] === socket;
  } catch {
    return false;
  }
}
