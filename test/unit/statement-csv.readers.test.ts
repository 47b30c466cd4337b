/**
 * Point 13, by readers that know nothing of ours: Python's csv module and csv-parse read any texts
 * in any dialect, and find the same in each.
 */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import {
  CANONICAL_CSV,
  DELIMITERS,
  type CsvDialect,
} from "../../functions/domain/csv/csv-dialect.ts";
import { guardFormula } from "../../functions/domain/csv/csv-field.ts";
import { TRANSACTION_COLUMNS } from "../../functions/domain/columns.ts";
import { dialectLines } from "../../functions/statement-builder/lines/csv-dialect-lines.ts";
import {
  makeTransactionsCsv,
  headerOf,
} from "../../functions/statement-builder/lines/statement-csv.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { bankText } from "../../infra/clients/consumer/bank-text.ts";
import { withZipFile as withFile, run } from "../support/statements/statement.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

const V2 = "https://transactions-collector.io/schemas/manifest.v2.json";
const ACCOUNT = { accountId: "a;1\t|,x", currency: "EUR", opening: 0n, closing: 0n };

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(...Array.from("=+-@,;|\t\r\n\"' .\u00A0\uFEFFaé日😀１")),
    maxLength: 8,
  }),
  fc.constant(null),
);
const rows = fc.array(
  fc.tuple(text, text, text, text).map(([type, description, name, reference]): TransactionRow => [
    ACCOUNT.accountId,
    "1",
    "2026-01-15",
    "2026-01-15 10:00:00.000000",
    "2026-01-16",
    "BOOK",
    "-1234.5000",
    "EUR",
    "-0.5000",
    // Never nothing.
    type || "CARD",
    description,
    name,
    "12345678",
    reference,
    null,
  ]),
  { minLength: 1, maxLength: 10 },
);
const dialect = fc
  .record({
    bom: fc.boolean(),
    delimiter: fc.constantFrom(...DELIMITERS),
    decimalComma: fc.boolean(),
    idsAsText: fc.boolean(),
  })
  .filter(({ delimiter, decimalComma }) => !(decimalComma && delimiter === ","));

/** The file as it stands in the zip, in blocks as they come. */
function fileOf(sample: readonly TransactionRow[], chosen: CsvDialect): Buffer {
  const inDialect =
    dialectLines(chosen, TRANSACTION_COLUMNS, {
      amounts: ["amount", "balance_after"],
      ids: ["account_id", "transaction_id", "reversal_of"],
      names: ["counterparty_account", "reference"],
    }) ?? ((lines: Buffer) => lines);
  const csv = makeTransactionsCsv([ACCOUNT]);
  const blocks: Buffer[] = [Buffer.from(headerOf(TRANSACTION_COLUMNS))];
  for (const row of sample) blocks.push(csv.lines(lentRows([row])).bytes);
  return Buffer.concat(blocks.map((block) => Buffer.from(inDialect(block))));
}

/** What every reader must find. */
function expected(
  sample: readonly TransactionRow[],
  { decimalComma, idsAsText = false }: CsvDialect,
): string[][] {
  const id = (value: string) => (idsAsText ? `="${value}"` : value);
  // A quote or a control would end a formula's text, or the cell it is in.
  const name = (value: string) => (value === "" || /["\p{Cc}]/u.test(value) ? value : id(value));
  const amount = (decimal: string) => (decimalComma ? decimal.replace(".", ",") : decimal);
  const shown = (value: string | null | undefined) => guardFormula(value ?? "");
  const records = sample.map((row, i) => [
    String(i + 1),
    id(ACCOUNT.accountId),
    id("1"),
    "2026-01-15",
    "2026-01-15T10:00:00.000000Z",
    "2026-01-16",
    "BOOK",
    "DBIT",
    amount("-1234.50"),
    "EUR",
    amount("-0.50"),
    shown(row[9]),
    shown(row[10]),
    shown(row[11]),
    name("****5678"),
    name(shown(row[13])),
    "",
  ]);
  return [[...TRANSACTION_COLUMNS], ...records];
}

/** As csv-parse finds them, the first line with the others. */
function recordsOf(sample: readonly TransactionRow[], chosen: CsvDialect): string[][] {
  return parse(fileOf(sample, chosen), {
    bom: true,
    delimiter: chosen.delimiter,
    record_delimiter: "\r\n",
  });
}

test("csv-parse finds the same records in any dialect", () => {
  fc.assert(
    fc.property(rows, dialect, (sample, chosen) => {
      const found = recordsOf(sample, chosen);
      expect(found).toEqual(expected(sample, chosen));
    }),
    { numRuns: 500 },
  );
});

test("bankText gives every text and id back, in any dialect", () => {
  fc.assert(
    fc.property(rows, dialect, (sample, chosen) => {
      const [, ...found] = recordsOf(sample, chosen);
      const { bom, delimiter, decimalComma: decimal_comma, idsAsText: ids_as_text } = chosen;
      const csv = { bom, delimiter, decimal_comma, ids_as_text };
      const texts = found.map((record) =>
        [1, 11, 12, 13, 15].map((column) => bankText(record[column] ?? "", { schema: V2, csv })),
      );
      expect(texts).toEqual(
        sample.map((row) =>
          [ACCOUNT.accountId, ...row.slice(9, 12), row[13]].map((one) => one ?? ""),
        ),
      );
    }),
    { numRuns: 500 },
  );
});

const PROGRAM = `
import csv, json, sys
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    lines = bytes.fromhex(case["file"]).decode("utf-8-sig" if case["bom"] else "utf-8")
    with open(sys.argv[1] + ".csv", "w", encoding="utf-8", newline="") as file:
        file.write(lines)
    with open(sys.argv[1] + ".csv", encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=case["delimiter"], strict=True)
        print(json.dumps(list(reader)))
`;

test("Python's csv module finds the same records in every dialect", async () => {
  const dialects: CsvDialect[] = [
    CANONICAL_CSV,
    { bom: true, delimiter: ",", decimalComma: false },
    ...DELIMITERS.slice(1).map((delimiter) => ({ bom: false, delimiter, decimalComma: true })),
    { bom: true, delimiter: ";", decimalComma: true },
    { ...CANONICAL_CSV, idsAsText: true },
    { bom: true, delimiter: ";", decimalComma: true, idsAsText: true },
  ];
  const samples = fc.sample(rows, { numRuns: 200, seed: 7 });
  const cases = samples.map(
    (sample, i) => [sample, dialects[i % dialects.length] ?? CANONICAL_CSV] as const,
  );
  const json = cases.map(([sample, chosen]) => ({
    file: fileOf(sample, chosen).toString("hex"),
    bom: chosen.bom,
    delimiter: chosen.delimiter,
  }));
  await withFile(Buffer.from(JSON.stringify(json)), async (_, file) => {
    const { stdout } = await run("python3", ["-c", PROGRAM, file], { maxBuffer: 64 * 1024 * 1024 });
    const found = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as string[][]);
    expect(found).toEqual(cases.map(([sample, chosen]) => expected(sample, chosen)));
  });
});
