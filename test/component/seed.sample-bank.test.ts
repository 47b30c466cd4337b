/** The sample bank on a real MariaDB: its balances, its order, its views and its indexes. */
import { createConnection, type RowDataPacket } from "mysql2/promise";
import {
  grantStatementReader,
  STATEMENT_READER,
} from "../../infra/local/cluster/sample-bank/create-schema.ts";
import { NotASampleBank, seedBank } from "../../infra/local/cluster/sample-bank/seed.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";

const CUSTOMER = "customer-000001";
let server: TestMariaDb;

beforeAll(async () => {
  server = await startTestMariaDb();
  await seedBank(server.databaseUrl, { customers: 12, rows: 20_000, seed: 7 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("the seeded rows", () => {
  test("are as many as asked for, and each account's balance follows from its booked rows", async () => {
    const [{ rows, wrong, pending } = {}] = await query(
      `SELECT COUNT(*) AS \`rows\`, SUM(balance_after <> booked) AS wrong,
              SUM(status = 'PDNG') AS pending
       FROM (SELECT status, balance_after,
                    SUM(IF(status = 'BOOK', amount, 0))
                      OVER (PARTITION BY account_id ORDER BY posted_at, id) AS booked
             FROM statement_transactions) AS running`,
    );
    expect({ rows, wrong }).toEqual({ rows: "20000", wrong: "0" });
    expect(Number(pending)).toBeGreaterThan(50);
  });

  test("stay within their currency's scale, and go beyond what a JavaScript number holds", async () => {
    const [{ yen, dinar, cents, ids, money } = {}] = await query(
      `SELECT SUM(currency = 'JPY' AND amount <> TRUNCATE(amount, 0)) AS yen,
              SUM(currency = 'BHD' AND amount <> TRUNCATE(amount, 2)) > 0 AS dinar,
              SUM(currency <> 'BHD' AND amount <> TRUNCATE(amount, 2)) AS cents,
              SUM(id > 9007199254740992) > 0 AS ids,
              MAX(balance_after) > 90071992547409.92 AS money
       FROM statement_transactions`,
    );
    expect({ yen, dinar, cents, ids, money }).toEqual({
      yen: "0",
      dinar: "1",
      cents: "0",
      ids: "1",
      money: "1",
    });
  });

  test("hold ties of ten, ids out of order, and rows on the first instant of a day", async () => {
    const [{ most } = {}] = await query(
      `SELECT MAX(n) AS most FROM (SELECT COUNT(*) AS n FROM statement_transactions
         WHERE customer_id = '${CUSTOMER}' GROUP BY account_id, posted_at) AS ties`,
    );
    const [{ late } = {}] = await query(
      `SELECT COUNT(*) AS late FROM (SELECT id < LAG(id) OVER (ORDER BY posted_at, id) AS earlier
         FROM statement_transactions WHERE id < 9007199254740992) AS ids WHERE earlier`,
    );
    const [{ midnight } = {}] = await query(
      "SELECT COUNT(*) AS midnight FROM statement_transactions WHERE posted_at = DATE(posted_at)",
    );
    expect(most).toBe("10");
    expect(Number(late)).toBeGreaterThan(10);
    expect(Number(midnight)).toBeGreaterThan(100);
  });

  test("hold texts that break careless writers, whole", async () => {
    const names = await query(
      `SELECT DISTINCT counterparty_name AS name FROM statement_transactions
       WHERE counterparty_name REGEXP '^=|"|,|[\\n]|🍕|ö'`,
    );
    expect(names.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        '=HYPERLINK("http://example.invalid";"refund")',
        'Garage "Chez Marcel", Lyon',
        "Hausverwaltung Nord\nObjekt 12, Hof links",
        "Pizza 🍕 Express",
        "Stadtwerke Köln GmbH",
      ]),
    );
  });

  test("take a booked row of the same account back by a reversal", async () => {
    const [{ reversals, wrong } = {}] = await query(
      `SELECT COUNT(*) AS reversals,
              SUM(taken.amount IS NULL OR taken.amount + back.amount <> 0) AS wrong
       FROM statement_transactions AS back
       LEFT JOIN statement_transactions AS taken
         ON taken.id = back.reversal_of AND taken.account_id = back.account_id
            AND taken.status = 'BOOK' AND taken.posted_at <= back.posted_at
       WHERE back.reversal_of IS NOT NULL`,
    );
    expect(Number(reversals)).toBeGreaterThan(100);
    expect(wrong).toBe("0");
  });
});

describe("the views", () => {
  const RANGE = "posted_at >= '2025-01-01' AND posted_at < '2025-02-01' AND status = 'BOOK'";

  test("read a customer's period in order from the index, without a sort", async () => {
    const [plan] = await query(
      `EXPLAIN FORMAT = TRADITIONAL SELECT * FROM statement_transactions WHERE customer_id = '${CUSTOMER}' AND ${RANGE}
       ORDER BY posted_at, id`,
    );
    expect(plan).toMatchObject({ key: "transactions_of_customer", type: "range" });
    expect(plan?.["Extra"]).not.toContain("filesort");
  });

  test("count it, and find an opening balance, from an index", async () => {
    const [count] = await query(
      `EXPLAIN FORMAT = TRADITIONAL SELECT COUNT(*) FROM statement_transactions
       WHERE customer_id = '${CUSTOMER}' AND ${RANGE}`,
    );
    const [opening] = await query(
      `EXPLAIN FORMAT = TRADITIONAL SELECT balance_after FROM statement_transactions
       WHERE account_id = 'account-000001-1' AND posted_at < '2025-01-01' AND status = 'BOOK'
       ORDER BY posted_at DESC, id DESC LIMIT 1`,
    );
    expect(count).toMatchObject({ key: "transactions_of_customer" });
    expect(count?.["Extra"]).toContain("Using index");
    expect(count?.["Extra"]).not.toContain("Using index condition");
    expect(opening).toMatchObject({ key: "transactions_of_account" });
    expect(opening?.["Extra"]).not.toContain("filesort");
  });

  test("are all that the builder's user may see", async () => {
    await grantStatementReader(server.databaseUrl);
    const url = new URL(server.databaseUrl);
    Object.assign(url, { username: STATEMENT_READER.user, password: STATEMENT_READER.password });
    const reader = await createConnection(url.href);
    try {
      await reader.query("SELECT COUNT(*) FROM statement_accounts");
      await reader.query("SELECT COUNT(*) FROM statement_transactions");
      await expect(reader.query("SELECT * FROM transactions LIMIT 1")).rejects.toThrow(/denied/);
      await expect(reader.query("DELETE FROM statement_accounts")).rejects.toThrow(/denied/);
    } finally {
      await reader.end();
    }
  });
});

describe("seeding", () => {
  test("the same numbers twice gives the same rows, another seed gives others", async () => {
    const small = { customers: 3, rows: 1_000, seed: 1 };
    const first = await checksumOf("again_a", small);
    const second = await checksumOf("again_b", small);
    const other = await checksumOf("again_a", { ...small, seed: 2 });
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("leaves a database alone that has tables of its own", async () => {
    await server.execute("CREATE DATABASE real_bank; CREATE TABLE real_bank.accounts (n INT)");
    await expect(
      seedBank(`${server.url}real_bank`, { customers: 1, rows: 1, seed: 1 }),
    ).rejects.toThrow(NotASampleBank);
    expect(await query("SHOW TABLES FROM real_bank")).toHaveLength(1);
  });
});

async function checksumOf(database: string, bank: Parameters<typeof seedBank>[1]) {
  await server.execute(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await seedBank(`${server.url}${database}`, bank);
  const tables = await query(`CHECKSUM TABLE ${database}.accounts, ${database}.transactions`);
  return tables.map((table) => table["Checksum"]);
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await createConnection({
    uri: server.databaseUrl,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    typeCast: (field) => field.string(),
  });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows.map((row) => ({ ...row }));
  } finally {
    await connection.end();
  }
}
