/** What the bank's views may bring: it is published and verified, or refused with a reason. */
import { buffer } from "node:stream/consumers";
import { USUAL_COLUMNS } from "../../functions/domain/columns.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
  unzip,
  zipOf,
} from "../support/statements/statement.ts";

const JANUARY = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };
const EVERYTHING = { ...JANUARY, options: { formats: ["csv", "jsonl"] as const } };

let server: TestMariaDb;
let changed: Transactions;

beforeAll(async () => {
  server = await startTestMariaDb({
    schema: BANK_SCHEMA,
    settings: ["--max-allowed-packet=64M"],
  });
  await server.execute(
    insertAccount("a1") +
      insertPostings(
        { id: 1, at: "2025-01-02 10:00:00", amount: "1.50", balance: "1.50", description: "one" },
        { id: 2, at: "2025-01-03 10:00:00", amount: "-0.50", balance: "1.00", description: "é" },
      ),
  );
  changed = readTransactions(server.databaseUrl, { transactionView: "changed" });
});
afterAll(async () => {
  await changed[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The view of the transactions with one column, or several, of another expression. */
async function given(expressions: Readonly<Record<string, string>>, where = "TRUE"): Promise<void> {
  const columns = ["customer_id", ...USUAL_COLUMNS.flatMap(({ sql }) => sql ?? [])];
  const selected = columns.map((name) => `${expressions[name] ?? name} AS ${name}`);
  await server.execute(
    `CREATE OR REPLACE VIEW changed AS SELECT ${selected.join(", ")} FROM transactions WHERE ${where}`,
  );
}

type Outcome = { readonly zip: Buffer } | { readonly error: unknown };

async function build(asked: typeof JANUARY = JANUARY): Promise<Outcome> {
  try {
    await using snapshot = await openSnapshot(changed, asked);
    return { zip: await buffer(zipOf(asked, snapshot)) };
  } catch (error) {
    return { error };
  }
}

const failure = async (expressions: Readonly<Record<string, string>>) => {
  await given(expressions);
  const outcome = await build();
  return "error" in outcome ? outcome.error : "published";
};

const LATIN1 = "CONVERT(CONCAT(description, ' é') USING latin1)";

test("a text of another character set is read as its characters", async () => {
  await given({ description: LATIN1 });
  const outcome = await build(EVERYTHING);
  if ("error" in outcome) throw outcome.error;
  const files = await unzip(outcome.zip);
  expect(files["transactions.csv"]).toContain(",one é,");
  expect(files["transactions.jsonl"]).toContain('"description":"é é"');
  expect(await verifyStatement(chunks(outcome.zip))).toMatchObject({ ok: true });
});

test.each([
  ["a binary text", "description", `CAST(${LATIN1} AS BINARY)`, "description, row 1"],
  [
    "a binary text behind a mask",
    "counterparty_account",
    `CAST(${LATIN1} AS BINARY)`,
    "counterparty_account, row 1",
  ],
  ["bytes in the second row", "reference", "IF(id = 2, UNHEX('FF'), 'ok')", "reference, row 2"],
  ["a day with a time", "booking_date", "CAST(posted_at AS DATETIME)", "booking_date, row 1"],
  ["an instant without a time", "value_date", "NULL", "value_date, row 1"],
  ["a day that its month does not have", "value_date", "'2026-02-31'", "value_date, row 1"],
  ["no type", "type", "IF(id = 2, NULL, type)", "type, row 2"],
  ["no id", "id", "NULLIF(id, 2)", "transaction_id, row 2"],
  [
    "a state of another case",
    "status",
    "CONVERT('Book' USING utf8mb4) COLLATE utf8mb4_general_ci",
    "status, row 1",
  ],
  ["an amount with a plus", "amount", "CONCAT('+', amount)", "amount, row 1"],
  ["no amount", "amount", "NULL", "amount, row 1"],
  ["no balance", "balance_after", "IF(id = 1, NULL, balance_after)", "balance_after, row 1"],
  ["a text beyond the longest line", "description", "REPEAT('x', 5000000)", "row 1"],
  ["a text beyond a packet", "description", "REPEAT('x', 17000000)", "row 1"],
  [
    "a text beyond a packet behind other rows",
    "description",
    "IF(id = 2, REPEAT('x', 17000000), 'x')",
    "row 2",
  ],
])("%s is refused by its column and row", async (_, column, expression, detail) => {
  expect(await failure({ [column]: expression })).toMatchObject({
    name: "StatementFailure",
    code: "invalid_value",
    detail,
  });
});

test("an account's id that no reader takes is refused before its rows are read", async () => {
  await given({ account_id: "CONCAT(account_id, CHAR(7))" });
  await server.execute(`CREATE OR REPLACE VIEW ringing AS
    SELECT customer_id, CONCAT(account_id, CHAR(7)) AS account_id, currency FROM accounts`);
  await using transactions = readTransactions(server.databaseUrl, {
    transactionView: "changed",
    accountView: "ringing",
  });
  await expect(openSnapshot(transactions, JANUARY)).rejects.toMatchObject({
    name: "StatementFailure",
    code: "invalid_value",
    detail: "account_id, row 1 of the account view",
  });
});

test("a pending row is refused as one of pending.csv", async () => {
  await given({
    status: "CONVERT(IF(id = 2, 'PDNG', 'BOOK') USING ascii) COLLATE ascii_bin",
    reference: "IF(id = 2, UNHEX('FF'), 'ok')",
  });
  await using snapshot = await openSnapshot(changed, JANUARY);
  const zip = zipOf({ ...JANUARY, options: { includePending: true } }, snapshot);
  await expect(buffer(zip)).rejects.toMatchObject({
    code: "invalid_value",
    detail: "reference, row 1 of pending.csv",
  });
});

test("an instant that is a day only is refused", async () => {
  expect(await failure({ posted_at: "DATE(posted_at)" })).toMatchObject({
    code: "invalid_value",
    detail: "posted_at, row 1",
  });
});

test("an instant of milliseconds, or of none, is written with six digits", async () => {
  await given({ posted_at: "CAST(posted_at AS DATETIME(3))" });
  const outcome = await build();
  if ("error" in outcome) throw outcome.error;
  expect((await unzip(outcome.zip))["transactions.csv"]).toContain("T10:00:00.000000Z");
});

describe("an amount of a currency", () => {
  const inCurrency = async (currency: string, amount: string, decimals = {}) => {
    const code = `CONVERT('${currency}' USING ascii) COLLATE ascii_bin`;
    await given({ currency: code, amount, balance_after: amount }, "id = 1");
    await server.execute(`CREATE OR REPLACE VIEW coins AS
      SELECT customer_id, account_id, ${code} AS currency FROM accounts`);
    await using transactions = readTransactions(server.databaseUrl, {
      transactionView: "changed",
      accountView: "coins",
      currencyDecimals: new Map(Object.entries(decimals)),
    });
    try {
      await using snapshot = await openSnapshot(transactions, JANUARY);
      const zip = await buffer(zipOf(JANUARY, snapshot));
      const checked = await verifyStatement(chunks(zip));
      return checked.ok ? checked.manifest.totals[0] : checked.problems;
    } catch (error) {
      return error;
    }
  };

  test.each([
    ["XAU", "CAST(1.2345 AS DECIMAL(23,4))", "1.2345", 4],
    ["XDR", "CAST(1.5 AS DECIMAL(20,2))", "1.50", 2],
    ["BTC", "CAST(0.12345 AS DECIMAL(30,8))", "0.12345", 5],
    ["CLF", "CAST(1.2345 AS DECIMAL(30,8))", "1.2345", 4],
  ])(
    "%s has the decimals of ISO 4217, or else the view's",
    async (currency, amount, closing, digits) => {
      expect(await inCurrency(currency, amount)).toMatchObject({ closing, minor_unit: digits });
    },
  );

  test.each([
    ["XAU", "CAST(1.5 AS DECIMAL(23,4))", "1.500", 3],
    ["JOT", "CAST(7 AS DECIMAL(23,4))", "7", 0],
    // What ISO 4217 says is nobody else's to say.
    ["EUR", "CAST(1.5 AS DECIMAL(23,4))", "1.50", 2],
  ])("%s has the decimals of the installation", async (currency, amount, closing, digits) => {
    const decimals = { XAU: 3, JOT: 0, EUR: 4 };
    expect(await inCurrency(currency, amount, decimals)).toMatchObject({
      closing,
      minor_unit: digits,
    });
    expect(await inCurrency("XAU", "CAST(1.2345 AS DECIMAL(23,4))", decimals)).toMatchObject({
      code: "invalid_amount",
    });
  });

  test.each([
    ["BTC", "CAST(0.00000001 AS DECIMAL(30,8))"],
    ["EUR", "CAST(1.001 AS DECIMAL(23,4))"],
  ])("%s with more is never rounded", async (currency, amount) => {
    expect(await inCurrency(currency, amount)).toMatchObject({ code: "invalid_amount" });
  });

  test("XAU has the same decimals in every account, those without rows too", async () => {
    await server.execute(insertAccount("a0"));
    expect(await inCurrency("XAU", "CAST(1.5 AS DECIMAL(23,4))")).toMatchObject({
      account_id: "a0",
      closing: "0.0000",
    });
  });
});
