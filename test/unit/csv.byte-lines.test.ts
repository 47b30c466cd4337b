/** The fast path from rows to lines gives the bytes and the totals of the plain one. */
import fc from "fast-check";
import type { AccountBalance } from "../../functions/domain/money/account-totals.ts";
import { textField } from "../../functions/domain/csv/csv-field.ts";
import { putText } from "../../functions/statement-builder/lines/byte-fields.ts";
import type { LineBalance } from "../../functions/statement-builder/lines/line-plan.ts";
import {
  makeTransactionsCsv,
  type TransactionsCsv,
} from "../../functions/statement-builder/lines/statement-csv.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { makePlainCsv } from "../support/statements/plain-csv.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

const ACCOUNTS: readonly AccountBalance[] = [
  { accountId: "a1", currency: "EUR", opening: 0n, closing: 0n },
  { accountId: "a1", currency: "JPY", opening: 0n, closing: 0n },
  { accountId: 'b,"2"', currency: "BHD", opening: 0n, closing: 0n },
  { accountId: "ünï", currency: "UYW", opening: 0n, closing: 0n },
];

/** Both paths, each on a fresh file; the error's code where there is no file. */
function both(
  rows: readonly TransactionRow[],
  { accounts = ACCOUNTS, balance }: { accounts?: typeof ACCOUNTS; balance?: LineBalance } = {},
) {
  const plain = makePlainCsv(accounts, true, balance);
  const bytes = makeTransactionsCsv(accounts, true, balance);
  return [
    written(plain, () => plain.lines(rows)),
    written(bytes, () => String(bytes.lines(lentRows(rows)).bytes)),
  ];
}

function written(csv: Pick<TransactionsCsv, "rows" | "totals">, lines: () => string) {
  try {
    return {
      lines: [lines(), lines()],
      rows: csv.rows,
      totals: csv.totals.map((one) => ({ ...one })),
    };
  } catch (error) {
    return { code: (error as { code?: string }).code };
  }
}

function row(changes: Partial<Record<number, string | null>> = {}): TransactionRow {
  const regular = [
    "a1",
    "1",
    "2025-01-02",
    "2025-01-02 10:00:00.123456",
    "2025-01-03",
    "BOOK",
    "-12.5000",
    "EUR",
    "0.0000",
    "CARD",
    "Coffee",
    "Some Shop",
    "DE89370400440532013000",
    "R-1",
    null,
  ];
  return regular.map((value, i) => (i in changes ? (changes[i] ?? null) : value));
}

test("a regular row is a line", () => {
  const [plain, bytes] = both([row()]);
  expect(bytes).toEqual(plain);
  expect(bytes).toMatchObject({
    rows: 2,
    lines: [
      "1,a1,1,2025-01-02,2025-01-02T10:00:00.123456Z,2025-01-03,BOOK,DBIT,-12.50,EUR,0.00,CARD,Coffee,Some Shop,******************3000,R-1,\r\n",
      "2,a1,1,2025-01-02,2025-01-02T10:00:00.123456Z,2025-01-03,BOOK,DBIT,-12.50,EUR,0.00,CARD,Coffee,Some Shop,******************3000,R-1,\r\n",
    ],
  });
});

test.each([
  "0.0000",
  "-0.0000",
  "0.0100",
  "-0.0100",
  "00012.5000",
  "7",
  "-7",
  "12.5",
  ".5",
  "",
  "x",
  "999999999999.9900",
  "9999999999999.9900",
  "9007199254740993.0100",
  "1.0050",
  "1.0001",
  "-9223372036854775808.0000",
  "1e3",
  "+1.00",
  "1.00 ",
  "--1.00",
  "1.",
  null,
])("an amount or a balance of %s", (amount) => {
  for (const [account, currency] of [
    ["a1", "EUR"],
    ["a1", "JPY"],
    ['b,"2"', "BHD"],
    ["ünï", "UYW"],
  ] as const) {
    const [plain, bytes] = both([row({ 0: account, 6: amount, 7: currency })]);
    expect(bytes).toEqual(plain);
    const [plainBalance, bytesBalance] = both([row({ 0: account, 7: currency, 8: amount })]);
    expect(bytesBalance).toEqual(plainBalance);
  }
});

test.each(["2025-01-02 10:00:00", "2025-01-02 10:00:00.5", "2025-01-02", "", null])(
  "a time of %s",
  (time) => {
    const [plain, bytes] = both([row({ 3: time })]);
    expect(bytes).toEqual(plain);
  },
);

test("a day is one of its month, in a column of days and in an instant", () => {
  const two = (most: number) =>
    fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, "0"));
  const year = fc.oneof(
    fc.constantFrom("0000", "0001", "0004", "0100", "0400", "1900", "2000", "2024", "2100"),
    fc.integer({ min: 0, max: 9999 }).map((n) => String(n).padStart(4, "0")),
  );
  const date = fc.oneof(
    fc.tuple(year, two(13), two(32)).map((parts) => parts.join("-")),
    fc.tuple(year, fc.constantFrom("02-28", "02-29", "02-30", "02-31")).map((all) => all.join("-")),
  );
  fc.assert(
    fc.property(date, fc.constantFrom(2, 3, 4), (day, place) => {
      const [plain, bytes] = both([row({ [place]: place === 3 ? `${day} 10:00:00.123456` : day })]);
      expect(bytes).toEqual(plain);
    }),
    { numRuns: 2_000 },
  );
  for (const day of ["2026-02-29", "2026-02-31", "2100-02-29", "2026-04-31", "0000-01-01"]) {
    expect(both([row({ 4: day })])).toEqual(Array(2).fill({ code: "invalid_value" }));
  }
  for (const day of ["2024-02-29", "2000-02-29", "2026-12-31"]) {
    expect(both([row({ 4: day })])[1]).toMatchObject({ rows: 2 });
  }
});

