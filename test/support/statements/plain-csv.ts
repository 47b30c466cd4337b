/** transactions.csv in plain words: what the fast lines are held to. */
import {
  accountKey,
  RunningTotals,
  type AccountBalance,
} from "../../../functions/domain/money/account-totals.ts";
import { propertyOf, ROW, USUAL_COLUMNS, type Column } from "../../../functions/domain/columns.ts";
import {
  maskAllButLastFour,
  quoteField,
  textField,
} from "../../../functions/domain/csv/csv-field.ts";
import { CSV_EOL } from "../../../functions/domain/manifest.ts";
import { formatAmount } from "../../../functions/domain/money/money.ts";
import { hasForm } from "../bank/column-forms.ts";
import type { LineBalance } from "../../../functions/statement-builder/lines/line-plan.ts";
import { invalidValue } from "../../../functions/statement-builder/lines/row-forms.ts";
import {
  exactAmount,
  instant,
  unknownAccount,
} from "../../../functions/statement-builder/source/row-values.ts";
import type { TransactionRow } from "../../../functions/statement-builder/source/transactions-sql.ts";

export function makePlainCsv(
  balances: readonly AccountBalance[],
  masked = true,
  balance: LineBalance = "bank",
  all = USUAL_COLUMNS,
) {
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
        text += plainLine(written, row, account, { masked, balance, all });
      }
      return text;
    },
    get rows() {
      return written;
    },
    totals: [...totals.values()],
  };
}

/** One line, column by column; adds the row to its account as well. */
function plainLine(
  number: number,
  row: TransactionRow,
  account: RunningTotals,
  {
    masked,
    balance,
    all,
  }: {
    readonly masked: boolean;
    readonly balance: LineBalance;
    readonly all: readonly Column[];
  },
): string {
  const amount = exactAmount(row[ROW.amount] ?? "", account);
  const own = (account.lastBalance ?? account.opening) + amount;
  const after = balance === "bank" ? exactAmount(row[ROW.balanceAfter] ?? "", account) : own;
  account.add(amount, after);
  if (balance === "none") account.lastBalance = undefined;
  const places: Readonly<Record<string, number>> = ROW;
  const columns = all.filter(({ name }) => balance !== "none" || name !== "balance_after");
  const fields = columns.map((column) => {
    if (column.name === "balance_after") return formatAmount(after, account.minorUnit);
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
    case "transaction_code":
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
