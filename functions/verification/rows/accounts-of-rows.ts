/** The accounts that rows are of, each made of its first row, whose scale is that of all. */
import { accountKey } from "../../domain/money/account-totals.ts";
import type { Manifest } from "../../domain/manifest.ts";
import { MAX_ACCOUNTS } from "../limits.ts";
import { WrongStatement } from "../wrong-statement.ts";

type Totals = Manifest["totals"][number];

export class AccountsOfRows<T> {
  readonly #accounts = new Map<string, T>();
  readonly #make: (accountId: string, currency: string, scale: number) => T;

  constructor(make: (accountId: string, currency: string, scale: number) => T) {
    this.#make = make;
  }

  /** @throws WrongStatement of more accounts than a statement has */
  of(accountId: string, currency: string, scale: number): T {
    const key = accountKey(accountId, currency);
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    if (this.#accounts.size === MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
    const added = this.#make(accountId, currency, scale);
    this.#accounts.set(key, added);
    return added;
  }

  /** That of the manifest's totals; undefined where no row is of it. */
  at({ account_id, currency }: Totals): T | undefined {
    return this.#accounts.get(accountKey(account_id, currency));
  }

  /** @throws WrongStatement of rows that are of none of them, and what `check` throws */
  check({ totals }: Manifest, check: (entry: Totals, account: T | undefined) => void): void {
    const left = new Set(this.#accounts.keys());
    for (const entry of totals) {
      check(entry, this.at(entry));
      left.delete(accountKey(entry.account_id, entry.currency));
    }
    if (left.size > 0) throw new WrongStatement("rows of an account without totals");
  }
}
