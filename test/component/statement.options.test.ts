/** What a request may choose, from rows in a real MariaDB to files in the zip. */
import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";
import type { Manifest } from "../../functions/domain/manifest.ts";
import type { StatementOptions } from "../../functions/domain/statement-options.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  insertAccount,
  insertPostings,
  readTransactions,
  statementZip,
  unzip,
} from "../support/statements/statement.ts";

const JANUARY = { customerId: "c1", startDate: "2025-01-01", endDate: "2025-01-31" };

let server: TestMariaDb;
let transactions: Transactions;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  await server.execute(insertAccount("a1"));
  await server.execute(insertAccount("a;2", "JPY"));
  const at = (day: string): string => `2025-01-${day} 10:00:00.000000`;
  await server.execute(
    insertPostings(
      {
        id: 9,
        at: "2024-12-31 10:00:00.000000",
        amount: "0",
        balance: "0",
        counterparty: "DE89370400440532013000",
      },
      { id: 1, at: at("02"), amount: "-12.50", balance: "-12.50", description: "Café; Köln" },
      { id: 2, at: at("03"), amount: "1200", balance: "1200", account: "a;2", currency: "JPY" },
      { id: 3, at: at("04"), amount: "99.99", balance: "87.49", description: 'a, b|c\td "e"' },
      { id: 4, at: at("05"), amount: "-7.00", balance: "87.49", status: "PDNG", name: "Zoë" },
      { id: 5, at: at("06"), amount: "12.50", balance: "99.99", reversalOf: 1 },
    ),
  );
  transactions = readTransactions(server.databaseUrl);
});
afterAll(async () => {
  await transactions[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function statement(options: Partial<StatementOptions>) {
  const zip = await statementZip(transactions, { ...JANUARY, options });
  const checked = await verifyStatement(chunks(zip));
  if (!checked.ok) throw new Error(checked.problems.join("; "));
  const files = await unzip(zip);
  const manifest = JSON.parse(files["manifest.json"] ?? "") as Manifest;
  return { files, manifest };
}

const afterHeader = (csv: string | undefined): string =>
  (csv ?? "").split("\r\n").slice(1).join("\r\n");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("a CSV dialect", () => {
  it.each([
    { bom: true, delimiter: ",", decimalComma: false },
    { bom: false, delimiter: ";", decimalComma: false },
    { bom: true, delimiter: ";", decimalComma: true },
    { bom: false, delimiter: "\t", decimalComma: true },
    { bom: false, delimiter: "|", decimalComma: true },
    { bom: false, delimiter: ",", decimalComma: false, idsAsText: true },
    { bom: true, delimiter: ";", decimalComma: true, idsAsText: true },
  ] as const)("%j says the same, and the hash of its rows is the canonical one", async (csv) => {
    const canonical = await statement({});
    const { files, manifest } = await statement({ csv });
    expect(manifest.content_sha256).toBe(sha256(afterHeader(canonical.files["transactions.csv"])));
    expect(manifest.csv).toEqual({
      bom: csv.bom,
      delimiter: csv.delimiter,
      decimal_comma: csv.decimalComma,
      ids_as_text: "idsAsText" in csv,
    });
    const ids = [
      "account_id",
      "transaction_id",
      "reversal_of",
      "reference",
      "counterparty_account",
    ];
    const asText = (row: Record<string, string>) =>
      Object.fromEntries(
        ids.flatMap((name) => ("idsAsText" in csv && row[name] ? [[name, `="${row[name]}"`]] : [])),
      );
    for (const [name, amounts] of [
      ["transactions.csv", ["amount", "balance_after"]],
      ["balances.csv", ["opening", "credit_sum", "debit_sum", "net", "closing"]],
    ] as const) {
      const read = (text: string | undefined, delimiter: string) =>
        parse<Record<string, string>>(text ?? "", { columns: true, delimiter, bom: true });
      const written = files[name] ?? "";
      expect(written.startsWith("\uFEFF")).toBe(csv.bom);
      const expected = read(canonical.files[name], ",").map((row) => ({
        ...row,
        ...asText(row),
        ...Object.fromEntries(
          amounts.map((column) => [
            column,
            csv.decimalComma ? row[column]?.replace(".", ",") : row[column],
          ]),
        ),
      }));
      expect(expected.length).toBeGreaterThan(1);
      expect(read(written, csv.delimiter)).toEqual(expected);
    }
  });

  it("looks like this in a German spreadsheet", async () => {
    const csv = { bom: true, delimiter: ";", decimalComma: true } as const;
    const { files } = await statement({ csv });
    expect(files["transactions.csv"]?.split("\r\n").slice(1, 4)).toEqual([
      '1;a1;1;2025-01-02;2025-01-02T10:00:00.000000Z;2025-01-02;BOOK;DBIT;-12,50;EUR;-12,50;CARD;"Café; Köln";;;;',
      '2;"a;2";2;2025-01-03;2025-01-03T10:00:00.000000Z;2025-01-03;BOOK;CRDT;1200;JPY;1200;CARD;;;;;',
      '3;a1;3;2025-01-04;2025-01-04T10:00:00.000000Z;2025-01-04;BOOK;CRDT;99,99;EUR;87,49;CARD;"a, b|c\td ""e""";;;;',
    ]);
  });
});

it("written as text, ids are in the table as they are in the manifest, and README.txt says so", async () => {
  const csv = { bom: false, delimiter: ",", decimalComma: false, idsAsText: true } as const;
  const { files } = await statement({ csv, includePending: true });
  expect(files["transactions.csv"]?.split("\r\n")[2]).toBe(
    '2,"=""a;2""","=""2""",2025-01-03,2025-01-03T10:00:00.000000Z,2025-01-03,BOOK,CRDT,1200,JPY,1200,CARD,,,,,',
  );
  expect(files["balances.csv"]?.split("\r\n")[2]).toMatch(/^"=""a;2""",JPY,0,/);
  expect(files["pending.csv"]?.split("\r\n")[1]).toMatch(/^1,"=""a1""","=""4""",/);
  expect(files["README.txt"]).toContain('references are written as ="000123"');
  const plain = await statement({});
  expect(plain.files["README.txt"]).toContain("choose text for ids, accounts and references");
  expect(plain.files["README.txt"]).not.toContain('="');
});

describe("pending transactions", () => {
  it("are no part of a statement that does not ask for them", async () => {
    const { files, manifest } = await statement({});
    expect(Object.keys(files)).not.toContain("pending.csv");
    expect(manifest).toMatchObject({ rows: 4, pending_included: false });
  });

  it("stand in a file of their own, and in no total", async () => {
    const without = await statement({});
    const { files, manifest } = await statement({ includePending: true });
    expect(files["pending.csv"]?.split("\r\n").slice(1)).toEqual([
      "1,a1,4,2025-01-05,2025-01-05T10:00:00.000000Z,2025-01-05,PDNG,DBIT,-7.00,EUR,CARD,,Zoë,,,",
      "",
    ]);
    expect(manifest.pending_included).toBe(true);
    expect(manifest.totals).toEqual(without.manifest.totals);
    expect(manifest.files.map(({ path, rows }) => [path, rows])).toEqual([
      ["README.txt", null],
      ["transactions.csv", 4],
      ["balances.csv", 2],
      ["pending.csv", 1],
    ]);
    expect(files["transactions.csv"]).toBe(without.files["transactions.csv"]);
  });
});

it("every format is there in its order, listed with its rows, and verified", async () => {
  const { files, manifest } = await statement({
    formats: ["csv", "pdf", "jsonl", "camt.053", "ofx"],
    language: "fr",
    combined: true,
  });
  expect(Object.keys(files)).toEqual([
    "README.txt",
    "transactions.csv",
    "balances.csv",
    "statement.pdf",
    "transactions.jsonl",
    "camt.053.xml",
    "statement.ofx",
    "manifest.json",
    "SHA256SUMS",
  ]);
  expect(manifest).toMatchObject({
    formats: ["csv", "pdf", "jsonl", "camt.053", "ofx"],
    language: "fr",
  });
  expect(files["transactions.jsonl"]?.trim().split("\n")).toHaveLength(4);
  expect(files["camt.053.xml"]?.match(/<Ntry>/g)).toHaveLength(4);
  expect(files["statement.ofx"]?.match(/<STMTTRN>/g)).toHaveLength(4);
  expect(files["README.txt"]).toContain(
    "camt.053.xml        pour les logiciels de comptabilité (ISO 20022) ; tous les comptes en un fichier\n",
  );
});

it("each account and currency has a file of its own where there are several", async () => {
  const { files, manifest } = await statement({ formats: ["csv", "camt.053", "ofx"] });
  // `printf 'a;2' | sha256sum`: no name on every system.
  const yen = "a-2--d0b40f1ceaedd862-JPY";
  expect(Object.keys(files).slice(3, 7)).toEqual([
    "camt.053/a1-EUR.xml",
    `camt.053/${yen}.xml`,
    "ofx/a1-EUR.ofx",
    `ofx/${yen}.ofx`,
  ]);
  const rows = (pattern: RegExp, ...names: readonly string[]) =>
    names.map((name) => files[name]?.match(pattern)?.length);
  expect(rows(/<Ntry>/g, "camt.053/a1-EUR.xml", `camt.053/${yen}.xml`)).toEqual([3, 1]);
  expect(rows(/<STMTTRN>/g, "ofx/a1-EUR.ofx", `ofx/${yen}.ofx`)).toEqual([3, 1]);
  // Software takes a message with the id of another for the same one, and drops it.
  const messages = ["camt.053/a1-EUR.xml", `camt.053/${yen}.xml`].map(
    (name) => /<MsgId>(.*?)<\/MsgId>/.exec(files[name] ?? "")?.[1],
  );
  expect(new Set(messages).size).toBe(2);
  expect(manifest.files.slice(3)).toMatchObject(
    [
      ["camt.053/a1-EUR.xml", "a1", "EUR"],
      [`camt.053/${yen}.xml`, "a;2", "JPY"],
      ["ofx/a1-EUR.ofx", "a1", "EUR"],
      [`ofx/${yen}.ofx`, "a;2", "JPY"],
    ].map(([path, account_id, currency]) => ({ path, account_id, currency, rows: null })),
  );
  expect(files["README.txt"]).toContain(
    "camt.053/         for accounting software (ISO 20022); one file for each account and currency\n",
  );
});

it.each([
  ["en", "Account statement", "to read and to print", "1 January 2025 – 31 January 2025"],
  ["de", "Kontoauszug", "zum Lesen und Drucken", "1. Januar 2025 – 31. Januar 2025"],
  ["fr", "Relevé de compte", "à lire et à imprimer", "1er janvier 2025 – 31 janvier 2025"],
  ["es", "Extracto de cuenta", "para leer e imprimir", "1 de enero de 2025"],
  ["it", "Estratto conto", "da leggere e da stampare", "1º gennaio 2025 – 31 gennaio 2025"],
  ["pl", "Wyciąg z rachunku", "do czytania i drukowania", "1 stycznia 2025 – 31 stycznia 2025"],
] as const)("README.txt in %s is %s", async (language, title, pdf, days) => {
  const { files } = await statement({ language, formats: ["csv", "pdf"] });
  const text = files["README.txt"] ?? "";
  expect(text.split("\n")[0]).toBe(title);
  expect(text).toContain(`statement.pdf     ${pdf}\n`);
  expect(text).toContain(days);
  expect(text).toMatch(/: +4\n/);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});

it("what a statement replaces is said in its manifest and to its reader", async () => {
  const supersedes = "c1-1735689600-1738281600-1767225600000";
  const { files, manifest } = await statement({ supersedes });
  expect(manifest.supersedes).toBe(supersedes);
  expect(files["README.txt"]).toContain(supersedes);
});

test.each([
  [true, "2025-01-01", "2099-12-31", true],
  [true, "2025-01-01", "2025-01-31", false],
  [false, "2025-01-01", "2025-01-31", false],
])("partial %j: from %s to %s it is marked %j", async (partial, startDate, endDate, marked) => {
  const asked = { ...JANUARY, startDate, endDate, options: { partial } };
  const files = await unzip(await statementZip(transactions, asked));
  expect(JSON.parse(files["manifest.json"] ?? "")).toMatchObject({ partial: marked, rows: 4 });
  expect(files["README.txt"]?.includes("was not over")).toBe(marked);
});

test.each([
  [true, "******************3000", "last_four"],
  [false, "DE89370400440532013000", "none"],
])("masked %j: the counterparty's account is %s everywhere", async (masked, shown, masking) => {
  const options = { formats: ["csv", "jsonl", "camt.053", "ofx"], combined: true } as const;
  const asked = { ...JANUARY, startDate: "2024-12-01", masked, options };
  const files = await unzip(await statementZip(transactions, asked));
  expect(JSON.parse(files["manifest.json"] ?? "")).toMatchObject({
    masking: { counterparty_account: masking },
  });
  for (const name of ["transactions.csv", "transactions.jsonl", "camt.053.xml"]) {
    expect(files[name]).toContain(shown);
  }
  const all = Object.values(files).join("\n");
  expect(all.includes("DE89370400440532013000")).toBe(!masked);
});
