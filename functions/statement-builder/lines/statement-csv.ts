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
} from "../../domain/money/account-totals.ts";
import { USUAL_COLUMNS } from "../../domain/columns.ts";
import { quoteField } from "../../domain/csv/csv-field.ts";
import { BALANCE_COLUMNS, CSV_EOL } from "../../domain/manifest.ts";
import type { LentBlock } from "../memory/lent-block.ts";
import type { RowBatch } from "../source/row-stream.ts";
import { linePlan, type LineBalance } from "./line-plan.ts";
import { makeRowLines } from "./row-lines/row-lines.ts";

/** The first line of a table of these columns. */
export function headerOf(columns: readonly string[]): string {
  return columns.join(",") + CSV_EOL;
}

export interface TransactionsCsv {
  /** Names of its columns, in their order. */
  readonly columns: readonly string[];
  /** Lines of a batch of rows, which is given back, numbered on from the batch before. */
  lines(rows: RowBatch): LentBlock;
  readonly rows: number;
  /** In the order of the balances given. */
  readonly totals: readonly AccountTotals[];
}

/**
 * @param masked whether only the last four characters of a counterparty's account show
 * @param columns that the statement has
 * @throws StatementFailure `invalid_value`, `invalid_amount`, `proof_mismatch` from `lines`.
 */
export function makeTransactionsCsv(
  balances: readonly AccountBalance[],
  masked = true,
  balance: LineBalance = "bank",
  columns = USUAL_COLUMNS,
): TransactionsCsv {
  const byAccount = new Map(
    balances.map((one) => [accountKey(one.accountId, one.currency), new RunningTotals(one)]),
  );
  const totals = [...byAccount.values()];
  const rowLines = makeRowLines(totals, masked, balance, columns);
  let written = 0;
  return {
    columns: linePlan(masked, balance, columns).columns.map(({ name }) => name),
    lines(batch) {
      const { lines, rows } = rowLines.format(batch.bytes, written + 1);
      batch.release();
      written += rows;
      return lines;
    },
    get rows() {
      return written;
    },
    totals,
  };
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
