/** JSON Lines and OFX of the sample bank's customers, against the tables of the same zip. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TRANSACTION_COLUMNS } from "../../functions/domain/columns.ts";
import type { Manifest } from "../../functions/domain/manifest.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { seedBank } from "../../infra/local/cluster/sample-bank/seed.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { readByOfxtools, type OfxStatement } from "../support/programs/ofx-readers.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  readTransactions,
  records,
  statementZip,
  unzip,
  withZipFile,
} from "../support/statements/statement.ts";

/** Four accounts: euros, yen, dinars, and dollars beyond a JavaScript number. */
const CUSTOMER = "customer-000001";

let server: TestMariaDb;
let transactions: Transactions;

beforeAll(async () => {
  server = await startTestMariaDb();
  await seedBank(server.databaseUrl, { customers: 3, rows: 9_000, seed: 3 });
  transactions = readTransactions(server.databaseUrl);
});
afterAll(async () => {
  await transactions[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function statement(startDate: string, endDate: string) {
  const zip = await statementZip(transactions, {
    customerId: CUSTOMER,
    startDate,
    endDate,
    timeZone: "Europe/Berlin",
    options: { formats: ["csv", "jsonl", "ofx"], combined: true },
  });
  const checked = await verifyStatement(chunks(zip));
  if (!checked.ok) throw new Error(checked.problems.join("; "));
  return await unzip(zip);
}

async function ofxOf(files: Readonly<Record<string, string>>): Promise<readonly OfxStatement[]> {
  return await withZipFile(Buffer.alloc(0), async (folder) => {
    const file = join(folder, "statement.ofx");
    await writeFile(file, files["statement.ofx"] ?? "");
    return await readByOfxtools(file);
  });
}

test("a line of JSON says what the line of the table says", async () => {
  const files = await statement("2024-01-01", "2024-12-31");
  const lines = (files["transactions.jsonl"] ?? "").trimEnd().split("\n");
  const table = records(files["transactions.csv"]);
  expect(lines.length).toBeGreaterThan(1_000);
  expect(lines).toHaveLength(table.length);
  let guarded = 0;
  for (const [index, line] of lines.entries()) {
    const object = JSON.parse(line) as Record<string, string | number | null>;
    const row = table[index] ?? {};
    for (const column of TRANSACTION_COLUMNS) {
      const value = String(object[column] ?? "");
      const inTable = row[column] ?? "";
      if (inTable === value) continue;
      // What a spreadsheet could take for a formula stands behind an apostrophe there, not here.
      expect(inTable).toBe(`'${value}`);
      guarded += 1;
    }
  }
  expect(guarded).toBeGreaterThan(10);
});

test("OFX has the accounts, balances and transactions of the tables", async () => {
  const files = await statement("2024-01-01", "2024-06-30");
  const { totals } = JSON.parse(files["manifest.json"] ?? "") as Manifest;
  const statements = await ofxOf(files);
  expect(
    statements.map(({ account, currency, opening, closing }) => [
      account,
      currency,
      opening,
      closing,
    ]),
  ).toEqual(totals.map((one) => [one.account_id, one.currency, one.opening, one.closing]));

  const table = records(files["transactions.csv"]);
  for (const { account, currency, rows } of statements) {
    const own = table.filter(
      (row) => row["account_id"] === account && row["currency"] === currency,
    );
    expect(own.length).toBeGreaterThan(10);
    expect(rows.map(({ id, amount }) => [id, amount])).toEqual(
      own.map((row) => [row["transaction_id"], row["amount"]]),
    );
  }
});

test("what two statements both hold has one id in OFX", async () => {
  const [first, second] = await Promise.all(
    [statement("2024-01-01", "2024-03-31"), statement("2024-03-01", "2024-04-30")].map(
      async (files) => {
        const rows = (await ofxOf(await files)).flatMap((one) => one.rows);
        return { files: await files, ids: new Map(rows.map((row) => [row.id, row.amount])) };
      },
    ),
  );
  const inMarch = records(second?.files["transactions.csv"]).filter(
    (row) => (row["posted_at"] ?? "") < "2024-03-31T22:00:00",
  );
  expect(inMarch.length).toBeGreaterThan(50);
  for (const row of inMarch) {
    const id = row["transaction_id"] ?? "";
    expect([first?.ids.get(id), second?.ids.get(id)]).toEqual([row["amount"], row["amount"]]);
  }
  const common = [...(first?.ids.keys() ?? [])].filter((id) => second?.ids.has(id));
  expect(common).toHaveLength(inMarch.length);
});
