/** ISO 20022's code of each transaction: from the column that a setting names into the files of a statement. */
import type { Manifest } from "../../functions/domain/manifest.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { camt053Validator } from "../support/statements/camt053-checks.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import { sealedWithRows } from "../support/statements/sealed-statement.ts";
import {
  insertAccount,
  insertPostings,
  readTransactions,
  records,
  statementZip,
  unzip,
  type Asked,
} from "../support/statements/statement.ts";

const ASKED: Asked = {
  customerId: "c1",
  startDate: "2025-01-01",
  endDate: "2025-01-31",
  options: { formats: ["csv", "jsonl", "camt.053"], includePending: true },
};
const NAMED = { transactionView: "coded", transactionCodeColumn: "iso_code" };

let server: TestMariaDb;
beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  await server.execute(
    insertAccount("a1") +
      insertPostings(
        { id: 1, at: "2025-01-02 10:00:00", amount: "1.50", balance: "1.50", type: "SALARY" },
        { id: 2, at: "2025-01-03 10:00:00", amount: "-0.50", balance: "1.00", type: "FEE" },
        { id: 3, at: "2025-01-04 10:00:00", amount: "-1", balance: "1.00", status: "PDNG" },
      ),
  );
  await codes("CASE id WHEN 1 THEN 'PMNT-RCDT-ESCT' WHEN 3 THEN 'PMNT-ICDT-ESCT' END");
});
afterAll(() => server[Symbol.asyncDispose]());

async function codes(expression: string): Promise<void> {
  await server.execute(
    `CREATE OR REPLACE VIEW coded AS SELECT t.*, ${expression} AS iso_code FROM statement_transactions AS t`,
  );
}

async function madeWith(columns: object, asked = ASKED): Promise<Buffer> {
  await using transactions = readTransactions(server.databaseUrl, columns);
  return await statementZip(transactions, asked);
}

test("it is the last column of the tables, a field in JSON, and Domn in camt.053 beside the bank's own", async () => {
  const zip = await madeWith(NAMED);
  expect(await verifyStatement(chunks(zip))).toMatchObject({ ok: true });
  const files = await unzip(zip);
  const of = (table: string) =>
    records(files[table]).map((row) => [Object.keys(row).at(-1), row["bank_transaction_code"]]);
  expect(of("transactions.csv")).toEqual([
    ["bank_transaction_code", "PMNT-RCDT-ESCT"],
    ["bank_transaction_code", ""],
  ]);
  expect(of("pending.csv")).toEqual([["bank_transaction_code", "PMNT-ICDT-ESCT"]]);
  const lines = (files["transactions.jsonl"] ?? "").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { bank_transaction_code: "PMNT-RCDT-ESCT" },
    { bank_transaction_code: null },
  ]);
  const { columns } = JSON.parse(files["manifest.json"] ?? "") as Manifest;
  expect(columns?.at(-1)).toEqual({ name: "bank_transaction_code", kind: "transaction_code" });
  const camt = files["camt.053.xml"] ?? "";
  (await camt053Validator())(Buffer.from(camt));
  expect(camt.match(/<BkTxCd>.*?<\/BkTxCd>/g)).toEqual([
    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>" +
      "<Prtry><Cd>SALARY</Cd></Prtry></BkTxCd>",
    "<BkTxCd><Prtry><Cd>FEE</Cd></Prtry></BkTxCd>",
  ]);
});

test("where no setting names a column, no file has anything of it", async () => {
  const zip = await madeWith({ transactionView: "coded" });
  for (const text of Object.values(await unzip(zip))) {
    expect(text).not.toMatch(/bank_transaction_code|RCDT|<Domn>/);
  }
});

test("the same rows with other options have the same content", async () => {
  const csv = { bom: true, delimiter: ";", decimalComma: true, idsAsText: true } as const;
  const contents = [ASKED, { ...ASKED, options: { csv } }].map(async (asked) => {
    const checked = await verifyStatement(chunks(await madeWith(NAMED, asked)));
    return checked.ok ? checked.manifest.content_sha256 : checked.problems;
  });
  const [one, other] = await Promise.all(contents);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(other).toBe(one);
});

test.each(["PMNT-RCDT", "pmnt-rcdt-esct", "PMNT/RCDT/ESCT", " PMNT-RCDT-ESCT"])(
  "%j ends the statement by column and row, and no verifier takes it",
  async (code) => {
    const right = await unzip(await madeWith(NAMED, { ...ASKED, options: {} }));
    await codes(`IF(id = 2, '${code}', 'PMNT-RCDT-ESCT')`);
    try {
      await expect(madeWith(NAMED)).rejects.toMatchObject({
        name: "StatementFailure",
        code: "invalid_value",
        detail: "bank_transaction_code, row 2",
      });
    } finally {
      await codes("CASE id WHEN 1 THEN 'PMNT-RCDT-ESCT' WHEN 3 THEN 'PMNT-ICDT-ESCT' END");
    }
    const csv = right["transactions.csv"] ?? "";
    const changed = sealedWithRows(right, csv.replace("PMNT-RCDT-ESCT", code));
    expect(await verifyStatement(chunks(changed))).toMatchObject({
      ok: false,
      problems: ["transactions.csv: line 1 has a bank_transaction_code of another form"],
    });
    const same = sealedWithRows(right, csv.replace("PMNT-RCDT-ESCT", "PMNT-ICDT-ESCT"));
    expect(await verifyStatement(chunks(same))).toMatchObject({ ok: true });
  },
);
