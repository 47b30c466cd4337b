/** Lines in WebAssembly are those of byte-lines.ts, whichever rows are left to it. */
import fc from "fast-check";
import { RunningTotals, type AccountBalance } from "../../functions/domain/money/account-totals.ts";
import { COLUMNS, USUAL_COLUMNS, type Column } from "../../functions/domain/columns.ts";
import {
  makeByteLines,
  type ByteLines,
} from "../../functions/statement-builder/lines/byte-lines.ts";
import type { LineBalance } from "../../functions/statement-builder/lines/line-plan.ts";
import { makeRowLines } from "../../functions/statement-builder/lines/row-lines/row-lines.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { encodeRows } from "../support/bank/text-protocol.ts";
import { chosenNumber } from "../support/chosen-number.ts";

const RUNS = chosenNumber("FUZZ_RUNS", 300, 1);
const SEED = chosenNumber("SEED", Date.now() % 2 ** 31);

function account(accountId: string, currency: string): AccountBalance {
  return { accountId, currency, opening: 0n, closing: 0n };
}

const ACCOUNTS = [
  account("a1", "EUR"),
  account("a1", "JPY"),
  account("a12345678901234567890", "BHD"),
  account('b,"2"', "UYW"),
  account("ünï", "EUR"),
];

type Make = (
  totals: readonly RunningTotals[],
  masked: boolean,
  balance: LineBalance,
  columns: readonly Column[],
) => ByteLines;

interface Sheet {
  readonly accounts?: readonly AccountBalance[];
  readonly masked?: boolean;
  readonly balance?: LineBalance;
  readonly columns?: readonly Column[];
}

function sumsOf({ creditCount, creditSum, debitCount, debitSum, lastBalance }: RunningTotals) {
  return { creditCount, creditSum, debitCount, debitSum, lastBalance };
}

/** The lines of every block, and the sums; the error's code in their place. */
function written(
  make: Make,
  blocks: readonly Buffer[],
  { accounts = ACCOUNTS, masked = true, balance = "bank", columns = USUAL_COLUMNS }: Sheet = {},
) {
  const totals = accounts.map((one) => new RunningTotals(one));
  const lines = make(totals, masked, balance, columns);
  const texts: string[] = [];
  let next = 1;
  try {
    for (const block of blocks) {
      const made = lines.format(block, next);
      next += made.rows;
      texts.push(String(made.lines.bytes));
      made.lines.release();
    }
  } catch (error) {
    return { code: (error as { code?: string }).code };
  }
  return { texts, next, totals: totals.map(sumsOf) };
}

function expectTheSame(blocks: readonly Buffer[], sheet: Sheet = {}): void {
  const expected = written(makeByteLines, blocks, sheet);
  expect(written(makeRowLines, blocks, sheet)).toEqual(expected);
}

const REGULAR = ["CARD", "Coffee", "Some Shop", "DE89370400440532013000", "R-1", null] as const;

function row(
  [accountId, currency]: readonly [string, string],
  amount: string,
  balance = "1.0000",
  texts: readonly (string | null)[] = REGULAR,
): TransactionRow {
  const at = "2026-01-02 10:00:00.123456";
  return [
    accountId,
    "1",
    "2026-01-02",
    at,
    "2026-01-03",
    "BOOK",
    amount,
    currency,
    balance,
    ...texts,
  ];
}

const names = ACCOUNTS.map(({ accountId, currency }) => [accountId, currency] as const);
const amount = fc.oneof(
  fc.bigInt(-(10n ** 20n), 10n ** 20n).map((n) => `${n}.0000`),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => (n / 100).toFixed(4)),
  fc.integer({ min: -99, max: 99 }).map((n) => (n / 100).toFixed(4)),
  fc.integer().map(String),
  fc.constantFrom(
    "-0.0000",
    "0.0000",
    "00.1000",
    "1.0001",
    "1.",
    "",
    "x",
    "-",
    "+1.0000",
    "1.23e4",
  ),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...Array.from(",;|\"'\t\r\n=-a é")), maxLength: 40 }),
  fc.constantFrom(
    null,
    "",
    "=1+1",
    "@,",
    '"',
    "ÄÖ",
    "\u00a0=1",
    "＝1",
    "DE893704",
    "DE893704;=1",
    "x".repeat(300),
  ),
);
const anyRow = fc
  .tuple(
    fc.constantFrom(...names),
    fc.oneof(fc.constant("-12.5000"), amount),
    amount,
    fc.array(text, { minLength: 6, maxLength: 6 }),
  )
  .map(([name, value, balance, texts]) => row(name, value, balance, texts));
const goodRow = fc
  .tuple(
    fc.constantFrom(...names),
    fc.integer({ min: -9_999, max: 9_999 }),
    fc.array(text, { minLength: 6, maxLength: 6 }),
  )
  .map(([name, whole, [type, ...texts]]) =>
    row(name, `${whole || 1}.0000`, `${whole}.0000`, [type || "CARD", ...texts]),
  );

/** A value in the place of another, of which some have not the form of their column. */
const misformed = fc
  .tuple(
    goodRow,
    fc.integer({ min: 0, max: 8 }),
    fc.oneof(
      fc.constantFrom("", "2026-13-01", "2026-02-31", "0000-00-00", "2026-1-01", "20260101xx"),
      fc.constantFrom("2026-01-01 24:00:00", "2026-01-01 23:59:59", "2026-01-01T23:59:59.123456"),
      fc.constantFrom(
        "2026-01-01 23:59:59.5",
        "2026-01-01 23:59:59.12345x",
        "2026-01-01 23:59:60.000000",
      ),
      fc.constantFrom("PDNG", "BOOKED", "book", "B", "eur", "EURO", "USD", "x,y", null),
    ),
  )
  .map(([good, place, value]) => good.with(place, value));

