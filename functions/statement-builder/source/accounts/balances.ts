/** Balances of accounts from what the server answers, whichever order of rows they follow. */
import type { AccountBalance } from "../../../domain/money/account-totals.ts";
import { StatementFailure } from "../../../domain/failure.ts";
import { exactAmount, scaleOf } from "../row-values.ts";
import type { SqlText } from "../session/snapshot-connection.ts";
import type {
  StatementAccount,
  StatementQuery,
  StatementSql,
  TransactionRow,
} from "../transactions-sql.ts";

/** What stands behind the position in each row, by that. */
export function byPosition(rows: readonly TransactionRow[]): ReadonlyMap<number, TransactionRow> {
  return new Map(rows.map(([position, ...rest]) => [Number(position), rest]));
}

/** What the server answers of an account: on each side a balance, and what is to be taken away from it. */
export interface AnsweredBalance {
  readonly opening?: TransactionRow | undefined;
  readonly closing?: TransactionRow | undefined;
}

/**
 * An account without a booked row before a boundary has a balance of nothing.
 *
 * @param answered of each account, in the order of the account view
 * @throws StatementFailure `invalid_amount`, `invalid_value`
 */
export function toBalances(
  accounts: readonly StatementAccount[],
  answered: readonly AnsweredBalance[],
): readonly AccountBalance[] {
  const scales = scalesOf(accounts, answered);
  return accounts.map((account, n) => {
    const scaled = { ...account, minorUnit: scales.get(account.currency) ?? 0 };
    return toBalance(scaled, answered[n] ?? {}, n + 1);
  });
}

/** By currency, the same in all its accounts: where only the view's decimals say it, an account without rows says nothing. */
function scalesOf(
  accounts: readonly StatementAccount[],
  answered: readonly AnsweredBalance[],
): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  for (const [n, account] of accounts.entries()) {
    const { opening = [], closing = [] } = answered[n] ?? {};
    const texts = [...opening, ...closing].map((text) => text ?? "0");
    const known = scales.get(account.currency) ?? 0;
    scales.set(account.currency, Math.max(known, scaleOf(account, texts)));
  }
  return scales;
}

/** @param row where the account stands in the account view, from 1 on, to be told by */
function toBalance(
  account: StatementAccount & { readonly minorUnit: number },
  { opening = [], closing = [] }: AnsweredBalance,
  row: number,
): AccountBalance {
  const amount = ([balance, more]: TransactionRow) =>
    exactAmount(balance ?? "0", account) - exactAmount(more ?? "0", account);
  try {
    return { ...account, opening: amount(opening), closing: amount(closing) };
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    const detail = `balance_after of the account in row ${row} of the account view`;
    throw new StatementFailure(error.code, error.message, { cause: error, detail });
  }
}

/** By posted times. At least one account. @throws what `run` throws */
export async function readPostedBalances(
  run: (query: SqlText) => Promise<readonly TransactionRow[]>,
  sql: StatementSql,
  query: StatementQuery,
  accounts: readonly StatementAccount[],
): Promise<readonly AnsweredBalance[]> {
  const found = byPosition(await run(sql.balances(query, accounts)));
  return accounts.map((_, position) => {
    const [opening = null, closing = null] = found.get(position) ?? [];
    return { opening: [opening], closing: [closing] };
  });
}
