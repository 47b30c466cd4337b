/** A private MariaDB: the machine's own programs, or Debian's. */
import { randomUUID } from "node:crypto";
import type { Log } from "../programs/debian-packages.ts";
import { findMariaDb, type MariaDbPrograms } from "../programs/mariadb-programs.ts";
import {
  startDatabaseServer,
  type DatabaseServer,
  type DatabaseServerOptions,
  type RootAccount,
} from "./database-server.ts";
import { emptyMariaDbData } from "./mariadb-data.ts";

export type MariaDb = DatabaseServer;

export interface MariaDbOptions extends DatabaseServerOptions {
  /** Takes one line before each slow step. */
  readonly log?: Log;
  /** Default: the machine's own, or Debian's. */
  readonly programs?: MariaDbPrograms;
}

/** A password of this start alone, and no other account: also in a data folder that was open to root before. */
export function makeRootAccount(): RootAccount {
  const password = randomUUID();
  return {
    password,
    sql: [
      "DELETE FROM mysql.global_priv WHERE User IN ('', 'root');",
      "FLUSH PRIVILEGES;",
      `CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '${password}';`,
      "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;",
    ].join("\n"),
  };
}

/** Resolves when it answers queries. @throws Error with the next step, or the server's last lines. */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<MariaDb> {
  const log = options.log ?? (() => undefined);
  const programs = options.programs ?? (await findMariaDb(log));
  return await startDatabaseServer(
    {
      name: "mariadbd",
      command: programs.mariadbd,
      baseDir: programs.baseDir,
      env: programs.env,
      emptyData: () => emptyMariaDbData(programs, log),
      settings: ["--character-set-server=utf8mb4", "--innodb-log-file-size=16M"],
    },
    options,
  );
}
