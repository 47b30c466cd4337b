/** What the account view says of an account, once it is known to have its form. */
import { isDeepStrictEqual } from "node:util";
import { ACCOUNT_NAMES, isName, type AccountNames } from "../../../domain/bank-names.ts";
import { isSafeId } from "../../../domain/csv/csv-field.ts";
import { StatementFailure } from "../../../domain/failure.ts";
import { ACCOUNT_ID, accountKey } from "../../../domain/money/account-totals.ts";
import { NAMES_AT, type StatementAccount, type TransactionRow } from "../transactions-sql.ts";

const CURRENCY = /^[A-Z]{3}$/;

/**
 * One that stands there twice, as where a view joins accounts and owners, is one account if both rows say the same
 * of it.
 * @throws StatementFailure `invalid_value`: an id must be told from others, and be no formula; nobody but the bank can
 * say by which of two names an account is called.
 */
export function toAccounts(rows: readonly TransactionRow[]): readonly StatementAccount[] {
  const accounts = new Map<string, StatementAccount>();
  for (const [place, row] of rows.entries()) {
    const account = toAccount(row, place);
    const key = accountKey(account.accountId, account.currency);
    const known = accounts.get(key);
    if (known && !isDeepStrictEqual(known, account)) {
      throw new StatementFailure("invalid_value", "an account has two names", {
        detail: `row ${place + 1} of the account view has the account of another row, and other names`,
      });
    }
    accounts.set(key, account);
  }
  return [...accounts.values()];
}

/** @param place in the account view's answer, from 0 on */
function toAccount(row: TransactionRow, place: number): StatementAccount {
  const [accountId, currency] = row;
  const texts = row.slice(NAMES_AT);
  const wrong = (column: string): StatementFailure =>
    new StatementFailure("invalid_value", `${column} of an account has not its form`, {
      detail: `${column}, row ${place + 1} of the account view`,
    });
  if (!accountId || !ACCOUNT_ID.test(accountId) || !isSafeId(accountId)) throw wrong("account_id");
  // What the driver puts in the place of bytes that are not UTF-8.
  if (accountId.includes("\uFFFD")) throw wrong("account_id");
  if (!currency || !CURRENCY.test(currency)) throw wrong("currency");
  const names = toNames(texts, wrong);
  return names ? { accountId, currency, names } : { accountId, currency };
}

const IBAN = /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/;

/** Nothing is the same as NULL, and leaves no hole. */
function toNames(
  texts: readonly (string | null)[],
  wrong: (column: string) => StatementFailure,
): AccountNames | undefined {
  const names: Partial<Record<keyof AccountNames, string>> = {};
  ACCOUNT_NAMES.forEach((name, at) => {
    const text = (texts[at] ?? "").trim();
    if (text === "") return;
    const value = name === "iban" ? text.replaceAll(" ", "") : text;
    if (!(name === "iban" ? IBAN.test(value) : isName(value))) throw wrong(`the ${name}`);
    names[name] = value;
  });
  return Object.keys(names).length > 0 ? names : undefined;
}
