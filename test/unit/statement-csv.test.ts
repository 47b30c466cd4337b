/** Point 13 of a correct statement, and the forms of its columns; read back by another reader. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { AccountBalance } from "../../functions/domain/money/account-totals.ts";
import { TRANSACTION_COLUMNS } from "../../functions/domain/columns.ts";
import { unguardFormula } from "../../functions/domain/csv/csv-field.ts";
import { BALANCE_COLUMNS, CSV_EOL } from "../../functions/domain/manifest.ts";
import {
  balancesCsv,
  makeTransactionsCsv,
  type TransactionsCsv,
  headerOf,
} from "../../functions/statement-builder/lines/statement-csv.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

const EUR: AccountBalance = { accountId: "acc-1", currency: "EUR", opening: 0n, closing: 0n };

interface Row {
  accountId?: string;
  id?: string;
  postedAt?: string;
  amount?: string;
  currency?: string;
  balanceAfter?: string;
  type?: string;
  description?: string | null;
  name?: string | null;
  account?: string | null;
  reference?: string | null;
  reversalOf?: string | null;
}

/** As the server sends it. */
function rowOf(row: Row = {}): TransactionRow {
  return [
    row.accountId ?? "acc-1",
    row.id ?? "1",
    "2026-01-15",
    row.postedAt ?? "2026-01-15 10:00:00.000000",
    "2026-01-16",
    "BOOK",
    row.amount ?? "12.5000",
    row.currency ?? "EUR",
    row.balanceAfter ?? "12.5000",
    row.type ?? "CARD",
    row.description ?? null,
    row.name ?? null,
    row.account ?? null,
    row.reference ?? null,
    row.reversalOf ?? null,
  ];
}

/** By way of the bytes that the server sends. */
function linesOf(csv: TransactionsCsv, rows: readonly TransactionRow[]): string {
  return String(csv.lines(lentRows(rows)).bytes);
}

function csvText(rows: readonly TransactionRow[], accounts = [EUR]): string {
  return headerOf(TRANSACTION_COLUMNS) + linesOf(makeTransactionsCsv(accounts), rows);
}

/** Records by another reader, told nothing but RFC 4180. */
function readBack(text: string): Record<string, string>[] {
  return parse(text, { columns: true, record_delimiter: CSV_EOL });
}

function only(row: Row, accounts = [EUR]): Record<string, string> {
  const [record = {}] = readBack(csvText([rowOf(row)], accounts));
  return record;
}

function failure(code: string): Error {
  return expect.objectContaining({ name: "StatementFailure", code }) as Error;
}

test("the columns and their order are version 1's, and every line ends with CRLF", () => {
  expect(headerOf(TRANSACTION_COLUMNS)).toBe(
    "line,account_id,transaction_id,booking_date,posted_at,value_date,status,credit_debit,amount," +
      "currency,balance_after,type,description,counterparty_name,counterparty_account,reference," +
      "reversal_of\r\n",
  );
  const row = rowOf({
    id: "7",
    amount: "-3.2500",
    balanceAfter: "9.2500",
    description: "Coffee, two",
    name: "Zoë",
    account: "DE89370400440532013000",
    reference: "000123",
    reversalOf: "6",
  });
  expect(csvText([row, row])).toBe(
    headerOf(TRANSACTION_COLUMNS) +
      "1,acc-1,7,2026-01-15,2026-01-15T10:00:00.000000Z,2026-01-16,BOOK,DBIT,-3.25,EUR,9.25,CARD," +
      '"Coffee, two",Zoë,******************3000,000123,6\r\n' +
      "2,acc-1,7,2026-01-15,2026-01-15T10:00:00.000000Z,2026-01-16,BOOK,DBIT,-3.25,EUR,9.25,CARD," +
      '"Coffee, two",Zoë,******************3000,000123,6\r\n',
  );
});

test("lines are numbered on from batch to batch", () => {
  const csv = makeTransactionsCsv([EUR]);
  const text =
    headerOf(TRANSACTION_COLUMNS) + [1, 2, 3].map(() => linesOf(csv, [rowOf(), rowOf()])).join("");
  expect(readBack(text).map(({ line }) => line)).toEqual(["1", "2", "3", "4", "5", "6"]);
  expect(csv.rows).toBe(6);
});

