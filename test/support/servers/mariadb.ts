/**
 * A real MariaDB of a test file's own, with a database that is empty or has a given schema; in the
 * projects of other engines another MariaDB, or MySQL.
 */
import { createConnection } from "mysql2/promise";
import type { MariaDb, MariaDbOptions } from "../../../infra/local/cluster/mariadb.ts";
import { startDatabase } from "../engines/chosen-engine.ts";

export interface TestMariaDb extends MariaDb {
  /** `mysql://root@127.0.0.1:PORT/DATABASE` */
  readonly databaseUrl: string;
  /** Runs SQL text of one or more statements in the database, as root. */
  execute(sql: string): Promise<void>;
}

export interface TestMariaDbOptions extends MariaDbOptions {
  /** SQL text: one or more statements, run in the new database. */
  readonly schema?: string;
  /** Default `bank`. */
  readonly database?: string;
}

export async function startTestMariaDb(options: TestMariaDbOptions = {}): Promise<TestMariaDb> {
  const { schema, database = "bank", ...rest } = options;
  const server = await startDatabase({ log: console.log, ...rest });
  const databaseUrl = `${server.url}${database}`;
  try {
    await executeAt(server.url, `CREATE DATABASE \`${database}\``);
    if (schema !== undefined) await executeAt(databaseUrl, schema);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  // Not a spread: `pid` is another one after a restart.
  return Object.assign(server, {
    databaseUrl,
    execute: (sql: string) => executeAt(databaseUrl, sql),
  });
}

export async function withMariaDb<T>(
  use: (server: TestMariaDb) => Promise<T>,
  options?: TestMariaDbOptions,
): Promise<T> {
  await using server = await startTestMariaDb(options);
  return await use(server);
}

async function executeAt(uri: string, sql: string): Promise<void> {
  const connection = await createConnection({ uri, multipleStatements: true });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
