/** How rows come: as the driver has them too, and without the proof reading the rows a second time. */
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { makeTransactionsCsv } from "../../functions/statement-builder/lines/statement-csv.ts";
import {
  statementSql,
  type TransactionRow,
} from "../../functions/statement-builder/source/transactions-sql.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { pick, seededRandom } from "../../infra/local/cluster/sample-bank/random.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startCuttingProxy } from "../support/wire/cutting-proxy.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { makePlainCsv } from "../support/statements/plain-csv.ts";
import { sequence } from "../support/bank/sequence.ts";
import {
  factsOf,
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
  type Asked,
} from "../support/statements/statement.ts";

const YEAR: Asked = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-12-31" };
const ROWS = 40_000;
const SQL = statementSql({
  transactionView: "statement_transactions",
  accountView: "statement_accounts",
});

let server: TestMariaDb;
let connection: Connection;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  connection = await createConnection({
    uri: server.databaseUrl,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
});
beforeEach(async () => {
  await server.execute(insertAccount("a1") + insertAccount("a2", "JPY") + insertAccount("idle"));
});
afterEach(async () => {
  await server.execute("DELETE FROM transactions; DELETE FROM accounts;");
});
afterAll(async () => {
  await connection.end();
  await server[Symbol.asyncDispose]();
});

/** A year of rows in two accounts by turns, in the statement's order. */
async function manyRows(): Promise<void> {
  await server.execute(
    `INSERT INTO transactions
     SELECT seq, 'c1', IF(seq % 2, 'a1', 'a2'), 'BOOK', '2025-01-01' + INTERVAL seq * 700 SECOND,
       '2025-01-01', '2025-01-01', 1, IF(seq % 2, 'EUR', 'JPY'), CEIL(seq / 2), 'CARD',
       ELT(1 + seq % 4, 'Coffee', 'Tea, black', CONCAT('=', seq), REPEAT('ß', seq % 300)),
       NULL, 'DE89370400440532013000', NULL, IF(seq % 100, NULL, seq - 1)
     FROM ${sequence(ROWS)}`,
  );
}

interface Told {
  readonly csv: string;
  readonly totals: unknown;
}

async function read(transactions: Transactions): Promise<Told> {
  await using snapshot = await openSnapshot(transactions, YEAR);
  const csv = makeTransactionsCsv(snapshot.balances);
  const parts: string[] = [];
  for await (const batch of snapshot.batches()) {
    const lines = csv.lines(batch);
    parts.push(String(lines.bytes));
    lines.release();
  }
  expect(csv.rows).toBe(snapshot.rows);
  return { csv: parts.join(""), totals: csv.totals };
}

/** The same rows as the driver's own values, and their lines in plain words. */
async function readPlain(): Promise<Told> {
  await using transactions = readTransactions(server.databaseUrl);
  await using snapshot = await openSnapshot(transactions, YEAR);
  const csv = makePlainCsv(snapshot.balances);
  const { from, to } = factsOf(YEAR).period;
  const { sql, parameters } = SQL.rows({ customerId: YEAR.customerId, from, to }, "BOOK");
  const [rows] = await connection.query<RowDataPacket[][]>({
    sql,
    values: [...parameters],
    rowsAsArray: true,
  });
  const text = csv.lines(rows as unknown as readonly TransactionRow[]);
  return { csv: text, totals: csv.totals };
}

test("rows as bytes and rows as values make the same file", async () => {
  await manyRows();
  await using transactions = readTransactions(server.databaseUrl);
  const [fast, plain] = [await read(transactions), await readPlain()];
  expect(fast.csv === plain.csv).toBe(true);
  expect(fast.totals).toEqual(plain.totals);
  expect(fast.csv.split("\r\n").length - 1).toBe(ROWS);
});

test("however the server's bytes are cut on their way", async () => {
  await manyRows();
  const expected = await readPlain();
  const random = seededRandom(5);
  const sizes = [1, 2, 3, 5, 300, 4_096, 65_535, 65_536, 200_000];
  const url = new URL(server.databaseUrl);
  const upstream = { host: url.hostname, port: Number(url.port) };
  await using proxy = await startCuttingProxy(upstream, () => {
    // Few are tiny: else there would be millions.
    const size = pick(random, sizes);
    return size > 5 || random() < 0.05 ? size : 20_000;
  });
  url.host = `127.0.0.1:${proxy.port}`;
  await using cut = readTransactions(url.href);
  for (let n = 0; n < 3; n++) {
    const told = await read(cut);
    expect(told.csv === expected.csv).toBe(true);
    expect(told.totals).toEqual(expected.totals);
  }
});

test("also where a text needs care, is long, or is none", async () => {
  const texts = [
    "",
    " ",
    '"',
    ",",
    "\r\n",
    "=1",
    "＝1",
    "'",
    "é\u0301",
    "😀",
    "\\",
    "x".repeat(250),
  ];
  await server.execute(
    insertPostings(
      ...texts.map((text, i) => ({
        id: 2n ** 62n + BigInt(i),
        at: `2025-03-0${(i % 9) + 1} 00:00:00`,
        account: "a2",
        amount: "-1",
        balance: String(-i),
        currency: "JPY",
        description: text.repeat(2),
        // None has no place there.
        type: text.slice(0, 35) || "x",
        name: i % 2 ? text.slice(0, 140) : null,
        counterparty: text.slice(0, 34),
        reference: i % 3 ? null : text.slice(0, 35),
      })),
    ),
  );
  await using transactions = readTransactions(server.databaseUrl);
  const [fast, plain] = [await read(transactions), await readPlain()];
  expect(fast.csv).toBe(plain.csv);
  expect(fast.csv).toContain(`,${"x".repeat(250).repeat(2)},`);
});

test("the proof finds its balances by one row each and counts from the index alone", async () => {
  await manyRows();
  await connection.query("ANALYZE TABLE transactions, accounts");
  const day = { customerId: "c1", from: Date.UTC(2025, 5, 1), to: Date.UTC(2025, 5, 2) };
  const accounts = ["a1", "a2", "idle"].map((accountId) => ({
    accountId,
    currency: accountId === "a2" ? "JPY" : "EUR",
  }));
  for (const account of accounts) {
    expect(await rowsRead(SQL.balances(day, [account]))).toBeLessThanOrEqual(4);
  }
  expect(await rowsRead(SQL.balances(day, accounts))).toBeLessThanOrEqual(4 * accounts.length);
  const count = SQL.count({ ...day, to: Date.UTC(2026, 0, 1) }, "BOOK");
  const [plan] = await connection.query<RowDataPacket[]>(
    `EXPLAIN FORMAT = TRADITIONAL ${count.sql}`,
    [...count.parameters],
  );
  expect(plan[0]?.["Extra"]).toContain("Using index");
});

/** How often the server's storage was asked for a row. */
async function rowsRead(query: { sql: string; parameters: readonly unknown[] }): Promise<number> {
  await connection.query("FLUSH STATUS");
  await connection.query(query.sql, [...query.parameters]);
  const [status] = await connection.query<RowDataPacket[]>(
    "SHOW SESSION STATUS LIKE 'Handler_read%'",
  );
  return status.reduce((sum, row) => sum + Number(row["Value"]), 0);
}
