/** Fills an empty server with the bench's bank, the fast way: keys last, in one sort each. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { connectToBank } from "../../../infra/local/cluster/sample-bank/bank-connection.ts";
import {
  createSchema,
  grantStatementReader,
} from "../../../infra/local/cluster/sample-bank/create-schema.ts";
import { COLUMNS, FIRST_DAY } from "../../../infra/local/cluster/sample-bank/transactions.ts";
import { benchTools } from "../tools.ts";
import { type BankSize, customersOf } from "./customers.ts";
import { bankRows } from "./rows.ts";

const ACCOUNTS_PER_INSERT = 5_000;

/** `url` names a database of a server without a password, on this machine. */
export async function loadBank(url: string, size: BankSize): Promise<void> {
  await createSchema(url);
  const connection = await connectToBank(url);
  try {
    await insertAccounts(connection, size);
    const shipped = await tableDefinition(connection);
    await connection.query(
      `ALTER TABLE transactions DROP FOREIGN KEY transaction_account,
         DROP KEY transactions_of_customer, DROP KEY transactions_of_account,
         DROP KEY transactions_of_customer_by_day, DROP KEY transactions_of_account_by_day`,
    );
    await loadRows(url, size);
    await connection.query("SET foreign_key_checks = 0");
    await connection.query(
      `ALTER TABLE transactions
         ADD KEY transactions_of_customer (customer_id, posted_at, id, status),
         ADD KEY transactions_of_account (account_id, posted_at, id, status),
         ADD KEY transactions_of_customer_by_day (customer_id, booking_date, posted_at, id, status),
         ADD KEY transactions_of_account_by_day (account_id, booking_date, posted_at, id, status),
         ADD CONSTRAINT transaction_account FOREIGN KEY (account_id) REFERENCES accounts (account_id)`,
    );
    if ((await tableDefinition(connection)) !== shipped) {
      throw new Error("the table is not the one of schema.sql any more: change its keys here too");
    }
    await connection.query("ANALYZE TABLE accounts, transactions");
  } finally {
    await connection.end();
  }
  await grantStatementReader(url);
}

async function insertAccounts(connection: Connection, size: BankSize): Promise<void> {
  const rows = customersOf(size).flatMap((customer) =>
    customer.accounts.map(({ id, currency }) => [
      id,
      customer.id,
      currency,
      "current account",
      FIRST_DAY,
    ]),
  );
  const sql =
    "INSERT INTO accounts (account_id, customer_id, currency, product, opened_on) VALUES ?";
  for (let at = 0; at < rows.length; at += ACCOUNTS_PER_INSERT) {
    await connection.query(sql, [rows.slice(at, at + ACCOUNTS_PER_INSERT)]);
  }
}

async function tableDefinition(connection: Connection): Promise<string> {
  const [[row]] = await connection.query<RowDataPacket[]>("SHOW CREATE TABLE transactions");
  return String(row?.["Create Table"]);
}

async function loadRows(url: string, size: BankSize): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const sql = `SET unique_checks = 0, foreign_key_checks = 0;
    LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE transactions
    CHARACTER SET utf8mb4 (${COLUMNS.join(", ")})`;
  const client = [
    "mariadb",
    "--no-defaults",
    "--protocol=tcp",
    `--host=${hostname}`,
    `--port=${port}`,
    "--user=root",
    "--local-infile=1",
    `--execute=${sql}`,
    pathname.slice(1),
  ];
  // The client opens its standard input by name, which must be a pipe for that: Node gives a socket.
  const shell = spawn("bash", ["-c", 'set -o pipefail; cat | "$@"', "bash", ...client], {
    env: await benchTools(),
    stdio: ["pipe", "inherit", "inherit"],
  });
  const [[code]] = (await Promise.all([
    once(shell, "exit"),
    pipeline(Readable.from(bankRows(size)), shell.stdin),
  ])) as [[number | null], unknown];
  if (code !== 0) throw new Error("the rows could not be loaded");
}
