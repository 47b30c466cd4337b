/** transactions.csv in plain words: what the fast lines are held to. */
import {
  accountKey,
  RunningTotals,
  type AccountBalance,
} from "../../functions/domain/account-totals.ts";
import { ROW } from "../../functions/domain/columns.ts";
import { plainLine } from "../../functions/statement-builder/lines/plain-line.ts";
import { unknownAccount } from "../../functions/statement-builder/source/row-values.ts";
import type { TransactionRow } from "../../functions/statement-builder/source/transactions-sql.ts";

export function makePlainCsv(balances: readonly AccountBalance[], masked = true) {
  const totals = new Map(
    balances.map((one) => [accountKey(one.accountId, one.currency), new RunningTotals(one)]),
  );
  let written = 0;
  return {
    lines(rows: readonly TransactionRow[]): string {
      let text = "";
      for (const row of rows) {
        const account = totals.get(accountKey(row[ROW.accountId] ?? "", row[ROW.currency] ?? ""));
        if (!account) throw unknownAccount();
        written += 1;
        text += plainLine(written, row, account, masked);
      }
      return text;
    },
    get rows() {
      return written;
    },
    totals: [...totals.values()],
  };
}
