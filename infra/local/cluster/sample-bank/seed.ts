import type { Connection, RowDataPacket } from "mysql2/promise";
import { connectToBank } from "./bank-connection.ts";
import { createSchema } from "./create-schema.ts";
import { accountsOf } from "./customers.ts";
import {
  COLUMNS,
  FIRST_DAY,
  type SampleBank,
  type TransactionRow,
  transactions,
} from "./transactions.ts";

const ROWS_PER_INSERT = 2_000;
const INSERTS_PER_COMMIT = 25;
const ACCOUNTS_PER_INSERT = 5_000;

/** The comment of `schema.sql` that tells the sample bank's tables from a real bank's. */
const SAMPLE_TABLE_COMMENT = "transactions-collector sample bank";

export class NotASampleBank extends Error {
  override readonly name = "NotASampleBank";
}

/**
 * Makes the sample bank in the database of `url` and fills it anew: the same numbers give the
 * same rows. Balances are exact per account in the order (posted_at, id) of its booked rows.
 *
 * @throws NotASampleBank when the database holds tables of these names that are not the sample's.
 */
export async function seedBank(
  url: string,
  bank: SampleBank,
  onProgress: (rows: number) => void = () => undefined,
): Promise<void> {
  const connection = await connectToBank(url);
  try {
    await refuseRealTables(connection);
    await createSchema(url);
    await emptySampleBank(connection);
    await insertAccounts(connection, bank.customers);
    await insertTransactions(connection, bank, onProgress);
    // Fresh statistics: without them the first plans after a load may miss the indexes.
    await connection.query("ANALYZE TABLE accounts, transactions");
  } finally {
    await connection.end();
  }
}

/** A database that is somebody's own is never written to. */
async function refuseRealTables(connection: Connection): Promise<void> {
  const [tables] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_comment <> ?
       AND table_name IN ('accounts', 'transactions')`,
    [SAMPLE_TABLE_COMMENT],
  );
  if (tables.length === 0) return;
  const names = tables.map((table) => String(table["name"])).join(", ");
  throw new NotASampleBank(
    `the database has tables of its own (${names}): seed an empty database instead`,
  );
}

async function emptySampleBank(connection: Connection): Promise<void> {
  // The generator keeps every reference whole, and checking a million of them takes long.
  await connection.query("SET foreign_key_checks = 0, unique_checks = 0");
  await connection.query("TRUNCATE TABLE transactions");
  await connection.query("TRUNCATE TABLE accounts");
}

async function insertAccounts(connection: Connection, customers: number): Promise<void> {
  let batch: (readonly string[])[] = [];
  const flush = async (): Promise<void> => {
    await connection.query(
      "INSERT INTO accounts (account_id, customer_id, currency, product, opened_on) VALUES ?",
      [batch],
    );
    batch = [];
  };
  for (let n = 1; n <= customers; n += 1) {
    for (const { accountId, customerId, currency, product } of accountsOf(n)) {
      batch.push([accountId, customerId, currency, product, FIRST_DAY]);
    }
    if (batch.length >= ACCOUNTS_PER_INSERT || n === customers) await flush();
  }
}

async function insertTransactions(
  connection: Connection,
  bank: SampleBank,
  onProgress: (rows: number) => void,
): Promise<void> {
  const sql = `INSERT INTO transactions (${COLUMNS.join(", ")}) VALUES ?`;
  let done = 0;
  let inserts = 0;
  let sent: Promise<unknown> = connection.beginTransaction();
  for (const batch of batches(transactions(bank), ROWS_PER_INSERT)) {
    // The next batch is made while the server takes this one.
    await sent;
    done += batch.length;
    inserts += 1;
    if (inserts % INSERTS_PER_COMMIT === 0) {
      await connection.commit();
      await connection.beginTransaction();
    }
    onProgress(done);
    sent = connection.query(sql, [batch]);
  }
  await sent;
  await connection.commit();
}

function* batches(rows: Iterable<TransactionRow>, size: number): Generator<TransactionRow[]> {
  let batch: TransactionRow[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
