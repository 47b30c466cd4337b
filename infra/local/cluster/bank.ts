/** The bank's database: a private MariaDB with the sample bank, or the one of `DATABASE_URL`. */
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { startMariaDb, type MariaDb } from "./mariadb.ts";
import { grantStatementReader, STATEMENT_READER } from "./sample-bank/create-schema.ts";
import { seedBank } from "./sample-bank/seed.ts";
import type { SampleBank } from "./sample-bank/transactions.ts";

export interface LocalBank {
  /** For statement-builder. */
  readonly databaseUrl: string;
  /** Where its data came from, for people. */
  readonly description: string;
}

export interface PrivateBank extends LocalBank, AsyncDisposable {
  readonly pid: number;
}

/** Small enough to be there at once; the first customer's year has about a thousand rows. */
export const DEMO_BANK: SampleBank = { customers: 5, rows: 10_000, seed: 1 };
const DATABASE = "bank";

export interface PrivateBankOptions {
  readonly stateDir: string;
  readonly port: number;
  readonly log: (line: string) => void;
}

/** Started on its data of last time, and seeded when that is empty. */
export async function startPrivateBank(options: PrivateBankOptions): Promise<PrivateBank> {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await startBankServer(options));
  const url = await bankDatabase(server.url);
  const seeded = await isSeeded(url);
  if (!seeded) await seedBank(url, DEMO_BANK);
  await grantStatementReader(url);
  const reader = Object.assign(new URL(url), {
    username: STATEMENT_READER.user,
    password: STATEMENT_READER.password,
  });
  const closing = opened.move();
  return {
    databaseUrl: reader.href,
    description: `private MariaDB, ${seeded ? "with the bank it had" : describe(DEMO_BANK)}`,
    pid: server.pid,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

export async function startBankServer({
  stateDir,
  port,
  log,
}: PrivateBankOptions): Promise<MariaDb> {
  return await startMariaDb({ dataDir: join(stateDir, "mariadb"), port, log });
}

/** The URL of the sample bank's database on a private server, made when it is not there. */
export async function bankDatabase(serverUrl: string): Promise<string> {
  await using connection = await createConnection(serverUrl);
  await connection.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`);
  return new URL(DATABASE, serverUrl).href;
}

/** A database with the two views is used as it is; an empty one gets the sample bank. */
export async function useBank(databaseUrl: string): Promise<LocalBank> {
  try {
    if (await isSeeded(databaseUrl)) {
      return { databaseUrl, description: "DATABASE_URL, as it is" };
    }
    await seedBank(databaseUrl, DEMO_BANK);
    return { databaseUrl, description: `DATABASE_URL, ${describe(DEMO_BANK)}` };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `the database of DATABASE_URL cannot be used: ${reason}. It is a mysql:// URL with user, ` +
        "password and database; without it a private MariaDB is started.",
      { cause },
    );
  }
}

async function isSeeded(url: string): Promise<boolean> {
  await using connection = await createConnection(url);
  const [views] = await connection.query<RowDataPacket[]>(
    "SHOW TABLES LIKE 'statement\\_accounts'",
  );
  if (views.length === 0) return false;
  const [accounts] = await connection.query<RowDataPacket[]>(
    "SELECT account_id FROM statement_accounts LIMIT 1",
  );
  return accounts.length > 0;
}

function describe({ customers, rows }: SampleBank): string {
  return `seeded with ${customers} customers and ${rows.toLocaleString("en")} transactions`;
}
