/** What the account view says of an account, once it is known to have its form. */
import { ACCOUNT_NAMES, isName, type AccountNames } from "../../../domain/bank-names.ts";
import { isSafeId } from "../../../domain/csv/csv-field.ts";
import { StatementFailure } from "../../../domain/failure.ts";
import { ACCOUNT_ID } from "../../../domain/money/account-totals.ts";
import { NAMES_AT, type StatementAccount, type TransactionRow } from "../transactions-sql.ts";

const CURRENCY = /^[A-Z]{3}$/;

/**
 * @param place in the account view's answer, from 0 on
 * @throws StatementFailure `invalid_value`: an id must be told from others, and be no formula.
 */
export function toAccount(row: TransactionRow, place: number): StatementAccount {
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
