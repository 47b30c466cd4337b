/** The database and the store of the tests at hand, which jest's configuration chose. */
import {
  startMariaDb,
  type MariaDb,
  type MariaDbOptions,
} from "../../../infra/local/cluster/mariadb.ts";
import type { S3Server } from "../s3-server.ts";
import { startS3Server } from "../versitygw-server.ts";
import { mariaDb11 } from "./mariadb-archive.ts";
import { startMinio } from "./minio.ts";
import { startMySql } from "./mysql-server.ts";
import { startSeaweedfs } from "./seaweedfs.ts";

declare global {
  // Set by jest in each test file; outside of jest the first ones are meant.
  var DATABASE: string | undefined;
  var STORE: string | undefined;
}

const database = globalThis.DATABASE ?? "mariadb";
const store = globalThis.STORE ?? "versitygw";

export const isFirstEngine = (): boolean => database === "mariadb";

/** Prepared before the tests: where MySQL cannot be had, another MariaDB stands in, and says so. */
export const STAND_IN = "DATABASE_STAND_IN";

export async function startDatabase(options: MariaDbOptions): Promise<MariaDb> {
  const log = options.log ?? (() => undefined);
  const name = database === "mysql-9.7" ? (process.env[STAND_IN] ?? database) : database;
  switch (name) {
    case "mariadb":
      return await startMariaDb(options);
    case "mariadb-11.8":
      return await startMariaDb({ ...options, programs: await mariaDb11(log) });
    case "mysql-9.7":
      return await startMySql(options);
    default:
      throw new Error(`there is no database ${name}`);
  }
}

export async function startStore(): Promise<S3Server> {
  switch (store) {
    case "versitygw":
      return await startS3Server();
    case "seaweedfs":
      return await startSeaweedfs();
    case "minio":
      return await startMinio();
    default:
      throw new Error(`there is no store ${store}`);
  }
}
