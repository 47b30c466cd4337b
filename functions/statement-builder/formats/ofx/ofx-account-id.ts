/** What an account is called in OFX: by it, accounting software knows which of its own accounts is meant. */
import { createHash } from "node:crypto";
import { accountKey, type AccountTotals } from "../../../domain/money/account-totals.ts";
import type { StatementContent } from "../statement-format.ts";

/** The specification's `A-22`. */
const MAX_LENGTH = 22;
const HASH_LENGTH = 8;

/**
 * `ACCTID` of one of a customer's accounts: its id. Software keeps one currency in an account, so
 * an account of several is one account for each, `<id>-<currency>`. A longer one than OFX holds, and one that
 * is another account's own id, is the start of a SHA-256 and its own end: the same in every statement, and no
 * other account's.
 */
export function ofxAccountId(
  { accountId, currency }: AccountTotals,
  { severalCurrencies, accountIds }: Pick<StatementContent, "severalCurrencies" | "accountIds">,
): string {
  if (!severalCurrencies.has(accountId)) return fitted(accountId);
  const name = `${accountId}-${currency}`;
  const isOthers = accountIds.has(name) && !severalCurrencies.has(name);
  return isOthers ? hashed(name, accountKey(accountId, currency)) : fitted(name);
}

function fitted(id: string): string {
  return id.length <= MAX_LENGTH ? id : hashed(id, id);
}

function hashed(id: string, of: string): string {
  const hash = createHash("sha256").update(of).digest("hex").slice(0, HASH_LENGTH);
  return `${hash}-${id.slice(HASH_LENGTH + 1 - MAX_LENGTH)}`;
}