const coded = fc
  .tuple(
    goodRow,
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom("PMNT-RCDT-ESCT", "AAAA-ZZZZ-AZAZ", null, "") },
      fc.constantFrom("PMNT-RCDT", "pmnt-rcdt-esct", "PMNT/RCDT/ESCT", "PMNT-RCDT-ESC1"),
      fc.constantFrom("PMNT-RCDT-ESCT\n", "PMNT-RCDT-ES@T", "PMNT-RCDT-ES[T", "PMNTARCDT-ESCT"),
      fc.constantFrom("PMNT-RCDTAESCT", "PMNT-RCDT-ESCTA", "PMNT-RCDT-ESÇ", "=MNT-RCDT-ESCT"),
    ),
  )
  .map(([good, code]) => [...good, code]);

const opening = fc.oneof(
  fc.bigInt(-100_000n, 100_000n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n),
  fc.bigInt(-(10n ** 30n), 10n ** 30n),
);

test.each([
  ["any values", anyRow],
  ["values of another form", misformed],
  ["values that are taken", goodRow],
  ["codes of ISO 20022", coded, COLUMNS],
])("%s: the same lines and sums", (_, rows, columns: readonly Column[] = USUAL_COLUMNS) => {
  fc.assert(
    fc.property(
      fc.array(fc.array(rows, { maxLength: 12 }), { maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom<LineBalance>("bank", "running", "none"),
      fc.array(opening, { minLength: ACCOUNTS.length, maxLength: ACCOUNTS.length }),
      (blocks, masked, balance, openings) => {
        const accounts = ACCOUNTS.map((one, n) => ({ ...one, opening: openings[n] ?? 0n }));
        expectTheSame(blocks.map(encodeRows), { accounts, masked, balance, columns });
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

test("statements that take turns keep their sums apart", () => {
  const [first, second] = [1, 2].map(() => ACCOUNTS.map((one) => new RunningTotals(one)));
  const [one, other] = [
    makeRowLines(first ?? [], true),
    makeRowLines((second ?? []).toReversed(), false),
  ];
  for (let n = 1; n <= 3; n++) {
    one.format(encodeRows([row(["a1", "EUR"], "1.0000"), row(["a1", "EUR"], "00.5000")]), n);
    other.format(encodeRows([row(["a1", "EUR"], "-7.0000", "3.0000")]), n);
  }
  expect(first?.[0]).toMatchObject({ creditCount: 6, creditSum: 450n, debitCount: 0 });
  expect(second?.[0]).toMatchObject({
    debitCount: 3,
    debitSum: 2_100n,
    creditCount: 0,
    lastBalance: 300n,
  });
});

test("the balance of a row that is left to the plain line is the last one only if its row is", () => {
  const regular = row(["a1", "EUR"], "1.0000", "2.0000");
  const irregular = row(["a1", "EUR"], "01.0000", "09.0000");
  for (const rows of [
    [regular, irregular],
    [irregular, regular],
    [regular, irregular, regular],
  ]) {
    expectTheSame([encodeRows(rows)]);
  }
});

test("a sum beyond 63 bits", () => {
  const most = row(["a1", "EUR"], "9999999999999999.9900");
  const least = row(["a1", "JPY"], "-999999999999999999.0000");
  const block = encodeRows(Array.from({ length: 40 }, (_, n) => (n % 3 === 0 ? least : most)));
  expectTheSame([block, block]);
  expect(written(makeRowLines, [block]).totals?.[0]?.creditSum).toBe(
    26n * 999_999_999_999_999_999n,
  );
});

test.each([
  ["a block that is larger than the module's memory", 3_000, 250],
  ["rows that have no room behind one another", 60, 5_000],
  ["a row that is larger than all lines", 1, 70_000],
])("%s", (_, rows, bytes) => {
  const long = [...REGULAR.slice(0, 1), '"'.repeat(bytes), ...REGULAR.slice(2)];
  expectTheSame([
    encodeRows(Array.from({ length: rows }, () => row(["a1", "EUR"], "1.0000", "1.0000", long))),
  ]);
});

test("many accounts, and long names", () => {
  const many = Array.from({ length: 300 }, (_, n) => account(`a${n}`, "EUR"));
  const long = [account("x".repeat(65), "EUR"), account("x".repeat(64), "EUR")];
  for (const accounts of [many, many.slice(0, 256), long, long.slice(1)]) {
    const rows = accounts.map(({ accountId, currency }) => row([accountId, currency], "-1.0000"));
    expectTheSame([encodeRows([...rows, ...rows])], { accounts });
  }
});

test("an account that the statement does not have ends it", () => {
  const block = encodeRows([row(["a1", "EUR"], "1.0000"), row(["a1", "USD"], "1.0000")]);
  expect(written(makeRowLines, [block])).toEqual({ code: "proof_mismatch" });
});

test("NULL and empty values, whatever lies behind the block", () => {
  const empty = row(["a1", "EUR"], "1.0000", "1.0000", ["T", "", null, "", null, ""]);
  expectTheSame([encodeRows([row(["a1", "EUR"], "1.0000"), empty]), encodeRows([empty])]);
});
