/** What a template writes of rows is what its format's own function of a row does, whichever rows are left to it. */
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { COLUMNS, ROW, USUAL_COLUMNS, type Column } from "../../functions/domain/columns.ts";
import { RunningTotals, type AccountBalance } from "../../functions/domain/money/account-totals.ts";
import { LANGUAGES, type Language } from "../../functions/domain/statement-options.ts";
import { makeBatchRows } from "../../functions/statement-builder/contents/batch-rows.ts";
import { camt053 } from "../../functions/statement-builder/formats/camt053/camt053.ts";
import { jsonl } from "../../functions/statement-builder/formats/jsonl.ts";
import { ofx } from "../../functions/statement-builder/formats/ofx/ofx.ts";
import type {
  Rows,
  StatementContent,
  StatementFormat,
} from "../../functions/statement-builder/formats/statement-format.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { encodeRows } from "../support/bank/text-protocol.ts";
import { statementContent } from "../support/statements/statement-content.ts";
import { chosenNumber } from "../support/chosen-number.ts";

const RUNS = chosenNumber("FUZZ_RUNS", 300, 1);
const SEED = chosenNumber("SEED", Date.now() % 2 ** 31);

interface Statement {
  readonly accounts: readonly AccountBalance[];
  readonly blocks: readonly Buffer[];
  readonly masked?: boolean;
  readonly running?: boolean;
  readonly columns?: readonly Column[];
  readonly language?: Language;
  readonly words?: Readonly<Record<string, Readonly<Partial<Record<Language, string>>>>>;
}

type Way = (rows: Rows) => Rows;

const byTemplate: Way = (rows) => rows;
const byRow: Way = (rows) => ({ [Symbol.iterator]: () => rows[Symbol.iterator]() });
const byTemplateAlone: Way = (rows) => ({
  [Symbol.iterator]: () => rows[Symbol.iterator](),
  written: (template) =>
    rows.written?.(template, () => {
      throw new Error("a row was left to the plain writer");
    }) ?? [],
});

/** A file's text and the sums of its rows; the error's code in their place. */
async function written(format: StatementFormat, statement: Statement, way: Way) {
  const { accounts, blocks, masked = true, running = false, language = "en", words } = statement;
  const sums = accounts.map((one) => new RunningTotals(one));
  const rowsOf = makeBatchRows({ accounts: sums, masked, running });
  async function* allRows(): AsyncGenerator<Rows> {
    for (const block of blocks) {
      const rows = rowsOf(block);
      // Others have their turn, and the module's memory.
      await Promise.resolve();
      yield way(rows);
      rows.readRest();
    }
  }
  const { facts, ...rest } = statementContent([]);
  const content: StatementContent = {
    ...rest,
    facts: { ...facts, masked, ...(words && { typeWords: words }) },
    language,
    columns: statement.columns ?? USUAL_COLUMNS,
    totals: accounts.slice(0, 1).map((one) => new RunningTotals(one)),
    allRows,
    rowsOf: allRows,
  };
  try {
    const text = String(await buffer(format.write(content)));
    return { text, sums: sums.map(sumsOf) };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { error: code ?? message };
  }
}

function sumsOf({ creditCount, creditSum, debitCount, debitSum, lastBalance }: RunningTotals) {
  return { creditCount, creditSum, debitCount, debitSum, lastBalance };
}

const FORMATS = [
  ["jsonl", jsonl],
  ["camt.053", camt053],
  ["ofx", ofx],
] as const;

const ACCOUNTS: readonly AccountBalance[] = [
  { accountId: "a1", currency: "EUR", opening: 0n, closing: 0n },
  { accountId: "a1", currency: "JPY", opening: -5n, closing: 0n },
  { accountId: 'ünï "2" <&>', currency: "BHD", opening: 10n ** 19n, closing: 0n },
];

/** Values by their columns; what is left out is that of a regular row. */
function row(changes: Partial<Record<keyof typeof ROW, string | null>> = {}): TransactionRow {
  const values: Record<keyof typeof ROW, string | null> = {
    accountId: "a1",
    transactionId: "1",
    bookingDate: "2026-01-02",
    postedAt: "2026-01-02 10:00:00.123456",
    valueDate: "2026-01-03",
    status: "BOOK",
    amount: "-12.5000",
    currency: "EUR",
    balanceAfter: "1.0000",
    type: "CARD_PAYMENT",
    description: "Coffee",
    counterpartyName: "Some Shop",
    counterpartyAccount: "DE89370400440532013000",
    reference: "R-1",
    reversalOf: null,
    bankTransactionCode: null,
    ...changes,
  };
  return Object.keys(ROW).map((key) => values[key as keyof typeof ROW]);
}

/** In its place stand bytes that are no UTF-8. */
const BROKEN = "\u{10fffd}";
const NO_UTF8 = ["fffe80c0", "e2822861", "eda08041", "f4908080", "c0af4142", "414243e2"].map(
  (hex) => Buffer.from(hex, "hex"),
);

