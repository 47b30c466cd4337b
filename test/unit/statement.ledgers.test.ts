/**
 * Points 1, 7 and 8 for any ledger, on both paths from rows to lines: opening + credits − debits is
 * closing, for another reader as well, and a row that was lost, doubled or altered is seen.
 */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { balances, type AccountBalance } from "../../functions/domain/money/account-totals.ts";
import {
  balancesCsv,
  makeTransactionsCsv,
  headerOf,
} from "../../functions/statement-builder/lines/statement-csv.ts";
import { ROW, TRANSACTION_COLUMNS } from "../../functions/domain/columns.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";
import { makePlainCsv } from "../support/statements/plain-csv.ts";
import { lentRows } from "../support/bank/text-protocol.ts";

/** One account id in two currencies, and ids that only a right separator keeps apart. */
const ACCOUNTS = [
  { accountId: "a1", currency: "EUR", scale: 2 },
  { accountId: "a1", currency: "JPY", scale: 0 },
  { accountId: 'a,"1', currency: "BHD", scale: 3 },
  { accountId: "a1E", currency: "CLF", scale: 4 },
] as const;

/** Both ways from rows to lines; each takes the rows and answers the lines. */
const PATHS = [
  [
    "as values",
    (found: readonly AccountBalance[]) => {
      const csv = makePlainCsv(found);
      return { csv, write: (rows: readonly TransactionRow[]) => csv.lines(rows) };
    },
  ],
  [
    "as bytes",
    (found: readonly AccountBalance[]) => {
      const csv = makeTransactionsCsv(found);
      return {
        csv,
        write: (rows: readonly TransactionRow[]) => String(csv.lines(lentRows(rows)).bytes),
      };
    },
  ],
] as const;

/** Minor units: what people spend, what banks move, and what no double holds. */
const minor = fc.oneof(
  fc.bigInt({ min: -100_000n, max: 100_000n }),
  fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
  fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }),
  fc.constant(0n),
);

interface Ledger {
  readonly openings: readonly bigint[];
  readonly entries: readonly (readonly [account: number, amount: bigint])[];
}

const ledger: fc.Arbitrary<Ledger> = fc.record({
  openings: fc.tuple(...ACCOUNTS.map(() => minor)),
  entries: fc.array(fc.tuple(fc.nat({ max: ACCOUNTS.length - 1 }), minor), { maxLength: 60 }),
});

/** DECIMAL(23,4) as the server writes it. */
function column(amount: bigint, scale: number): string {
  const digits = String((amount < 0n ? -amount : amount) * 10n ** BigInt(4 - scale));
  const padded = digits.padStart(5, "0");
  return `${amount < 0n ? "-" : ""}${padded.slice(0, -4)}.${padded.slice(-4)}`;
}

/** As a bank keeps it: each row with the balance behind it. */
function bookkeeping({ openings, entries }: Ledger) {
  const running = [...openings];
  const rows = entries.map(([index, amount], i): TransactionRow => {
    const { accountId, currency, scale } = ACCOUNTS[index] ?? ACCOUNTS[0];
    const balance = (running[index] ?? 0n) + amount;
    running[index] = balance;
    return [
      accountId,
      String(i + 1),
      "2025-01-02",
      "2025-01-02 10:00:00.000000",
      "2025-01-02",
      "BOOK",
      column(amount, scale),
      currency,
      column(balance, scale),
      "CARD",
      null,
      null,
      null,
      null,
      null,
    ];
  });
  const found = ACCOUNTS.map(({ accountId, currency }, i): AccountBalance => ({
    accountId,
    currency,
    opening: openings[i] ?? 0n,
    closing: running[i] ?? 0n,
  }));
  return { rows, found };
}

/** In ten-thousandths, whatever the currency; by another way than the product's. */
function units(decimal: string | undefined): bigint {
  const [whole = "", fraction = ""] = (decimal ?? "").split(".");
  return BigInt(whole + fraction.padEnd(4, "0"));
}

function records(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true, record_delimiter: "\r\n" });
}

/** What stands in a row's place when something went wrong. */
const SPOIL = {
  lost: () => [],
  doubled: (row: TransactionRow) => [row, row],
  "another amount": (row: TransactionRow, scale: number) => [more(row, ROW.amount, scale)],
  "another balance at the end": (row: TransactionRow, scale: number) => [
    more(row, ROW.balanceAfter, scale),
  ],
};
const WAYS = Object.keys(SPOIL) as (keyof typeof SPOIL)[];

/** One minor unit more in a column. */
function more(row: TransactionRow, at: number, scale: number): TransactionRow {
  return row.with(at, column(units(row[at] ?? "") / 10n ** BigInt(4 - scale) + 1n, scale));
}

describe.each(PATHS)("rows %s", (_, open) => {
  test("what the tables say adds up, read and summed by others", () => {
    fc.assert(
      fc.property(ledger, (sample) => {
        const { rows, found } = bookkeeping(sample);
        const { csv, write } = open(found);
        const written = records(headerOf(TRANSACTION_COLUMNS) + write(rows));
        const table = records(balancesCsv(csv.totals).toString());
        expect(written).toHaveLength(rows.length);
        expect(csv.totals.every(balances)).toBe(true);
        ACCOUNTS.forEach(({ accountId, currency, scale }, i) => {
          const own = written.filter(
            (row) => row["account_id"] === accountId && row["currency"] === currency,
          );
          const sum = (side: string): bigint =>
            own
              .filter((row) => row["credit_debit"] === side)
              .reduce((total, row) => total + units(row["amount"]), 0n);
          const says = table[i] ?? {};
          expect([says["account_id"], says["currency"]]).toEqual([accountId, currency]);
          expect(units(says["credit_sum"])).toBe(sum("CRDT"));
          expect(units(says["debit_sum"])).toBe(-sum("DBIT"));
          expect(units(says["net"])).toBe(sum("CRDT") + sum("DBIT"));
          expect(units(says["opening"]) + units(says["net"])).toBe(units(says["closing"]));
          expect(says["opening"]).toMatch(new RegExp(`^-?\\d+${scale ? `\\.\\d{${scale}}` : ""}$`));
          expect(Number(says["credit_count"]) + Number(says["debit_count"])).toBe(own.length);
          expect(units(own.at(-1)?.["balance_after"] ?? says["opening"])).toBe(
            units(says["closing"]),
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  test("a row lost, doubled or altered leaves another count, or balances that do not agree", () => {
    const spoiled = fc.tuple(
      ledger.filter(({ entries }) => entries.length > 0),
      fc.nat(),
      fc.constantFrom(...WAYS),
    );
    fc.assert(
      fc.property(spoiled, ([sample, at, how]) => {
        const { rows, found } = bookkeeping(sample);
        const index = how === "another balance at the end" ? rows.length - 1 : at % rows.length;
        const { scale } = ACCOUNTS[sample.entries[index]?.[0] ?? 0] ?? ACCOUNTS[0];
        const instead = SPOIL[how](rows[index] ?? [], scale);
        const { csv, write } = open(found);
        write(rows.toSpliced(index, 1, ...instead));
        expect(csv.rows === rows.length && csv.totals.every(balances)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