describe("RFC 4180, UTF-8", () => {
  test.each([
    ["a comma", "Smith, Jones"],
    ["quotes", 'Garage "Chez Marcel"'],
    ["only a quote", '"'],
    ["a line feed", "Hof links\nrechts"],
    ["CRLF", "Ferien\r\nwohnung"],
    ["other scripts", "日本電力 مصرف Ελλάδα 👩‍💻"],
    ["spaces at both ends", "  two  "],
    ["a semicolon and a backslash", "a;b\\c"],
  ])("%s", (_, text) => {
    expect(only({ description: text, name: text })).toMatchObject({
      description: text,
      counterparty_name: text,
    });
  });

  test("any texts in any rows come back whole, once the guard is taken away", () => {
    const text = fc.string({ unit: "binary", maxLength: 30 });
    const nasty = fc.string({ unit: fc.constantFrom(...Array.from("\",;|\t\r\n\0=-'é ")) });
    const rows = fc.array(fc.tuple(fc.oneof(text, nasty), fc.oneof(text, nasty)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(rows, (texts) => {
        const written = csvText(texts.map(([description, name]) => rowOf({ description, name })));
        const records = readBack(written);
        expect(records).toHaveLength(texts.length);
        texts.forEach(([description, name], i) => {
          expect(unguardFormula(records[i]?.["description"] ?? "")).toBe(description);
          expect(unguardFormula(records[i]?.["counterparty_name"] ?? "")).toBe(name);
        });
      }),
    );
  });

  test("no value is an empty field, as an empty text is", () => {
    expect(only({ description: "" })).toMatchObject({
      description: "",
      counterparty_name: "",
      counterparty_account: "",
      reference: "",
      reversal_of: "",
    });
  });
});

/** OWASP's list (CSV Injection) and ASVS 5.0, 1.2.10. */
const SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠"];
const STARTS = [...SIGNS, "\t", "\r", "\n", "\0"];

describe("the formula guard", () => {
  test.each(STARTS)(
    "a text that starts with %j gets an apostrophe in every text column",
    (start) => {
      const text = `${start}1+1`;
      const record = only({ type: text, description: text, name: text, reference: text });
      expect(record).toMatchObject({
        type: `'${text}`,
        description: `'${text}`,
        counterparty_name: `'${text}`,
        reference: `'${text}`,
      });
    },
  );

  test.each([
    " ",
    "  ",
    "\v",
    "\u001F",
    "\u007F",
    "\u0085",
    "\u00A0",
    "\u00AD",
    "\u2003",
    "\u200B",
    "\u200E",
    "\u2028",
    "\u202E",
    "\u2060",
    "\u3000",
    "\uFEFF",
    " \u200B\0 ",
  ])("a sign behind %j, which importers drop, is guarded too", (invisible) => {
    for (const sign of SIGNS) {
      const text = `${invisible}${sign}1+1`;
      expect(only({ description: text })["description"]).toBe(`'${text}`);
    }
  });

  test.each([
    ["Miete;=1+1", "Miete;'=1+1"],
    ["a,=1,+2", "a,'=1,'+2"],
    ["a|@x|b", "a|'@x|b"],
    ["a\t-1", "a\t'-1"],
    ["a\r\n=1", "a\r\n'=1"],
    ["a; \0=1", "a;' \0=1"],
    ["a;;=1", "a;;'=1"],
    ['a;"=1"', `a;'"=1"`],
    ["\t=1", "'\t'=1"],
    [" \t=1", " \t'=1"],
    // With an apostrophe of their own, which must be told from ours.
    ["'=1", "''=1"],
    ["a;'=1", "a;''=1"],
  ])("%j is written as %j", (text, written) => {
    expect(only({ description: text })["description"]).toBe(written);
    expect(unguardFormula(written)).toBe(text);
  });

  test.each([
    "",
    "a=1",
    "1-2",
    " 1",
    "  two",
    "'x",
    '"=1"',
    "a; b",
    "a;b=1",
    "Smith, Jones",
    "a;日=1",
    "mail@example.org",
    "*=1",
    "%=1",
    "|x",
    "é=1",
    "Ω=1",
    "日=1",
    "ア=1",
    "한=1",
    "ع=1",
    "😀=1",
    "\u00A0x",
    "\u200Bx",
    "§-1",
    "™+1",
  ])("%j stays as it is", (text) => {
    expect(only({ description: text })["description"]).toBe(text);
  });

  test("amounts, balances, ids and dates have none: they stay numbers to a spreadsheet", () => {
    const record = only({
      amount: "-12.5000",
      balanceAfter: "-0.0100",
      id: "-1",
      reversalOf: "-2",
    });
    expect(record).toMatchObject({
      amount: "-12.50",
      balance_after: "-0.01",
      transaction_id: "-1",
      reversal_of: "-2",
    });
  });
});

test.each(["=1", "@sum", "+A1", "-1-2", "a;=1", "\t1"])("an id of %j is refused", (id) => {
  const account = { ...EUR, accountId: id };
  expect(() => only({ accountId: id }, [account])).toThrow(failure("invalid_value"));
  expect(() => only({ id })).toThrow(failure("invalid_value"));
  expect(() => only({ reversalOf: id })).toThrow(failure("invalid_value"));
});

describe("counterparty_account shows its last four characters", () => {
  test.each([
    ["DE89370400440532013000", "******************3000"],
    ["12345", "*2345"],
    ["1234", "****"],
    ["1", "*"],
    // Nothing that could start a formula is left at the start.
    ["=1234", "*1234"],
    ["12345;=12", "*****;'=12"],
    ["日本電力株式会社", "****株式会社"],
  ])("%s → %s", (account, masked) => {
    expect(only({ account })["counterparty_account"]).toBe(masked);
  });

  test("account_id is never masked", () => {
    const account = { ...EUR, accountId: "DE89370400440532013000" };
    expect(only({ accountId: account.accountId }, [account])["account_id"]).toBe(account.accountId);
  });
});

test.each([
  ["2026-01-31 23:59:59.123456", "2026-01-31T23:59:59.123456Z"],
  ["2026-01-31 00:00:00.000000", "2026-01-31T00:00:00.000000Z"],
  // A view may have fewer decimals, or none.
  ["2026-01-31 10:20:30.5", "2026-01-31T10:20:30.500000Z"],
  ["2026-01-31 10:20:30", "2026-01-31T10:20:30.000000Z"],
])("posted_at %s is %s", (postedAt, written) => {
  expect(only({ postedAt })["posted_at"]).toBe(written);
});

test("transaction ids beyond 2^53 keep every digit", () => {
  expect(only({ id: "9223372036854775807", reversalOf: "9007199254740993" })).toMatchObject({
    transaction_id: "9223372036854775807",
    reversal_of: "9007199254740993",
  });
});

describe("amounts are signed and have their currency's scale", () => {
  test.each([
    ["EUR", "12.5000", "CRDT", "12.50"],
    ["EUR", "-12.5000", "DBIT", "-12.50"],
    ["EUR", "0.0000", "CRDT", "0.00"],
    ["JPY", "1500.0000", "CRDT", "1500"],
    ["JPY", "-1.0000", "DBIT", "-1"],
    ["BHD", "0.1230", "CRDT", "0.123"],
    ["BHD", "-7.0000", "DBIT", "-7.000"],
    ["EUR", "-9999999999999999999.9900", "DBIT", "-9999999999999999999.99"],
  ])("%s %s is %s %s", (currency, amount, side, written) => {
    const record = only({ currency, amount, balanceAfter: amount }, [{ ...EUR, currency }]);
    expect(record).toMatchObject({ credit_debit: side, amount: written, balance_after: written });
  });

  test.each([
    ["EUR", "0.0010"],
    ["JPY", "0.5000"],
    ["BHD", "0.0001"],
  ])("%s %s has more decimals: invalid_amount, as an amount and as a balance", (currency, bad) => {
    const balance = { ...EUR, currency };
    expect(() => only({ currency, amount: bad, balanceAfter: "0" }, [balance])).toThrow(
      failure("invalid_amount"),
    );
    expect(() => only({ currency, amount: "0", balanceAfter: bad }, [balance])).toThrow(
      failure("invalid_amount"),
    );
  });
});

test("a row of an account, or of a currency, that the customer lacks: proof_mismatch", () => {
  for (const row of [{ accountId: "acc-2" }, { currency: "USD" }]) {
    expect(() => only(row)).toThrow(failure("proof_mismatch"));
  }
});

test("balances.csv has every account with its sums, also one without a row", () => {
  const csv = makeTransactionsCsv([
    { accountId: "a,1", currency: "EUR", opening: 10_000n, closing: 10_925n },
    { accountId: "a,1", currency: "JPY", opening: -500n, closing: -1500n },
    { accountId: "b", currency: "BHD", opening: 1n, closing: 1n },
  ]);
  linesOf(csv, [
    rowOf({ accountId: "a,1", amount: "12.5000", balanceAfter: "112.5000" }),
    rowOf({ accountId: "a,1", amount: "-3.2500", balanceAfter: "109.2500" }),
    rowOf({ accountId: "a,1", amount: "0.0000", balanceAfter: "109.2500" }),
    rowOf({ accountId: "a,1", currency: "JPY", amount: "-1000", balanceAfter: "-1500" }),
  ]);
  const text = balancesCsv(csv.totals).toString();
  expect(text.endsWith("\r\n")).toBe(true);
  expect(parse(text, { record_delimiter: CSV_EOL })).toEqual([
    [...BALANCE_COLUMNS],
    ["a,1", "EUR", "100.00", "2", "12.50", "1", "3.25", "9.25", "109.25"],
    ["a,1", "JPY", "-500", "0", "0", "1", "1000", "-1000", "-1500"],
    ["b", "BHD", "0.001", "0", "0.000", "0", "0.000", "0.000", "0.001"],
  ]);
  expect(TRANSACTION_COLUMNS).toHaveLength(17);
});