function encoded(rows: readonly TransactionRow[]): Buffer {
  const block = encodeRows(rows);
  const mark = Buffer.from(BROKEN);
  for (let at = block.indexOf(mark), n = 0; at >= 0; at = block.indexOf(mark, at), n++) {
    NO_UTF8[(at + n) % NO_UTF8.length]?.copy(block, at);
  }
  return block;
}

const LIMITS = [1, 4, 5, 22, 31, 32, 33, 34, 35, 36, 118, 119, 139, 140, 141, 254, 255, 256];
const IBANS = [
  "DE89370400440532013000",
  "DE88370400440532013000",
  "NO9386011117947",
  "GB82WEST12345698765432",
  "GB82west12345698765432",
  "XX89370400440532013000",
  "DE8937040044053201300",
];
const SPECIAL = Array.from(
  "\"\\&<>'*/ \t\r\n\u0000\u001f\u007f\u0085\u00a0ä€—日🍕\u2028\ufeff\uffff",
);
const LONG_NAME = "The Name of a Shop with Forty Characters";
const words = fc.array(
  fc.constantFrom("a", "Müller", "🍕", "&", "x".repeat(75), "🍕".repeat(40), "y".repeat(139)),
  { maxLength: 30 },
);
const text = fc.oneof(
  fc.constantFrom(LONG_NAME, LONG_NAME.replace(" ", "\n"), ` ${LONG_NAME}\t`),
  words.map((some) => some.join(" ")),
  fc.constantFrom(null, "", " ", "*", "**12", "***1234", "12*4", "Some Shop", "Coffee", ...IBANS),
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.string({ unit: fc.constantFrom(...SPECIAL), maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom("x", "y ", "ä", "€", "🍕", "a&b", "*"),
      fc.constantFrom(...LIMITS),
      fc.constantFrom("", "", " ", "🍕", "ß", "\u00a0", BROKEN, '"'),
    )
    .map(([unit, length, end]) =>
      (unit.repeat(length).slice(0, length - end.length) + end).toWellFormed(),
    ),
);
const often = <T>(usual: T, others: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });
const amount = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => (n / 100).toFixed(4)),
  fc.integer({ min: -999, max: 999 }).map((n) => `${n}.0000`),
  fc.integer({ min: -99, max: 99 }).map((n) => (n / 100).toFixed(4)),
  fc.bigInt(-(10n ** 17n), 10n ** 17n).map((n) => `${n}.0000`),
);
const oddAmount = fc.constantFrom("-0.0000", "00.1000", "1.0001", "1.", "", "-", "+1.0000", "1e4");
const date = fc.constantFrom("2024-02-29", "2026-02-30", "0000-00-00", "2026-1-1", "", "<a>", null);
const instant = fc.constantFrom("2026-01-01 23:59:59", "2026-01-01 23:59:59.5", "", "x", '"', null);
const code = fc.constantFrom("PMNT-RCDT-ESCT", "PMNT-RCDT", "pmnt-rcdt-esct", "", "PMNT-RCDT-ES<T");
const type = fc.oneof(
  fc.constantFrom("CARD_PAYMENT", "CREDIT_TRANSFER", "SALARY", "OWN", "", "constructor"),
  text.map((one) => one ?? ""),
);

/** Texts of any kind in rows that are regular beside that. */
const textRow = fc
  .record({
    amount,
    balanceAfter: amount,
    transactionId: often("9007199254740993", text),
    type: often("CARD_PAYMENT", type),
    description: text,
    counterpartyName: text,
    counterpartyAccount: often("DE89370400440532013000", text),
    reference: text,
    reversalOf: often(null, text),
    bankTransactionCode: often("PMNT-RCDT-ESCT", code),
  })
  .map(row);

/** Values that are not what their columns promise. */
const oddRow = fc
  .record({
    accountId: often("a1", fc.constantFrom("", "a2", 'ünï "2" <&>')),
    currency: often("EUR", fc.constantFrom("JPY", "BHD", "")),
    amount: often("1.0000", oddAmount),
    balanceAfter: often("1.0000", oddAmount),
    bookingDate: often("2026-01-02", date),
    valueDate: often("2026-01-02", date),
    postedAt: often("2026-01-02 10:00:00.000000", instant),
    status: often("BOOK", fc.constantFrom("PDNG", "", '"')),
    transactionId: often("7", fc.constantFrom("", null)),
    description: often("Coffee", text),
  })
  .map(row);

const statement = fc.record({
  masked: fc.boolean(),
  running: fc.boolean(),
  columns: fc.constantFrom<readonly Column[]>(USUAL_COLUMNS, COLUMNS),
  language: fc.constantFrom(...LANGUAGES),
  words: fc.constantFrom(undefined, { OWN: { en: "Own & <old>", de: "Eigen" }, SALARY: {} }),
});

