/**
 * `transactions.csv` and `balances.csv`: RFC 4180, UTF-8, CRLF. While rows become bytes their
 * amounts are summed per account and currency, for the proof.
 */
import {
  accountKey,
  RunningTotals,
  totalsEntry,
  type AccountBalance,
  type AccountTotals,
} from "../../domain/account-totals.ts";
import { maskAllButLastFour, quoteField, textField } from "../../domain/csv-field.ts";
import {
  COLUMNS,
  propertyOf,
  ROW,
  TRANSACTION_COLUMNS,
  type Column,
} from "../../domain/columns.ts";
import { BALANCE_COLUMNS, CSV_EOL } from "../../domain/manifest.ts";
import { formatAmount } from "../../domain/money.ts";
import { hasForm } from "./column-forms.ts";
import { invalidValue } from "./row-forms.ts";
import { makeRowLines } from "./row-lines/row-lines.ts";
import type { RowBatch } from "../source/row-stream.ts";
import { exactAmount, instant, unknownAccount } from "../source/row-values.ts";
import type { TransactionRow } from "../source/transactions-sql.ts";

export const TRANSACTIONS_HEADER = TRANSACTION_COLUMNS.join(",") + CSV_EOL;

export interface TransactionsCsv {
  /** Lines of a batch of rows, numbered on from the batch before. */
  lines(rows: RowBatch): Buffer;
  /** Takes lines back that nobody reads any more: their memory is used again. */
  recycle(lines: Buffer): void;
  readonly rows: number;
  /** In the order of the balances given. */
  readonly totals: readonly AccountTotals[];
}

/**
 * @param masked whether only the last four characters of a counterparty's account show
 * @throws StatementFailure `invalid_amount`, `proof_mismatch` from `lines`.
 */
export function makeTransactionsCsv(
  balances: readonly AccountBalance[],
  masked = true,
): TransactionsCsv {
  const totals = new Map(
    balances.map((one) => [accountKey(one.accountId, one.currency), new RunningTotals(one)]),
  );
  const byteLines = makeRowLines([...totals.values()], masked);
  let written = 0;
  return {
    lines(batch) {
      if (Buffer.isBuffer(batch)) {
        const { lines, rows } = byteLines.format(batch, written + 1);
        written += rows;
        return lines;
      }
      let text = "";
      for (const row of batch) {
        written += 1;
        text += line(written, row, accountOf(row, totals), masked);
      }
      return Buffer.from(text);
    },
    recycle: (lines) => byteLines.recycle(lines),
    get rows() {
      return written;
    },
    totals: [...totals.values()],
  };
}

function accountOf(row: TransactionRow, totals: ReadonlyMap<string, RunningTotals>): RunningTotals {
  const account = totals.get(accountKey(row[ROW.accountId] ?? "", row[ROW.currency] ?? ""));
  if (account) return account;
  throw unknownAccount();
}

/** One line, column by column. */
function line(
  number: number,
  row: TransactionRow,
  account: RunningTotals,
  masked: boolean,
): string {
  const amount = exactAmount(row[ROW.amount] ?? "", account);
  account.add(amount, exactAmount(row[ROW.balanceAfter] ?? "", account));
  const places: Readonly<Record<string, number>> = ROW;
  const fields = COLUMNS.map((column) => {
    if (column.name === "line") return String(number);
    if (column.name === "credit_debit") return amount < 0n ? "DBIT" : "CRDT";
    return field(column, row[places[propertyOf(column.name)] ?? -1] ?? "", account, masked);
  });
  return fields.join(",") + CSV_EOL;
}

function field(column: Column, value: string, account: RunningTotals, masked: boolean): string {
  if (!hasForm(column, value)) throw invalidValue(column.name, `${column.name} has not its form`);
  switch (column.kind) {
    case "integer":
    case "date":
    case "enum":
      return value;
    case "id":
    case "currency":
      return quoteField(value);
    case "instant":
      return instant(value);
    case "amount":
      if (column.nullable && value === "") return "";
      return formatAmount(exactAmount(value, account), account.minorUnit);
    case "text":
      return textField(masked && column.masked ? maskAllButLastFour(value) : value);
  }
}

export function balancesCsv(totals: readonly AccountTotals[]): Buffer {
  const lines = totals.map((one) => {
    const { account_id, currency, opening, credits, debits, net, closing } = totalsEntry(one);
    return [
      quoteField(account_id),
      quoteField(currency),
      opening,
      credits.count,
      credits.sum,
      debits.count,
      debits.sum,
      net,
      closing,
    ].join(",");
  });
  return Buffer.from([BALANCE_COLUMNS.join(","), ...lines, ""].join(CSV_EOL));
}
