/** The database and the store of the tests at hand, which jest's configuration chose. */
import {
  startMariaDb,
  type MariaDb,
  type MariaDbOptions,
} from "../../../infra/local/cluster/mariadb.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startS3Server } from "../servers/versitygw-server.ts";
import { startCephRgw } from "./ceph-rgw.ts";
import { mariaDb11 } from "./mariadb-archive.ts";
import { startMinio } from "./minio.ts";
import { startMySql } from "./mysql-server.ts";
import { startSeaweedfs } from "./seaweedfs.ts";
import { startTidb } from "./tidb.ts";

declare global {
  // Set by jest in each test file; outside of jest the first ones are meant.
  var DATABASE: string | undefined;
  var STORE: string | undefined;
}

const nothing = (): void => undefined;

export const DATABASES = {
  /** Whatever this machine has, which is 10.11 on Debian 12. */
  "mariadb-10.11": startMariaDb,
  "mariadb-11.8": async (options: MariaDbOptions = {}) =>
    await startMariaDb({ ...options, programs: await mariaDb11(options.log ?? nothing) }),
  "mysql-9.7": startMySql,
  tidb: startTidb,
} as const;
export type DatabaseName = keyof typeof DATABASES;

export const STORES = {
  versitygw: startS3Server,
  seaweedfs: startSeaweedfs,
  minio: startMinio,
  "ceph-rgw": startCephRgw,
} as const;
export type StoreProgramName = keyof typeof STORES;

const database = (globalThis.DATABASE ?? "mariadb-10.11") as DatabaseName;
const store = (globalThis.STORE ?? "versitygw") as StoreProgramName;

export const isFirstEngine = (): boolean => database === "mariadb-10.11";
export const chosenDatabase = (): DatabaseName => database;
export const chosenStore = (): StoreProgramName => store;

/** Prepared before the tests: where MySQL cannot be had, another MariaDB stands in, and says so. */
export const STAND_IN = "DATABASE_STAND_IN";

/** Of these names, and of their stand-ins. */
export async function startDatabaseNamed(
  name: DatabaseName,
  options: MariaDbOptions = {},
): Promise<MariaDb> {
  const standIn = name === "mysql-9.7" ? process.env[STAND_IN] : undefined;
  return await DATABASES[(standIn ?? name) as DatabaseName](options);
}

export async function startDatabase(options: MariaDbOptions): Promise<MariaDb> {
  return await startDatabaseNamed(database, options);
}

export async function startStore(): Promise<S3Server> {
  return await STORES[store]();
}
