/**
 * What a format of a statement is written from, made in memory: in go accounts and what was posted
 * to them, out come lines, balances and totals.
 */
import { RunningTotals } from "../../../functions/domain/money/account-totals.ts";
import {
  COLUMNS,
  propertyOf,
  USUAL_COLUMNS,
  type Column,
} from "../../../functions/domain/columns.ts";
import { minorUnit, parseAmount } from "../../../functions/domain/money/money.ts";
import type {
  StatementContent,
  StatementRow,
} from "../../../functions/statement-builder/formats/statement-format.ts";
import { JANUARY } from "./sample-statement.ts";
import { factsOf } from "./statement.ts";

/** What is left out is filled in: an id and a time of its own, the same day, no text. */
export interface Posted extends Partial<
  Omit<
    StatementRow,
    | "line"
    | "accountId"
    | "status"
    | "creditDebit"
    | "currency"
    | "minorUnit"
    | "amount"
    | "balanceAfter"
  >
> {
  /** A decimal, a credit is positive. */
  readonly amount: string;
}

export interface AccountPosted {
  readonly accountId: string;
  readonly currency: string;
  /** A decimal; nothing when left out. */
  readonly opening?: string;
  readonly posted: readonly Posted[];
}

/** Small, so that a statement of a few rows crosses batches, in its accounts as well. */
const BATCH_ROWS = 3;
const FIRST_ID = 5_000;
const FIRST_POSTED = Date.parse("2026-01-05T08:00:00Z");
const HOUR_MS = 3_600_000;

/** A statement of January 2026 in Europe/Berlin; `changes` take the place of any of it. */
export function statementContent(
  accounts: readonly AccountPosted[],
  changes: Partial<StatementContent> = {},
): StatementContent {
  const ids = { next: 0 };
  const booked = accounts.map((account) => bookedIn(account, ids));
  const all = numbered(booked.flatMap(({ rows }) => rows).sort(asPosted));
  return {
    facts: factsOf(JANUARY),
    language: "en",
    asOf: Date.UTC(2026, 1, 1, 3, 4, 5, 678),
    isPart: false,
    columns: USUAL_COLUMNS,
    rows: all.length,
    severalCurrencies: new Set(
      accounts
        .map(({ accountId }) => accountId)
        .filter((id) => accounts.filter(({ accountId }) => accountId === id).length > 1),
    ),
    accountIds: new Set(accounts.map(({ accountId }) => accountId)),
    totals: booked.map(({ totals }) => totals),
    allRows: () => inBatches(all),
    rowsOf: ({ accountId, currency }) => {
      const own = all.filter((row) => row.accountId === accountId && row.currency === currency);
      return inBatches(numbered(own));
    },
    ...changes,
  };
}

interface Booked {
  readonly totals: RunningTotals;
  readonly rows: readonly StatementRow[];
}

function bookedIn(account: AccountPosted, ids: { next: number }): Booked {
  const { accountId, currency } = account;
  const opening = minor(account.opening ?? "0", currency);
  const amounts = account.posted.map((row) => minor(row.amount, currency));
  const closing = amounts.reduce((sum, amount) => sum + amount, opening);
  const totals = new RunningTotals({ accountId, currency, opening, closing });
  let balanceAfter = opening;
  const rows = account.posted
    .map((row) => ({ ...filledIn(row, ids.next++), accountId, currency }))
    .sort(asPosted)
    .map((row): StatementRow => {
      const amount = minor(row.amount, currency);
      balanceAfter += amount;
      totals.add(amount, balanceAfter);
      return {
        ...row,
        line: 0,
        status: "BOOK",
        creditDebit: amount < 0n ? "DBIT" : "CRDT",
        minorUnit: minorUnit(currency),
        amount,
        balanceAfter,
      };
    });
  return { totals, rows };
}

/** Every column that may be without a value. */
const NULLS = Object.fromEntries(
  (COLUMNS as readonly Column[])
    .filter(({ nullable }) => nullable)
    .map(({ name }) => [propertyOf(name), null]),
) as {
  readonly [Key in keyof StatementRow as null extends StatementRow[Key] ? Key : never]: null;
};

function filledIn(posted: Posted, n: number) {
  const at = new Date(FIRST_POSTED + n * HOUR_MS).toISOString().replace("Z", "000Z");
  const postedAt = posted.postedAt ?? at;
  const bookingDate = posted.bookingDate ?? postedAt.slice(0, 10);
  return {
    transactionId: String(FIRST_ID + n),
    type: "CREDIT_TRANSFER",
    ...NULLS,
    valueDate: bookingDate,
    ...posted,
    postedAt,
    bookingDate,
  };
}

