/** What a correct statement is, point by point, from rows in a real MariaDB to files in the zip. */
import type { Manifest } from "../../functions/domain/manifest.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readStatement, type ReadStatement } from "../support/statements/read-statement.ts";
import {
  insertAccount,
  insertPostings,
  openSnapshot,
  readTransactions,
  records,
  statementZip,
  unzip,
  zipOf,
  type Asked,
  type Posting,
} from "../support/statements/statement.ts";
import { buffer } from "node:stream/consumers";

let server: TestMariaDb;
let transactions: Transactions;

beforeAll(async () => {
  // Neither the server nor the process counts in UTC.
  server = await startTestMariaDb({
    schema: BANK_SCHEMA,
    settings: ["--default-time-zone=-05:00"],
  });
  transactions = readTransactions(server.databaseUrl);
});
afterEach(async () => {
  await server.execute("DELETE FROM transactions; DELETE FROM accounts;");
});
afterAll(async () => {
  await transactions[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const JANUARY: Asked = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };

async function given(...postings: readonly Posting[]): Promise<void> {
  const accounts = new Map(postings.map((p) => [p.account ?? "a1", p.currency ?? "EUR"]));
  for (const [account, currency] of accounts) {
    await server.execute(insertAccount(account, currency));
  }
  await server.execute(insertPostings(...postings));
}

const statement = (asked: Asked) => readStatement(transactions, asked);

test("1: money has its currency's own scale and is summed exactly", async () => {
  await given(
    { id: 1, at: "2025-01-02 10:00:00", amount: "-1200", balance: "-1200", currency: "JPY" },
    ...[
      { id: 2, amount: "0.105", balance: "0.105" },
      { id: 3, amount: "0.205", balance: "0.310" },
    ].map((p) => ({ ...p, at: "2025-01-02 11:00:00", account: "a2", currency: "BHD" })),
    ...[
      { id: 4, amount: "9007199254740993.01", balance: "9007199254740993.01" },
      { id: 5, amount: "0.02", balance: "9007199254740993.03" },
      { id: 6, amount: "-9007199254740993.02", balance: "0.01" },
    ].map((p) => ({ ...p, at: "2025-01-02 12:00:00", account: "a3" })),
  );
  const { rows, manifest } = await statement(JANUARY);
  expect(rows.map(({ amount, currency }) => `${amount} ${currency}`)).toEqual([
    "-1200 JPY",
    "0.105 BHD",
    "0.205 BHD",
    "9007199254740993.01 EUR",
    "0.02 EUR",
    "-9007199254740993.02 EUR",
  ]);
  expect(manifest.totals.map(({ minor_unit, net }) => [minor_unit, net])).toEqual([
    [0, "-1200"],
    [3, "0.310"],
    [2, "0.01"],
  ]);
  expect(manifest.totals[2]).toMatchObject({
    credits: { count: 2, sum: "9007199254740993.03" },
    debits: { count: 1, sum: "9007199254740993.02" },
  });
});

test.each([
  ["an amount", { amount: "1.005", balance: "1.00" }],
  ["a balance", { amount: "1.00", balance: "1.005" }],
])("1: %s with more decimals than its currency is refused, never rounded", async (_, money) => {
  await given({ id: 1, at: "2025-01-02 10:00:00", ...money });
  await expect(statementZip(transactions, JANUARY)).rejects.toMatchObject({
    code: "invalid_amount",
  });
});

test("2: both dates are whole days of the statement's zone, with 23 and 25 hours", async () => {
  const berlin = (startDate: string, endDate = startDate) => ({
    customerId: "c1",
    startDate,
    endDate,
    timeZone: "Europe/Berlin",
  });
  await given(
    { id: 1, at: "2025-03-29 22:59:59.999999", amount: "1", balance: "1" },
    { id: 2, at: "2025-03-29 23:00:00.000000", amount: "1", balance: "2" },
    { id: 3, at: "2025-03-30 21:59:59.999999", amount: "1", balance: "3" },
    { id: 4, at: "2025-03-30 22:00:00.000000", amount: "1", balance: "4" },
    { id: 5, at: "2025-10-25 22:00:00.000000", amount: "1", balance: "5" },
    { id: 6, at: "2025-10-26 22:59:59.999999", amount: "1", balance: "6" },
    { id: 7, at: "2025-10-26 23:00:00.000000", amount: "1", balance: "7" },
  );
  const spring = await statement(berlin("2025-03-30"));
  expect(spring.rows.map((row) => row["transaction_id"])).toEqual(["2", "3"]);
  expect(spring.manifest.period.to_epoch - spring.manifest.period.from_epoch).toBe(23 * 3600);
  const autumn = await statement(berlin("2025-10-26"));
  expect(autumn.rows.map((row) => row["transaction_id"])).toEqual(["5", "6"]);
  expect(autumn.manifest.period.to_epoch - autumn.manifest.period.from_epoch).toBe(25 * 3600);
});

test("3: times and ids come out as they went in, whatever the zones of server and process", async () => {
  const id = 9_223_372_036_854_775_807n;
  await given(
    { id: id - 1n, at: "2025-01-02 00:00:00.000001", amount: "1", balance: "1" },
    { id, at: "2025-01-02 03:04:05", amount: "1", balance: "2", reversalOf: id - 1n },
  );
  const { rows } = await statement(JANUARY);
  expect(rows).toMatchObject([
    { transaction_id: "9223372036854775806", posted_at: "2025-01-02T00:00:00.000001Z" },
    {
      transaction_id: "9223372036854775807",
      posted_at: "2025-01-02T03:04:05.000000Z",
      booking_date: "2025-01-02",
      reversal_of: "9223372036854775806",
    },
  ]);
});

test("4: booked rows only, reversals are rows", async () => {
  await given(
    { id: 1, at: "2025-01-02 10:00:00", amount: "-10", balance: "-10" },
    { id: 2, at: "2025-01-02 10:00:01", amount: "-7", balance: "-10", status: "PDNG" },
    { id: 3, at: "2025-01-02 10:00:02", amount: "10", balance: "0", reversalOf: 1 },
  );
  const { rows, manifest } = await statement(JANUARY);
  expect(rows.map((row) => [row["line"], row["transaction_id"], row["reversal_of"]])).toEqual([
    ["1", "1", ""],
    ["2", "3", "1"],
  ]);
  expect(manifest).toMatchObject({ rows: 2, pending_included: false });
});

test("5: rows stand in the order posted_at, id, also ten at one instant", async () => {
  const ids = [30n, 2n, 2n ** 53n + 1n, 2n ** 53n, 9n, 10n, 100n, 1n, 21n, 3n];
  const sorted = ids.toSorted((a, b) => (a < b ? -1 : 1));
  await given(
    ...ids.map((id) => ({
      id,
      at: "2025-01-02 10:00:00.5",
      amount: "1",
      balance: String(sorted.indexOf(id) + 1),
    })),
    { id: 4n, at: "2025-01-02 09:00:00", amount: "0", balance: "0" },
  );
  const { rows } = await statement(JANUARY);
  expect(rows.map((row) => row["transaction_id"])).toEqual(["4", ...sorted.map(String)]);
  expect(rows.map((row) => row["line"])).toEqual(rows.map((_, i) => String(i + 1)));
});

test("6: rows written during the export are not in it", async () => {
  const row = (id: number) => ({ id, at: "2025-01-02 10:00:00", amount: "1" });
  await given({ ...row(1), balance: "1" });
  await using snapshot = await openSnapshot(transactions, JANUARY);
  await server.execute(insertPostings({ ...row(2), balance: "2" }));
  await server.execute("UPDATE transactions SET amount = 5, balance_after = 5 WHERE id = 1;");
  const zip = await buffer(zipOf(JANUARY, snapshot));
  const files = await unzip(zip);
  expect(records(files["transactions.csv"])).toMatchObject([
    { transaction_id: "1", amount: "1.00" },
  ]);
  const manifest = JSON.parse(files["manifest.json"] ?? "") as Manifest;
  expect(manifest.as_of).toBe(new Date(snapshot.asOf).toISOString());
  expect(Math.abs(Date.now() - snapshot.asOf)).toBeLessThan(60_000);
});

test("7: rows and balances that disagree make no statement", async () => {
  await given(
    { id: 1, at: "2025-01-02 10:00:00", amount: "10", balance: "10" },
    { id: 2, at: "2025-01-03 10:00:00", amount: "10", balance: "20.01" },
  );
  await expect(statementZip(transactions, JANUARY)).rejects.toMatchObject({
    code: "balance_mismatch",
    detail: "the account in row 1 of the account view",
  });
});

test("7: another number of rows than was counted makes no statement", async () => {
  await given({ id: 1, at: "2025-01-02 10:00:00", amount: "10", balance: "10" });
  await using snapshot = await openSnapshot(transactions, JANUARY);
  const miscounted = { ...snapshot, rows: 2 };
  await expect(buffer(zipOf(JANUARY, miscounted))).rejects.toMatchObject({
    code: "proof_mismatch",
  });
});

test("7: a row of an account the customer is not listed with makes no statement", async () => {
  await server.execute(insertAccount("a1") + insertAccount("other", "EUR", "c2"));
  await server.execute(
    insertPostings({
      id: 1,
      at: "2025-01-02 10:00:00",
      amount: "10",
      balance: "10",
      account: "other",
    }),
  );
  await expect(statementZip(transactions, JANUARY)).rejects.toMatchObject({
    code: "proof_mismatch",
  });
});

test("8: a month's closing is the next one's opening, per account and currency", async () => {
  const months = [
    "2024-12-15",
    "2025-01-10",
    "2025-01-31 23:59:59.999999",
    "2025-02-01",
    "2025-03-31",
  ];
  await given(
    ...["EUR", "USD"].flatMap((currency, account) =>
      months.map((day, i) => ({
        id: account * 10 + i + 1,
        at: day.includes(" ") ? day : `${day} 00:00:00`,
        amount: i % 2 ? "-3.50" : "10.25",
        balance: ["10.25", "6.75", "17.00", "13.50", "23.75"][i] ?? "",
        account: `a${account}`,
        currency,
      })),
    ),
  );
  const january = await statement(JANUARY);
  const february = await statement({ ...JANUARY, startDate: "2025-02-01", endDate: "2025-02-28" });
  const march = await statement({ ...JANUARY, startDate: "2025-03-01", endDate: "2025-03-31" });
  const balances = (read: ReadStatement) =>
    read.manifest.totals.map(({ account_id, opening, net, closing }) => [
      account_id,
      opening,
      net,
      closing,
    ]);
  expect(balances(january)).toEqual([
    ["a0", "10.25", "6.75", "17.00"],
    ["a1", "10.25", "6.75", "17.00"],
  ]);
  expect(balances(february)).toEqual([
    ["a0", "17.00", "-3.50", "13.50"],
    ["a1", "17.00", "-3.50", "13.50"],
  ]);
  expect(balances(march)).toEqual([
    ["a0", "13.50", "10.25", "23.75"],
    ["a1", "13.50", "10.25", "23.75"],
  ]);
  expect(records(january.files["balances.csv"])).toMatchObject([
    { account_id: "a0", currency: "EUR", opening: "10.25", credit_count: "1", credit_sum: "10.25" },
    { account_id: "a1", currency: "USD", debit_count: "1", debit_sum: "3.50", closing: "17.00" },
  ]);
});

test("9: an empty range is a statement with opening = closing", async () => {
  await given({ id: 1, at: "2024-12-31 23:59:59.999999", amount: "12.50", balance: "12.50" });
  const { rows, manifest, files } = await statement(JANUARY);
  expect(rows).toEqual([]);
  expect(files["transactions.csv"]?.endsWith("reversal_of\r\n")).toBe(true);
  expect(manifest).toMatchObject({
    rows: 0,
    totals: [
      { opening: "12.50", net: "0.00", closing: "12.50", credits: { count: 0, sum: "0.00" } },
    ],
  });
});

test("10: an unknown customer has no statement, not an empty one", async () => {
  await expect(openSnapshot(transactions, JANUARY)).rejects.toMatchObject({
    code: "unknown_customer",
  });
});

test("10: a customer whom only the database takes for the one asked for is another", async () => {
  const numbered = { id: 1, at: "2025-01-02 10:00:00", amount: "1", balance: "1", customer: "7" };
  await server.execute(insertAccount("a1", "EUR", "7") + insertPostings(numbered));
  await server.execute(
    `CREATE VIEW numbered_accounts AS SELECT CAST(customer_id AS SIGNED) AS customer_id,
         account_id, currency FROM accounts;
       CREATE VIEW caseless_accounts AS SELECT CONCAT('ab', CONVERT(customer_id USING utf8mb4))
         COLLATE utf8mb4_general_ci AS customer_id, account_id, currency FROM accounts;`,
  );
  const open = async (accountView: string, customerId: string) => {
    await using transactions = readTransactions(server.databaseUrl, { accountView });
    await using snapshot = await openSnapshot(transactions, { ...JANUARY, customerId });
    return snapshot.balances.length;
  };
  const unknown = { code: "unknown_customer" };
  expect(await open("numbered_accounts", "7")).toBe(1);
  for (const other of ["07", "7b", "7.0"]) {
    await expect(open("numbered_accounts", other)).rejects.toMatchObject(unknown);
  }
  expect(await open("caseless_accounts", "ab7")).toBe(1);
  await expect(open("caseless_accounts", "AB7")).rejects.toMatchObject(unknown);
});

test("13: RFC 4180, texts that look like formulas are guarded, numbers are not", async () => {
  const texts = ["=1+1", "+49", "-5", "@x", "\tx", "\rx", "\nx", "＝x", "＋x", "－x", "＠x"];
  await given(
    ...texts.map((description, i) => ({
      id: i + 1,
      at: "2025-01-02 10:00:00",
      amount: "-1.00",
      balance: `-${i + 1}.00`,
      description,
      name: 'Say "hi", Ünïcode 😀',
      reference: "two\r\nlines",
    })),
  );
  const { rows, files } = await statement(JANUARY);
  expect(rows.map((row) => row["description"])).toEqual(texts.map((text) => `'${text}`));
  expect(rows[0]).toMatchObject({
    amount: "-1.00",
    credit_debit: "DBIT",
    balance_after: "-1.00",
    counterparty_name: 'Say "hi", Ünïcode 😀',
    reference: "two\r\nlines",
  });
  expect(files["transactions.csv"]).toContain(',\'=1+1,"Say ""hi"", Ünïcode 😀",');
});

test("13: a counterparty's account shows its last four characters, one's own is whole", async () => {
  await given(
    {
      id: 1,
      at: "2025-01-02 10:00:00",
      amount: "0",
      balance: "0",
      counterparty: "DE89370400440532013000",
      account: "DE02120300000000202051",
    },
    {
      id: 2,
      at: "2025-01-02 10:00:00",
      amount: "0",
      balance: "0",
      counterparty: "1234",
      account: "DE02120300000000202051",
    },
  );
  const { rows, files } = await statement(JANUARY);
  expect(rows).toMatchObject([
    { counterparty_account: "******************3000", account_id: "DE02120300000000202051" },
    { counterparty_account: "****", credit_debit: "CRDT" },
  ]);
  expect(Object.values(files).join("")).not.toContain("3704004405320");
});
