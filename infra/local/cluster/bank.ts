/** The bank's database: a private MariaDB with the sample bank, or the one of `DATABASE_URL`. */
import { join } from "node:path";
import type { RowDataPacket } from "mysql2/promise";
import { makeRootAccount, startMariaDb, type MariaDb } from "./mariadb.ts";
import { connectToBank } from "./sample-bank/bank-connection.ts";
import {
  createDatabase,
  grantStatementReader,
  STATEMENT_READER,
} from "./sample-bank/create-schema.ts";
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
  /** As whoever may fill it. */
  readonly ownerUrl: string;
}

/** Small enough to be there at once; the first customer's year has about a thousand rows. */
const DEMO_BANK: SampleBank = { customers: 5, rows: 10_000, seed: 1 };
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
    ownerUrl: url,
    description: `private MariaDB, ${seeded ? "with the bank it had" : describe(DEMO_BANK)}`,
    pid: server.pid,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Its root has a new password at every start, which `running.json` holds while it is up. */
export async function startBankServer({
  stateDir,
  port,
  log,
}: PrivateBankOptions): Promise<MariaDb> {
  const dataDir = join(stateDir, "mariadb");
  return await startMariaDb({ dataDir, port, log, root: makeRootAccount() });
}

/** The URL of the sample bank's database on a private server, made when it is not there. */
export async function bankDatabase(serverUrl: string): Promise<string> {
  const url = new URL(DATABASE, serverUrl).href;
  await createDatabase(url);
  return url;
}

/**
 * A database with the two views is used as it is; an empty one, and one that is not there yet, gets
 * the sample bank.
 */
export async function useBank(databaseUrl: string): Promise<LocalBank> {
  try {
    await ensureDatabase(databaseUrl);
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

/** @throws Error that says the next step, or the driver's. */
export async function ensureDatabase(url: string): Promise<void> {
  if (new URL(url).pathname.length < 2) {
    throw new Error("it names no database: end the URL with /bank, which may be new");
  }
  try {
    await using connection = await connectToBank(url);
    await connection.ping();
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "ER_BAD_DB_ERROR") throw error;
    await createDatabase(url).catch((cause: unknown) => {
      const reason = "there is no such database, and its user may not make it";
      throw new Error(`${reason}: CREATE DATABASE as another user, or name one that is there`, {
        cause,
      });
    });
  }
}

async function isSeeded(url: string): Promise<boolean> {
  await using connection = await connectToBank(url);
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
