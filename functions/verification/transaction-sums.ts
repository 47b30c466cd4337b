/** transactions.csv against the manifest: what its rows sum up to, their order, hash and period. */
import {
  accountKey,
  balances,
  RunningTotals,
  totalsEntry,
  type TotalsEntry,
} from "../domain/account-totals.ts";
import {
  TRANSACTION_AMOUNTS,
  TRANSACTION_COLUMNS,
  TRANSACTIONS_FILE,
  type Manifest,
} from "../domain/manifest.ts";
import { minorUnit, parseAmount } from "../domain/money.ts";
import { makeSha256 } from "./sha256.ts";
import { StatementTable } from "./statement-table.ts";
import { WrongStatement } from "./wrong-statement.ts";
import type { EntrySink } from "./zip-reader.ts";

/** More than a manifest can hold. */
export const MAX_ACCOUNTS = 100_000;

/** Adds up transactions.csv; the balances come from the manifest, which is behind it in the zip. */
export class TransactionSums implements EntrySink {
  readonly #accounts = new Map<string, RunningTotals>();
  readonly #content = makeSha256();
  readonly #table = new StatementTable({
    path: TRANSACTIONS_FILE,
    columns: TRANSACTION_COLUMNS,
    amounts: TRANSACTION_AMOUNTS,
    onLine: (fields, line) => this.#add(fields, line),
    onBytes: (bytes) => this.#content.update(bytes),
  });
  #first = "";
  #last = "";

  write(bytes: Uint8Array): void {
    this.#table.write(bytes);
  }

  end(): void {
    this.#table.end();
  }

  #add(fields: readonly string[], line: number): void {
    const value = (column: TransactionColumn): string => transactionField(fields, column);
    const wrong = (what: string): WrongStatement =>
      new WrongStatement(`${TRANSACTIONS_FILE}: line ${line} ${what}`);
    if (value("line") !== String(line)) throw wrong("has another number");
    if (value("status") !== "BOOK") throw wrong("is not booked");
    const account = this.#accountOf(value("account_id"), value("currency"));
    const amount = parseAmount(value("amount"), account.minorUnit);
    const balance = parseAmount(value("balance_after"), account.minorUnit);
    if (amount === undefined || balance === undefined) throw wrong("has an amount that is none");
    if (value("credit_debit") !== (amount < 0n ? "DBIT" : "CRDT")) throw wrong("has a wrong sign");
    if (value("posted_at") < this.#last) throw wrong("is out of order");
    this.#first ||= value("posted_at");
    this.#last = value("posted_at");
    account.add(amount, balance);
  }

  #accountOf(accountId: string, currency: string): RunningTotals {
    const key = accountKey(accountId, currency);
    const known = this.#accounts.get(key);
    if (known) return known;
    if (this.#accounts.size === MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
    const added = new RunningTotals({ accountId, currency, opening: 0n, closing: 0n });
    this.#accounts.set(key, added);
    return added;
  }

  /** @throws WrongStatement */
  check(manifest: Manifest): void {
    this.#table.checkDialect(manifest);
    const rows = this.#table.lines;
    const file = manifest.files.find(({ path }) => path === TRANSACTIONS_FILE);
    if (rows !== manifest.rows || rows !== file?.rows) {
      throw new WrongStatement(`${rows} rows, and the manifest says ${manifest.rows}`);
    }
    if (this.#content.digest() !== manifest.content_sha256) {
      throw new WrongStatement("the hash of the rows differs");
    }
    const { from, to, from_epoch, to_epoch } = manifest.period;
    if (Date.parse(from) !== from_epoch * 1000 || Date.parse(to) !== to_epoch * 1000) {
      throw new WrongStatement("the period's instants and epochs differ");
    }
    if (rows > 0 && (this.#first < micros(from) || this.#last >= micros(to))) {
      throw new WrongStatement("a row lies outside of the period");
    }
    const left = new Map(this.#accounts);
    for (const entry of manifest.totals) {
      const key = accountKey(entry.account_id, entry.currency);
      checkTotals(entry, left.get(key));
      left.delete(key);
    }
    if (left.size > 0) throw new WrongStatement("rows of an account without totals");
    const accounts = manifest.totals.map(({ account_id, currency }) => ({ account_id, currency }));
    if (JSON.stringify(accounts) !== JSON.stringify(manifest.accounts)) {
      throw new WrongStatement("the manifest's accounts are not those of its totals");
    }
  }
}

type TransactionColumn = (typeof TRANSACTION_COLUMNS)[number];

/** A field of a line of transactions.csv or pending.csv. */
export function transactionField(fields: readonly string[], column: TransactionColumn): string {
  return fields[TRANSACTION_COLUMNS.indexOf(column)] ?? "";
}

/** The manifest's totals against the sums of the rows, and its balances against both. */
function checkTotals(entry: TotalsEntry, rows: RunningTotals | undefined): void {
  const wrong = new WrongStatement("the totals of an account do not follow from its rows");
  const { account_id: accountId, currency } = entry;
  // Not the entry's own: its padding would be as long as a forger likes.
  const scale = minorUnit(currency);
  const opening = parseAmount(entry.opening, scale);
  const closing = parseAmount(entry.closing, scale);
  if (opening === undefined || closing === undefined) throw wrong;
  const totals = new RunningTotals({ accountId, currency, opening, closing });
  if (rows) {
    totals.creditCount = rows.creditCount;
    totals.creditSum = rows.creditSum;
    totals.debitCount = rows.debitCount;
    totals.debitSum = rows.debitSum;
    totals.lastBalance = rows.lastBalance;
  }
  if (JSON.stringify(totalsEntry(totals)) !== JSON.stringify(entry)) throw wrong;
  if (!balances(totals)) throw new WrongStatement("an account's opening and closing do not agree");
}

/** RFC 3339 with six decimals, as transactions.csv has it, so that texts compare as instants do. */
function micros(millis: string): string {
  return millis.replace("Z", "000Z");
}
