/** Balances of accounts from what the server answers, whichever order of rows they follow. */
import type { AccountBalance } from "../../domain/account-totals.ts";
import { exactAmount, scaleOf } from "./row-values.ts";
import type { StatementAccount, TransactionRow } from "./transactions-sql.ts";

/** What stands behind the position in each row, by that. */
export function byPosition(rows: readonly TransactionRow[]): ReadonlyMap<number, TransactionRow> {
  return new Map(rows.map(([position, ...rest]) => [Number(position), rest]));
}

/**
 * Of each side a balance and what is to be taken away from it. An account without a booked row before
 * a boundary has a balance of nothing.
 *
 * @throws StatementFailure `invalid_amount`, `invalid_value`
 */
export function toBalance(
  account: StatementAccount,
  opening: TransactionRow = [],
  closing: TransactionRow = [],
): AccountBalance {
  const texts = [...opening, ...closing].map((text) => text ?? "0");
  const scaled = { ...account, minorUnit: scaleOf(account, texts) };
  const amount = ([balance, more]: TransactionRow) =>
    exactAmount(balance ?? "0", scaled) - exactAmount(more ?? "0", scaled);
  return { ...scaled, opening: amount(opening), closing: amount(closing) };
}
