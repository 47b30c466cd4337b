import { readFile } from "node:fs/promises";
import type { RowDataPacket } from "mysql2/promise";
import { connectToBank } from "./bank-connection.ts";

/** The user of `grants.sql`: may read the two views and nothing else. */
export const STATEMENT_READER = { user: "statement_reader", password: "sample-bank-only" } as const;

/** Makes the database of `url` unless it is there. @throws Error of the driver */
export async function createDatabase(url: string): Promise<void> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const server = Object.assign(new URL(url), { pathname: "/" }).href;
  await using connection = await connectToBank(server);
  await connection.query("CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4", [database]);
}

/**
 * Makes the sample bank's tables, indexes and views in the database of `url`, whose user must own
 * it. May be repeated; rows that are there stay.
 */
export async function createSchema(url: string): Promise<void> {
  await runSqlFile(url, "schema.sql");
  await addLaterIndexes(url);
}

/** Those that a table of an earlier version lacks. */
async function addLaterIndexes(url: string): Promise<void> {
  const connection = await connectToBank(url);
  try {
    for (const who of ["customer", "account"]) {
      const name = `transactions_of_${who}_by_day`;
      const [found] = await connection.query<RowDataPacket[]>(
        "SHOW INDEX FROM transactions WHERE Key_name = ?",
        [name],
      );
      if (found.length > 0) continue;
      await connection.query(
        `CREATE INDEX ${name} ON transactions (${who}_id, booking_date, posted_at, id, status)`,
      );
    }
  } finally {
    await connection.end();
  }
}

/** Makes the builder's read-only user; `url` must belong to a user who may create users. */
export async function grantStatementReader(url: string): Promise<void> {
  await runSqlFile(url, "grants.sql");
}

async function runSqlFile(url: string, name: string): Promise<void> {
  const sql = await readFile(new URL(name, import.meta.url), "utf8");
  const connection = await connectToBank(url, { multipleStatements: true });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
