/**
 * One line of transactions.csv in plain words, from values instead of bytes: the oracle of the fast
 * lines, and the way for a row that a faster writer does not know how to write.
 */
import type { RunningTotals } from "../../domain/account-totals.ts";
import { COLUMNS, propertyOf, ROW, type Column } from "../../domain/columns.ts";
import { maskAllButLastFour, quoteField, textField } from "../../domain/csv-field.ts";
import { CSV_EOL } from "../../domain/manifest.ts";
import { formatAmount } from "../../domain/money.ts";
import { exactAmount, instant } from "../source/row-values.ts";
import type { TransactionRow } from "../source/transactions-sql.ts";
import { hasForm } from "./column-forms.ts";
import { invalidValue } from "./row-forms.ts";

/** Adds the row to its account as well. @throws StatementFailure `invalid_amount`, `invalid_value` */
export function plainLine(
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
