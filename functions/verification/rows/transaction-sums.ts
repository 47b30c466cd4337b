/** transactions.csv against the manifest: what its rows sum up to, their order, hash and period. */
import {
  accountKey,
  balances,
  RunningTotals,
  totalsEntry,
  type TotalsEntry,
} from "../../domain/money/account-totals.ts";
import { isAmountName } from "../../domain/columns.ts";
import { TRANSACTIONS_FILE, type Manifest } from "../../domain/manifest.ts";
import { parseAmount } from "../../domain/money/money.ts";
import { AccountsOfRows } from "./accounts-of-rows.ts";
import { amountAt, scaleOf, sideOf } from "./row-amount.ts";
import { RowOrder } from "./row-order.ts";
import { columnsOf } from "../statement-columns.ts";
import { makeSha256 } from "../sha256.ts";
import { StatementTable } from "../statement-table.ts";
import { WrongStatement } from "../wrong-statement.ts";
import type { EntrySink } from "../zip/zip-reader.ts";

/** Those that say something which can be proved; a statement may have any others beside them. */
const READ_COLUMNS = [
  "line",
  "status",
  "account_id",
  "currency",
  "credit_debit",
  "amount",
  "balance_after",
  "posted_at",
  "booking_date",
];

/** Adds up transactions.csv; the balances come from the manifest, which is behind it in the zip. */
export class TransactionSums implements EntrySink {
  readonly #accounts = new AccountsOfRows(
    (accountId, currency, scale) =>
      new RunningTotals({ accountId, currency, opening: 0n, closing: 0n }, scale),
  );
  readonly #content = makeSha256();
  readonly #table = new StatementTable({
    path: TRANSACTIONS_FILE,
    columns: READ_COLUMNS,
    isAmount: isAmountName,
    onLine: (fields, line) => this.#add(fields, line),
    onBytes: (bytes) => this.#content.update(bytes),
  });
  readonly #order = new RowOrder(TRANSACTIONS_FILE);
  /** The first row that does not follow from the rows of its account before it. */
  #unchained = 0;
  /** Of each account, in front of its first row. */
  readonly #before = new Map<RunningTotals, bigint>();

  write(bytes: Uint8Array): void {
    this.#table.write(bytes);
  }

  end(): void {
    this.#table.end();
  }

  #add(fields: readonly string[], number: number): void {
    const [line = "", status, accountId = "", currency = "", ...proved] = fields;
    const [side, decimal = "", balanceAfter = "", postedAt = "", bookedOn = ""] = proved;
    const wrong = (what: string): WrongStatement =>
      new WrongStatement(`${TRANSACTIONS_FILE}: line ${number} ${what}`);
    if (line !== String(number)) throw wrong("has the wrong number in its column `line`");
    if (status !== "BOOK") throw wrong("is not booked");
    const account = this.#accounts.of(accountId, currency, scaleOf(decimal));
    const amount = amountAt(decimal, account.minorUnit);
    const balance = amountAt(balanceAfter, account.minorUnit);
    if (amount === undefined || balance === undefined) throw wrong("has an invalid amount");
    if (side !== sideOf(amount)) throw wrong("has a wrong sign");
    this.#order.add(bookedOn, postedAt, number);
    if (account.lastBalance === undefined) this.#before.set(account, balance - amount);
    else if (account.lastBalance + amount !== balance) this.#unchained ||= number;
    account.add(amount, balance);
  }

  /** By booking dates the balances are the statement's own: each follows from those before. */
  #checkBooked({ totals }: Manifest): void {
    if (this.#unchained > 0) {
      const message = `${TRANSACTIONS_FILE}: line ${this.#unchained} does not lead on from the balance before it`;
      throw new WrongStatement(message);
    }
    for (const entry of totals) {
      const account = this.#accounts.at(entry);
      const before = account && this.#before.get(account);
      if (before === undefined || before === parseAmount(entry.opening, entry.minor_unit)) continue;
      throw new WrongStatement("the first balance of an account does not follow from its opening");
    }
  }

  /** @throws WrongStatement */
  check(manifest: Manifest): void {
    this.#table.checkColumns(columnsOf(manifest));
    this.#table.checkDialect(manifest);
    this.#table.checkForms(manifest);
    const rows = this.#table.lines;
    const file = manifest.files.find(({ path }) => path === TRANSACTIONS_FILE);
    if (rows !== manifest.rows || rows !== file?.rows) {
      throw new WrongStatement(`${rows} rows, and the manifest says ${manifest.rows}`);
    }
    if (this.#content.digest() !== manifest.content_sha256) {
      throw new WrongStatement("the hash of the rows differs");
    }
    const { from, to, from_epoch, to_epoch, basis } = manifest.period;
    if (Date.parse(from) !== from_epoch * 1000 || Date.parse(to) !== to_epoch * 1000) {
      throw new WrongStatement("the period's instants and epochs differ");
    }
    this.#order.check(manifest);
    if (basis === "booking_date") this.#checkBooked(manifest);
    this.#accounts.check(manifest, checkTotals);
    const named = (one: { readonly account_id: string; readonly currency: string }): string =>
      accountKey(one.account_id, one.currency);
    if (manifest.accounts.map(named).join() !== manifest.totals.map(named).join()) {
      throw new WrongStatement("the manifest's accounts are not those of its totals");
    }
  }
}

/** The manifest's totals against the sums of the rows, and its balances against both. */
function checkTotals(entry: TotalsEntry, rows: RunningTotals | undefined): void {
  const wrong = new WrongStatement("the totals of an account do not follow from its rows");
  const { account_id: accountId, currency, minor_unit: scale } = entry;
  if (rows && rows.minorUnit !== scale) throw wrong;
  const opening = parseAmount(entry.opening, scale);
  const closing = parseAmount(entry.closing, scale);
  if (opening === undefined || closing === undefined) throw wrong;
  const totals = new RunningTotals({ accountId, currency, opening, closing }, scale);
  if (rows) {
    totals.creditCount = rows.creditCount;
    totals.creditSum = rows.creditSum;
    totals.debitCount = rows.debitCount;
    totals.debitSum = rows.debitSum;
    totals.lastBalance = rows.lastBalance;
  }
  if (!saysAll(totalsEntry(totals), entry)) throw wrong;
  if (!balances(totals)) throw new WrongStatement("an account's opening and closing do not agree");
}

/** Whether every field is there with the same value; a later version may have said more. */
function saysAll(expected: object, found: object): boolean {
  return Object.entries(expected).every(([name, value]: [string, unknown]) => {
    const other: unknown = Reflect.get(found, name);
    if (typeof value !== "object" || value === null) return value === other;
    return typeof other === "object" && other !== null && saysAll(value, other);
  });
}
