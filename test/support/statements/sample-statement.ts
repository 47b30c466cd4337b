/** A statement from rows in memory: the same arithmetic and zip as from a database. */
import { buffer } from "node:stream/consumers";
import { accountKey } from "../../../functions/domain/money/account-totals.ts";
import type { StatementSnapshot } from "../../../functions/statement-builder/source/statement-snapshot.ts";
import { ROW, USUAL_COLUMNS } from "../../../functions/domain/columns.ts";
import type { TransactionRow } from "../../../functions/statement-builder/source/transactions-sql.ts";
import { zipOf, type Asked } from "./statement.ts";
import { lentRows } from "../bank/text-protocol.ts";

export const JANUARY: Asked = {
  customerId: "acme-42",
  startDate: "2026-01-01",
  endDate: "2026-01-31",
  timeZone: "Europe/Berlin",
};

function row(
  account: readonly [accountId: string, currency: string],
  [id, at, amount, balance]: readonly [id: string, at: string, amount: string, balance: string],
  texts: readonly (string | null)[],
): TransactionRow {
  const [accountId, currency] = account;
  const day = at.slice(0, 10);
  return [accountId, id, day, at, day, "BOOK", amount, currency, balance, ...texts];
}

const EURO = ["acme-1", "EUR"] as const;
const YEN = ["acme-2", "JPY"] as const;

/** From the first instant of the period to its last microsecond. */
export const ROWS: readonly TransactionRow[] = [
  row(
    EURO,
    ["11", "2025-12-31 23:00:00.000000", "-20.5000", "79.5000"],
    ["CARD", 'Café "Zur Post", Köln', "Zoë", "DE89370400440532013000", "000123", null],
  ),
  row(
    YEN,
    ["12", "2026-01-15 10:00:00.000000", "1500.0000", "1500.0000"],
    ["TRANSFER", "=1+1", null, null, null, null],
  ),
  row(
    EURO,
    ["9007199254740993", "2026-01-15 10:00:00.000000", "0.2500", "79.7500"],
    ["INTEREST", null, null, null, null, null],
  ),
  row(
    EURO,
    ["13", "2026-01-31 22:59:59.999999", "20.5000", "100.2500"],
    ["REVERSAL", "line one\r\nline two", "Zoë", "DE89370400440532013000", null, "11"],
  ),
];

/** What other queries than that of the rows have found. */
export function snapshotOf(
  rows: readonly TransactionRow[],
  found: Partial<StatementSnapshot> = {},
): StatementSnapshot {
  return {
    asOf: Date.UTC(2026, 1, 1, 3, 4, 5, 678),
    columns: USUAL_COLUMNS,
    rows: ROWS.length,
    balances: [
      { accountId: "acme-1", currency: "EUR", opening: 10_000n, closing: 10_025n },
      { accountId: "acme-2", currency: "JPY", opening: 0n, closing: 1_500n },
      { accountId: "acme-3", currency: "BHD", opening: 7n, closing: 7n },
    ],
    // Two batches, as a large result has.
    // eslint-disable-next-line @typescript-eslint/require-await -- rows in memory need no waiting
    async *batches(account) {
      const own = rows.filter(
        (row) => !account || accountKeyOf(row) === accountKey(account.accountId, account.currency),
      );
      yield lentRows(own.slice(0, 2));
      yield lentRows(own.slice(2));
    },
    pending: () => Promise.reject(new Error("nothing pending was asked for")),
    received: () => 0,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...found,
  };
}

function accountKeyOf(row: TransactionRow): string {
  return accountKey(row[ROW.accountId] ?? "", row[ROW.currency] ?? "");
}

export async function sampleZip(snapshot = snapshotOf(ROWS)): Promise<Buffer> {
  return await buffer(zipOf(JANUARY, snapshot));
}

/** The bytes in pieces of one size, as a download brings them. */
// eslint-disable-next-line @typescript-eslint/require-await -- bytes in memory need no waiting
export async function* chunks(bytes: Uint8Array, size = 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