test.each([
  ["", "invalid_value"],
  [null, "invalid_value"],
])("a type of %p, which no reader of the contract expects, is refused", (type, code) => {
  expect(both([row({ 9: type })])).toEqual([{ code }, { code }]);
});

test("sums beyond what a double holds are exact", () => {
  const rows = Array.from({ length: 5_000 }, () => row({ 6: "9999999999999.9900", 8: "1.0000" }));
  const [plain, bytes] = both([...rows, row({ 6: "-9999999999999.9900" })]);
  expect(bytes).toEqual(plain);
  expect(plain?.totals?.[0]).toMatchObject({
    creditSum: 2n * 5_000n * 999_999_999_999_999n,
    debitSum: 2n * 999_999_999_999_999n,
  });
});

test("a row of an account without a balance is no line", () => {
  const [plain, bytes] = both([row(), row({ 0: "a2" })]);
  expect(plain).toEqual({ code: "proof_mismatch" });
  expect(bytes).toEqual(plain);
});

test("a value longer than a block is one field", () => {
  const [plain, bytes] = both([row({ 10: "x".repeat(70_000), 11: '"'.repeat(1_000_000) })]);
  expect(bytes).toEqual(plain);
});

test("whatever character a text starts with, both paths guard it or neither does", () => {
  // Every character of Unicode that has a name.
  const starts = Array.from({ length: 0x11_0000 }, (_, code) => code).filter((code) =>
    /^[^\p{Cn}\p{Co}\p{Cs}]$/u.test(String.fromCodePoint(code)),
  );
  expect(starts.length).toBeGreaterThan(150_000);
  const target = Buffer.alloc(64);
  const differing = starts.filter((code) =>
    ["x", "=", "\u200B＋", ";x", ";="].some((rest) => {
      const text = (rest.startsWith(";") ? "x;" : "") + String.fromCodePoint(code) + rest;
      const source = Buffer.from(text);
      const end = putText(target, 0, source, 0, source.length);
      return target.toString("utf8", 0, end) !== `${textField(text)},`;
    }),
  );
  expect(differing).toEqual([]);
});

const nasty = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(...Array.from("=+-@\0\t\r\n\",;|'＝＋－＠ \u00A0\u200B\uFEFFaé😀0")),
  }),
  fc.constant(null),
);
const money = fc
  .tuple(
    fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }),
    fc.constantFrom("", "00", "50", "0000"),
  )
  .map(([whole, fraction]) => (fraction === "" ? String(whole) : `${whole}.${fraction}`));

test("whatever the texts are, both paths write the same", () => {
  const rows = fc.array(
    fc
      .record({
        account: fc.constantFrom(...ACCOUNTS),
        amount: money,
        balance: money,
        texts: fc.array(nasty, { minLength: 5, maxLength: 5 }),
      })
      .map(({ account, amount, balance, texts: [a, b, c, d, e] }) =>
        row({
          0: account.accountId,
          6: amount,
          7: account.currency,
          8: balance,
          // Nothing is refused, in a test of its own.
          9: a || "CARD",
          10: b,
          11: c,
          12: d,
          13: e,
        }),
      ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(rows, (sample) => {
      const [plain, bytes] = both(sample);
      expect(bytes).toEqual(plain);
    }),
    { numRuns: 500 },
  );
});

test("the statement's own balance leads from the opening, whatever the bank has beside a row", () => {
  const accounts = [
    { accountId: "a1", currency: "EUR", opening: -5n, closing: 0n },
    { accountId: "a1", currency: "JPY", opening: 10n ** 20n, closing: 0n },
  ];
  const rows = [
    row({ 6: "0.0100", 8: "99.0000" }),
    row({ 6: "0.0400", 8: "-0.0000" }),
    row({ 6: "0.9900", 8: "0.9900" }),
    row({ 6: "1.0000", 7: "JPY", 8: "x" }),
  ];
  const [plain, bytes] = both(rows, { accounts, balance: "running" });
  expect(bytes).toEqual(plain);
  const balances = (lines: string) => lines.split("\r\n").map((line) => line.split(",")[10]);
  expect((bytes as { lines: string[] }).lines.map(balances)).toEqual([
    ["-0.04", "0.00", "0.99", "100000000000000000001", undefined],
    ["1.00", "1.04", "2.03", "100000000000000000002", undefined],
  ]);
});

test("lines of no balance lack its column", () => {
  const [plain, bytes] = both([row()], { balance: "none" });
  expect(bytes).toEqual(plain);
  expect((bytes as { lines: string[] }).lines[0]).toBe(
    "1,a1,1,2025-01-02,2025-01-02T10:00:00.123456Z,2025-01-03,BOOK,DBIT,-12.50,EUR,CARD,Coffee,Some Shop,******************3000,R-1,\r\n",
  );
});
