/**
 * No cell of a statement's table is a formula to LibreOffice, whichever separator it splits at; texts as
 * strangers write them into the purpose of a payment. That they are formulas unless they are guarded is tried as well.
 */
import {
  CANONICAL_CSV,
  DELIMITERS,
  type CsvDialect,
} from "../../functions/domain/csv/csv-dialect.ts";
import {
  TRANSACTION_AMOUNTS,
  TRANSACTION_COLUMNS,
  TRANSACTION_IDS,
  TRANSACTION_NAMES,
} from "../../functions/domain/columns.ts";
import { quoteField } from "../../functions/domain/csv/csv-field.ts";
import { dialectLines } from "../../functions/statement-builder/lines/csv-dialect-lines.ts";
import {
  makeTransactionsCsv,
  headerOf,
} from "../../functions/statement-builder/lines/statement-csv.ts";
import { formulasIn, shownIn } from "../support/programs/calc.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

const SEPARATORS = [",", ";", "\t", "|"] as const;
const BETWEEN = [...SEPARATORS, "\n", "\r\n", "\r", ";;", ",;", ";\t", "|;", '";', '";"'];
const BEFORE_THE_SIGN = [
  "",
  " ",
  "  ",
  "\0",
  "\u00A0",
  "\u200B",
  "\uFEFF",
  "'",
  "''",
  '"',
  '""',
  '"""',
  "'\"",
];

/** In front of a text, and behind anything that ends a cell, with a cell's end behind it or none. */
const TEXTS = BEFORE_THE_SIGN.flatMap((before) => [
  `${before}=1+1`,
  ...BETWEEN.flatMap((between) => [
    `Miete${between}${before}=1+1`,
    `Miete${between}${before}=1+1${between}x`,
  ]),
]);

const DIALECTS: readonly CsvDialect[] = [
  CANONICAL_CSV,
  { bom: true, delimiter: ";", decimalComma: true },
  ...DELIMITERS.slice(1).map((delimiter) => ({ bom: false, delimiter, decimalComma: true })),
];

/** The text in every column that has one; whole in the counterparty's account, and at the end of a masked one. */
function table(texts: readonly string[], dialect: CsvDialect, masked: boolean): Buffer {
  const account = { accountId: "a-1", currency: "EUR", opening: 0n, closing: 0n };
  const rows = texts.map((text) => [
    account.accountId,
    "-1",
    "2026-01-15",
    "2026-01-15 10:00:00.000000",
    "2026-01-16",
    "BOOK",
    "-1234.5000",
    "EUR",
    "-0.5000",
    text,
    text,
    text,
    text,
    text,
    "-2",
  ]);
  const { bytes } = makeTransactionsCsv([account], masked).lines(lentRows(rows));
  const lines = Buffer.concat([Buffer.from(headerOf(TRANSACTION_COLUMNS)), bytes]);
  return inDialect(lines, dialect);
}

function inDialect(lines: Buffer, dialect: CsvDialect): Buffer {
  const columns = {
    amounts: TRANSACTION_AMOUNTS,
    ids: TRANSACTION_IDS,
    names: TRANSACTION_NAMES,
  };
  return Buffer.from(dialectLines(dialect, TRANSACTION_COLUMNS, columns)?.(lines) ?? lines);
}

function inParts<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) =>
    all.slice(n * size, (n + 1) * size),
  );
}

/** A quote that opens for a reader who splits wrongly hides what follows: few texts in a file. */
const TABLES = DIALECTS.flatMap((dialect, n) =>
  inParts(TEXTS, 20).map((texts) => table(texts, dialect, n % 2 === 1)),
);

const CHOICES = [
  ...SEPARATORS.map((separators) => ({ separators, trims: false })),
  { separators: ",;\t", trims: false },
  { separators: ";", trims: true },
];

test.each(CHOICES)(
  "split at $separators, trimmed: $trims",
  async (choice) => {
    expect(TEXTS.length).toBeGreaterThan(300);
    const formulas = await formulasIn(TABLES, choice);
    expect(formulas).toHaveLength(TABLES.length);
    expect(formulas.flat()).toEqual([]);
  },
  240_000,
);

test("the same texts without the guard are formulas", async () => {
  const unguarded = ["=1+1", ...SEPARATORS.map((one) => `Miete${one}=1+1${one}x`), "Miete\n=1+1"];
  const files = unguarded.map((text) => Buffer.from(`a,b,c\r\n1,${quoteField(text)},x\r\n`));
  const run = async (separators: string) =>
    (await formulasIn(files, { separators, trims: false })).map((found) => found.length > 0);
  expect(await run(",")).toEqual([true, false, false, false, false, false]);
  expect(await run(";")).toEqual([false, false, true, false, false, true]);
  expect(await run("\t")).toEqual([false, false, false, true, false, true]);
  expect(await run("|")).toEqual([false, false, false, false, true, true]);
}, 240_000);

describe("ids as text", () => {
  const AS_TEXT: readonly CsvDialect[] = [
    { ...CANONICAL_CSV, idsAsText: true },
    { bom: true, delimiter: ";", decimalComma: true, idsAsText: true },
  ];

  test.each(CHOICES)(
    "are the only formulas, and each is a text alone, split at $separators, trimmed: $trims",
    async (choice) => {
      const tables = AS_TEXT.flatMap((dialect) =>
        inParts(TEXTS, 20).map((texts) => table(texts, dialect, false)),
      );
      const formulas = (await formulasIn(tables, choice)).flat();
      for (const formula of formulas) expect(formula).toMatch(/^of:=&quot;(?:(?!&quot;).)*&quot;$/);
    },
    240_000,
  );

  test("keep every digit in a spreadsheet that is told nothing, which else loses them", async () => {
    const names = ["0000123", "700000000000000002", "1E5", "000042", "700000000000000001"];
    const [account = "", id = "", counterparty = "", reference = "", reversed = ""] = names;
    const row = [
      ...[account, id, "2026-01-15", "2026-01-15 10:00:00.000000", "2026-01-16", "BOOK"],
      ...["-12.5000", "EUR", "-0.5000", "CARD", null, null, counterparty, reference, reversed],
    ];
    const balance = { accountId: account, currency: "EUR", opening: 0n, closing: 0n };
    const { bytes } = makeTransactionsCsv([balance], false).lines(lentRows([row]));
    const lines = Buffer.concat([Buffer.from(headerOf(TRANSACTION_COLUMNS)), bytes]);
    const kept = async (dialect: CsvDialect): Promise<readonly string[]> => {
      const choice = { separators: dialect.delimiter, trims: false };
      const [shown = []] = await shownIn([inDialect(lines, dialect)], choice);
      return names.filter((name) => shown.includes(name));
    };
    expect(await kept(CANONICAL_CSV)).toEqual([]);
    for (const dialect of AS_TEXT) expect(await kept(dialect)).toEqual(names);
  }, 240_000);
});
