/** Statements of the sample bank, read by a user who may read the two views and nothing else. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { minorUnit } from "../../functions/domain/money/money.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import {
  grantStatementReader,
  STATEMENT_READER,
} from "../../infra/local/cluster/sample-bank/create-schema.ts";
import { seedBank } from "../../infra/local/cluster/sample-bank/seed.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import { sequence } from "../support/bank/sequence.ts";
import {
  insertAccount,
  openSnapshot,
  readTransactions,
  statementZip,
  zipOf,
} from "../support/statements/statement.ts";

const MANY_ROWS = 300_000;
const YEAR = { startDate: "2024-07-01", endDate: "2025-06-30", timeZone: "UTC" };

let server: TestMariaDb;
let transactions: Transactions;

beforeAll(async () => {
  server = await startTestMariaDb();
  await seedBank(server.databaseUrl, { customers: 8, rows: 16_000, seed: 11 });
  await grantStatementReader(server.databaseUrl);
  const url = new URL(server.databaseUrl);
  const { user: username, password } = STATEMENT_READER;
  transactions = readTransactions(Object.assign(url, { username, password }).href);
});
afterAll(async () => {
  await transactions[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function query(text: string, values: readonly string[] = []): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: server.databaseUrl, decimalNumbers: false });
  try {
    return (await connection.query<RowDataPacket[]>(text, [...values]))[0];
  } finally {
    await connection.end();
  }
}

test("every customer's year verifies, with the sums the server itself comes to", async () => {
  const customers = await query("SELECT DISTINCT customer_id AS id FROM accounts");
  expect(customers).toHaveLength(8);
  for (const { id: customerId } of customers as { id: string }[]) {
    const checked = await verifyStatement(
      chunks(await statementZip(transactions, { ...YEAR, customerId })),
    );
    if (!checked.ok) throw new Error(checked.problems.join());
    const sums = await query(
      `SELECT a.account_id, a.currency,
              CAST(COUNT(t.id) AS CHAR) AS n,
              CAST(COALESCE(SUM(IF(t.amount >= 0, t.amount, 0)), 0) AS CHAR) AS credits,
              CAST(COALESCE(SUM(IF(t.amount < 0, -t.amount, 0)), 0) AS CHAR) AS debits
       FROM accounts a LEFT JOIN transactions t
         ON t.account_id = a.account_id AND t.status = 'BOOK'
         AND t.posted_at >= '2024-07-01' AND t.posted_at < '2025-07-01'
       WHERE a.customer_id = ? GROUP BY a.account_id, a.currency ORDER BY a.account_id`,
      [customerId],
    );
    expect(
      checked.manifest.totals.map(
        ({ account_id, currency, credits, debits, opening, closing }) => ({
          account_id,
          currency,
          n: String(credits.count + debits.count),
          credits: atFourDecimals(credits.sum),
          debits: atFourDecimals(debits.sum),
          change: minor(closing, currency) - minor(opening, currency),
        }),
      ),
    ).toEqual(
      sums.map((row) => ({
        ...row,
        change: minor(row["credits"], row["currency"]) - minor(row["debits"], row["currency"]),
      })),
    );
    expect(checked.manifest.rows).toBeGreaterThan(500);
  }
});

/** `12.5` as the column DECIMAL(23,4) has it. */
function atFourDecimals(decimal: string): string {
  const [whole = "", fraction = ""] = decimal.split(".");
  return `${whole}.${fraction.padEnd(4, "0")}`;
}

/** Minor units, by moving the point: the digits behind the currency's scale are zeros. */
function minor(decimal: unknown, currency: unknown): bigint {
  const [whole = "", fraction = ""] = String(decimal).split(".");
  const scale = minorUnit(String(currency));
  return BigInt(whole + fraction.padEnd(scale, "0").slice(0, scale));
}

test("the reader may neither write nor look behind the views", async () => {
  const { user, password } = STATEMENT_READER;
  const reader = await createConnection({ uri: server.databaseUrl, user, password });
  try {
    for (const denied of [
      "SELECT 1 FROM accounts",
      "SELECT 1 FROM transactions",
      "DELETE FROM statement_transactions",
      "INSERT INTO statement_accounts VALUES ('a', 'b', 'EUR')",
    ]) {
      await expect(reader.query(denied)).rejects.toMatchObject({ errno: 1142 });
    }
  } finally {
    await reader.end();
  }
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What is still in use: the resident set also counts garbage that nobody had time to collect. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test(`${MANY_ROWS} rows take no more memory than a few`, async () => {
  // 150 MB of text, made by a view while it is read: whatever holds all rows shows.
  await server.execute(
    `${insertAccount("large", "EUR", "large")}
     INSERT INTO transactions SELECT 1000000 + seq, 'large', 'large', 'BOOK',
       '2025-01-01' + INTERVAL seq SECOND, '2025-01-01', '2025-01-01', 0.01, 'EUR', seq / 100,
       'CARD', NULL, NULL, NULL, NULL, NULL FROM ${sequence(MANY_ROWS)};
     CREATE ALGORITHM = MERGE VIEW wordy_transactions AS
       SELECT customer_id, account_id, id, status, posted_at, booking_date, value_date, amount,
         currency, balance_after, type, REPEAT(CONCAT(id, ' '), 60) AS description,
         counterparty_name, counterparty_account, reference, reversal_of
       FROM transactions`,
  );
  await using wordy = readTransactions(server.databaseUrl, {
    transactionView: "wordy_transactions",
  });
  const asked = { ...YEAR, customerId: "large" };
  await using snapshot = await openSnapshot(wordy, asked);
  expect(snapshot.rows).toBe(MANY_ROWS);
  const MIB = 1_048_576;
  let base = 0;
  let peak = 0;
  let bytes = 0;
  for await (const block of zipOf(asked, snapshot, "fast")) {
    const before = Math.floor(bytes / MIB);
    bytes += (block as Buffer).length;
    if (Math.floor(bytes / MIB) === before) continue;
    // The first MiB warms up what stays.
    const held = heldBytes();
    if (before === 0) base = held;
    peak = Math.max(peak, held);
  }
  expect(bytes).toBeGreaterThan(4 * MIB);
  expect((peak - base) / MIB).toBeLessThan(64);
});