describe.each(FORMATS)("%s", (name, format) => {
  async function expectTheSame(of: Statement): Promise<void> {
    expect(await written(format, of, byTemplate)).toEqual(await written(format, of, byRow));
  }

  test.each([
    ["any texts", textRow],
    ["values of another form", oddRow],
    ["both", fc.oneof(textRow, { weight: 1, arbitrary: oddRow })],
  ])("%s: the same bytes and sums", async (_, rows) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(rows, { maxLength: 8 }), { maxLength: 4 }),
        fc.constantFrom(0, 1, 2),
        statement,
        async (blocks, first, { words, ...how }) => {
          const own = ACCOUNTS[first] ?? { accountId: "", currency: "" };
          const { accountId, currency } = own;
          const others = ACCOUNTS.filter((one) => one !== own);
          // All of the account but those of an odd row.
          const moved = blocks.map((block) =>
            block.map((one) =>
              one[ROW.accountId] === "a1" && one[ROW.currency] === "EUR"
                ? one.with(ROW.accountId, accountId).with(ROW.currency, currency)
                : one,
            ),
          );
          await expectTheSame({
            ...how,
            ...(words && { words }),
            accounts: [own, ...others] as readonly AccountBalance[],
            blocks: moved.map(encoded),
          });
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  test("regular rows need no plain writer, masked or not, in any language", async () => {
    const rows = [
      row(),
      row({ amount: "1500.0000", counterpartyName: 'Zoë\'s <Café> & "Bar"', description: null }),
      row({ counterpartyName: null, counterpartyAccount: null, reference: null }),
      row({
        reversalOf: "1",
        description: "Überweisung 🍕",
        bankTransactionCode: "PMNT-RCDT-ESCT",
      }),
      row({ counterpartyName: "The Name of a Shop with Forty Characters", type: "OWN" }),
      row({ counterpartyAccount: "123456", description: "d".repeat(100) }),
      row({ description: "line\n\tline", reference: "a\tb" }),
      row({ description: "für Müller & Söhne ".repeat(12) }),
    ];
    const blocks = [encoded(rows), encoded(rows)];
    for (const masked of [true, false])
      for (const running of [true, false])
        for (const language of LANGUAGES) {
          const of = { accounts: ACCOUNTS.slice(0, 1), blocks, masked, running, language };
          const expected = await written(format, of, byRow);
          expect(expected.text?.length).toBeGreaterThan(1_000);
          expect(await written(format, of, byTemplateAlone)).toEqual(expected);
        }
  });

  test("more than a block of a file, and files that are written by turns", async () => {
    const rows = Array.from({ length: 2_000 }, (_, n) =>
      row({ transactionId: String(n), description: n % 7 ? "Coffee" : "left\u0001" }),
    );
    const accounts = ACCOUNTS.slice(0, 1);
    const several = [rows, rows.toReversed(), rows.slice(3)].map((some) => ({
      accounts,
      blocks: [some.slice(0, 900), some.slice(900)].map(encoded),
    }));
    const made = await Promise.all(several.map((one) => written(format, one, byTemplate)));
    const expected = await Promise.all(several.map((one) => written(format, one, byRow)));
    expect(made.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
    expect(made).toEqual(expected);
    expect(made[0]?.text).toContain(name === "jsonl" ? "\\u0001" : "left\ufffd");
  });

  test.each([
    ["a block that is larger than the module's memory", 3_000, 200],
    ["rows that have no room behind one another", 60, 5_000],
    ["a row that grows to more than all room", 12, 20_000],
    ["a row that is larger than all room", 2, 70_000],
  ])("%s", async (_, count, bytes) => {
    const long = row({
      description: '&"'.repeat(bytes / 2),
      transactionId: '&"'.repeat(bytes / 8),
    });
    await expectTheSame({
      accounts: ACCOUNTS.slice(0, 1),
      blocks: [encoded(Array.from({ length: count }, () => long))],
    });
  });

  test("many accounts, long names, many words", async () => {
    const account = (accountId: string) => ({
      accountId,
      currency: "EUR",
      opening: 0n,
      closing: 0n,
    });
    const many = Array.from({ length: 300 }, (_, n) => account(`a${n}`));
    const words = Object.fromEntries(
      many.map(({ accountId }) => [accountId, { en: "w".repeat(60) }]),
    );
    for (const accounts of [many, many.slice(0, 256), [account("x".repeat(65))]]) {
      const rows = accounts.map(({ accountId }) => row({ accountId, type: accountId }));
      await expectTheSame({ accounts, words, blocks: [encoded([...rows, ...rows])] });
    }
  });
});

test("rows that nobody asks for are added up without an object for each", () => {
  const sums = ACCOUNTS.map((one) => new RunningTotals(one));
  const rows = makeBatchRows({ accounts: sums, masked: true, running: true })(
    encoded([row(), row({ amount: "20.0000" }), row({ amount: "0.5000" }), row()]),
  );
  const [first] = rows;
  expect(first?.amount).toBe(-1_250n);
  rows.readRest();
  expect([...rows]).toEqual([]);
  expect(sums.map(sumsOf)[0]).toEqual({
    creditCount: 2,
    creditSum: 2_050n,
    debitCount: 2,
    debitSum: 2_500n,
    lastBalance: -450n,
  });
});
