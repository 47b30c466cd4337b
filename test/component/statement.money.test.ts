/** Points 1 and 8 of a correct statement: sums and balances against the database's own arithmetic. */
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { balances, totalsEntry } from "../../functions/domain/money/account-totals.ts";
import { makeTransactionsCsv } from "../../functions/statement-builder/lines/statement-csv.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readStatement } from "../support/statements/read-statement.ts";
import { sequence } from "../support/bank/sequence.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
} from "../support/statements/statement.ts";

const JANUARY = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };

let server: TestMariaDb;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
});
afterAll(() => server[Symbol.asyncDispose]());

/**
 * A million rows in four currencies, their amounts of one to thirteen digits and all the decimals
 * that the currency has, a third of them debits; scattered, and the same in each run.
 */
const MILLION = `
  CREATE TABLE million ENGINE = MyISAM AS
    SELECT 'c1' AS customer_id, ELT(1 + seq % 4, 'a0', 'a1', 'a2', 'a3') AS account_id, seq AS id,
      'BOOK' AS status, CAST('2025-01-01' + INTERVAL seq SECOND AS DATETIME(6)) AS posted_at,
      DATE '2025-01-01' AS booking_date, DATE '2025-01-01' AS value_date,
      CAST(
        IF(seq % 3, 1, -1) * (
          (seq * 9176263891) % 9999999999971 DIV ELT(1 + seq % 13, ${powersOfTen(13)})
          + CAST((seq * 7919) % ELT(1 + seq % 4, 100, 1, 1000, 10000) AS DECIMAL(9,4))
            / ELT(1 + seq % 4, 100, 1, 1000, 10000)
        ) AS DECIMAL(23,4)) AS amount,
      ELT(1 + seq % 4, 'EUR', 'JPY', 'BHD', 'CLF') AS currency,
      CAST(0 AS DECIMAL(23,4)) AS balance_after, 'CARD' AS type,
      NULL AS description, NULL AS counterparty_name, NULL AS counterparty_account,
      NULL AS reference, NULL AS reversal_of
    FROM ${sequence(1_000_000)};
  CREATE TABLE sums AS
    SELECT customer_id, account_id, currency, MAX(id) AS last_id, SUM(amount) AS net,
      SUM(amount >= 0) AS credits, SUM(IF(amount >= 0, amount, 0)) AS credit_sum,
      SUM(amount < 0) AS debits, SUM(IF(amount < 0, -amount, 0)) AS debit_sum
    FROM million GROUP BY customer_id, account_id, currency;
  UPDATE million SET balance_after = (SELECT net FROM sums WHERE last_id = id) WHERE id > 999996;`;

function powersOfTen(count: number): string {
  return Array.from({ length: count }, (_, i) => 10 ** i).join(", ");
}

type Sums = RowDataPacket & Readonly<Record<string, string>>;

test("1: a million random amounts add up to what the database's DECIMAL says", async () => {
  await server.execute(MILLION);
  await using transactions = readTransactions(server.databaseUrl, {
    transactionView: "million",
    accountView: "sums",
    // The table has no index: each balance is a scan of all of it.
    readTimeoutMs: 100_000,
  });
  await using snapshot = await openSnapshot(transactions, JANUARY);
  const csv = makeTransactionsCsv(snapshot.balances);
  for await (const batch of snapshot.batches()) csv.lines(batch).release();
  expect([csv.rows, csv.totals.every(balances)]).toEqual([1_000_000, true]);
  const connection = await createConnection(server.databaseUrl);
  const [sums] = await connection.query<Sums[]>("SELECT * FROM sums ORDER BY account_id");
  await connection.end();
  expect(csv.totals.map(totalsEntry)).toHaveLength(4);
  csv.totals.map(totalsEntry).forEach((entry, i) => {
    const says = sums[i];
    expect([entry.account_id, entry.currency]).toEqual([says?.["account_id"], says?.["currency"]]);
    expect(entry.credits.count).toBe(Number(says?.["credits"]));
    expect(entry.debits.count).toBe(Number(says?.["debits"]));
    const ours = [entry.credits.sum, entry.debits.sum, entry.net, entry.closing];
    const theirs = [says?.["credit_sum"], says?.["debit_sum"], says?.["net"], says?.["net"]];
    expect(ours.map(inFourDecimals)).toEqual(theirs);
  });
  // More than a floating-point number counts to.
  expect(csv.totals[0]?.creditSum).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
}, 300_000);

/** As a column of DECIMAL(…,4) shows it. */
function inFourDecimals(decimal: string): string {
  const [whole = "", fraction = ""] = decimal.split(".");
  return `${whole}.${fraction.padEnd(4, "0")}`;
}

test("8: one account id in two currencies is two balances, and two accounts in the manifest", async () => {
  await server.execute(
    insertAccount("a1") +
      insertAccount("a0", "USD") +
      insertPostings(
        { id: 1, at: "2024-12-31 10:00:00", amount: "10", balance: "10" },
        { id: 2, at: "2024-12-31 11:00:00", amount: "500", balance: "500", currency: "JPY" },
        { id: 3, at: "2025-01-02 10:00:00", amount: "-2.50", balance: "7.50" },
        { id: 4, at: "2025-01-02 10:00:00", amount: "1000", balance: "1500", currency: "JPY" },
        { id: 5, at: "2025-01-03 10:00:00", amount: "1.25", balance: "8.75" },
      ) +
      `CREATE VIEW all_accounts AS SELECT customer_id, account_id, currency FROM accounts
         UNION SELECT customer_id, account_id, currency FROM transactions;`,
  );
  await using transactions = readTransactions(server.databaseUrl, { accountView: "all_accounts" });
  const { manifest, files } = await readStatement(transactions, JANUARY);
  expect(manifest.accounts).toEqual([
    { account_id: "a0", currency: "USD" },
    { account_id: "a1", currency: "EUR" },
    { account_id: "a1", currency: "JPY" },
  ]);
  expect(files["balances.csv"]?.split("\r\n").slice(1, -1)).toEqual([
    "a0,USD,0.00,0,0.00,0,0.00,0.00,0.00",
    "a1,EUR,10.00,1,1.25,1,2.50,-1.25,8.75",
    "a1,JPY,500,1,1000,0,0,1000,1500",
  ]);
});