/** The order of a statement: by time, then by id. */
function asPosted(
  a: Pick<StatementRow, "postedAt" | "transactionId">,
  b: Pick<StatementRow, "postedAt" | "transactionId">,
): number {
  if (a.postedAt !== b.postedAt) return a.postedAt < b.postedAt ? -1 : 1;
  return BigInt(a.transactionId) < BigInt(b.transactionId) ? -1 : 1;
}

function numbered(rows: readonly StatementRow[]): readonly StatementRow[] {
  return rows.map((row, index) => ({ ...row, line: index + 1 }));
}

function minor(decimal: string, currency: string): bigint {
  const amount = parseAmount(decimal, minorUnit(currency));
  if (amount === undefined) throw new Error(`${decimal} is no amount in ${currency}`);
  return amount;
}

// eslint-disable-next-line @typescript-eslint/require-await -- rows in memory need no waiting
async function* inBatches(rows: readonly StatementRow[]): AsyncGenerator<readonly StatementRow[]> {
  for (let at = 0; at < rows.length; at += BATCH_ROWS) yield rows.slice(at, at + BATCH_ROWS);
}

/** What has broken writers of XML, JSON, CSV and PDF; each goes through every text of a row. */
export const HARD_TEXTS = [
  `<Smith & "Sons"> 'O'Brien' ]]> &amp; <!-- -->`,
  "two\r\nlines,\ttab, \u00a0no-break, \u2028line separator, \u2029paragraph",
  "control \u0000\u0001\u000b\u001b\u007f\u0085 and \ufffe \uffff",
  "lone \ud83d surrogate \ude00",
  "pizza 🍕, flag 🇬🇷, family 👩‍💻",
  "Αθηναϊκή Αγορά ΐ",
  "Книжный магазин Ёё",
  "日本電力株式会社 مصرف البحرين",
  "Zoë a\u0308 Łukasz Żółć Straße",
  "=1+1",
  " leading and trailing ",
  "",
  "Long name ".repeat(50),
  `${"x".repeat(31)}🍕${"y".repeat(222)}🍕${"z".repeat(300)}`,
] as const;

/** Accounts of three scales, one without a row, a reversal, and amounts beyond a JavaScript number. */
export const ACCOUNTS: readonly AccountPosted[] = [
  {
    accountId: "acme-1",
    currency: "EUR",
    opening: "100.00",
    posted: [
      {
        amount: "-20.50",
        transactionId: "11",
        postedAt: "2025-12-31T23:00:00.000000Z",
        bookingDate: "2026-01-01",
        valueDate: "2026-01-02",
        type: "CARD_PAYMENT",
        description: 'Café "Zur Post", Köln',
        counterpartyName: "Zoë Ångström",
        counterpartyAccount: "******************3000",
        reference: "000123",
      },
      { amount: "0.25", transactionId: "9007199254740993", type: "INTEREST" },
      { amount: "0.00", type: "CARD_CHECK", counterpartyName: "Metro Market 24h" },
      {
        amount: "20.50",
        type: "REVERSAL",
        reversalOf: "11",
        postedAt: "2026-01-31T22:59:59.999999Z",
        bookingDate: "2026-01-31",
        description: "line one\r\nline two",
        counterpartyName: "Zoë Ångström",
      },
      ...HARD_TEXTS.map((text) => ({
        amount: "-1.01",
        description: text,
        counterpartyName: text,
        reference: text,
        counterpartyAccount: text,
      })),
    ],
  },
  {
    accountId: "acme-2",
    currency: "JPY",
    posted: [
      // At the same instant as the interest above, and with a smaller id.
      { amount: "1500", description: "=1+1", postedAt: "2026-01-05T09:00:00.000000Z" },
      { amount: "-1499", type: "FEE" },
    ],
  },
  {
    accountId: "acme-3",
    currency: "BHD",
    opening: "-0.007",
    posted: [
      { amount: "12345678901234567890.123", type: "CREDIT_TRANSFER" },
      { amount: "-0.005", type: "DIRECT_DEBIT" },
    ],
  },
  { accountId: "acme-4", currency: "EUR", opening: "7.00", posted: [] },
];
