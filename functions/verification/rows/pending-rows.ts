/**
 * pending.csv against the manifest. Its rows are in no sum, so nothing else proves them: each is of an account of
 * the statement, in that one's scale, on the side of its sign, and they are in order and of the period.
 */
import { isAmountName } from "../../domain/columns.ts";
import { PENDING_FILE, type Manifest } from "../../domain/manifest.ts";
import { AccountsOfRows } from "./accounts-of-rows.ts";
import { amountAt, scaleOf, sideOf } from "./row-amount.ts";
import { RowOrder } from "./row-order.ts";
import { pendingColumnsOf } from "../statement-columns.ts";
import { StatementTable } from "../statement-table.ts";
import { WrongStatement } from "../wrong-statement.ts";
import type { EntrySink } from "../zip/zip-reader.ts";

const READ_COLUMNS = [
  "line",
  "status",
  "account_id",
  "currency",
  "credit_debit",
  "amount",
  "posted_at",
  "booking_date",
];

export class PendingRows implements EntrySink {
  readonly #table = new StatementTable({
    path: PENDING_FILE,
    columns: READ_COLUMNS,
    isAmount: isAmountName,
    onLine: (fields, line) => this.#add(fields, line),
  });
  readonly #scales = new AccountsOfRows((_accountId, _currency, scale) => scale);
  readonly #order = new RowOrder(PENDING_FILE);

  write(bytes: Uint8Array): void {
    this.#table.write(bytes);
  }

  end(): void {
    this.#table.end();
  }

  #add(fields: readonly string[], number: number): void {
    const [line = "", status, accountId = "", currency = "", side, decimal = ""] = fields;
    const [postedAt = "", bookedOn = ""] = fields.slice(6);
    const wrong = (what: string): WrongStatement =>
      new WrongStatement(`${PENDING_FILE}: line ${number} ${what}`);
    if (line !== String(number) || status !== "PDNG") throw wrong("is not a pending one");
    const scale = this.#scales.of(accountId, currency, scaleOf(decimal));
    this.#order.add(bookedOn, postedAt, number);
    const amount = amountAt(decimal, scale);
    if (amount === undefined) throw wrong("has an invalid amount");
    if (side !== sideOf(amount)) throw wrong("has a wrong sign");
  }

  /** @throws WrongStatement */
  check(manifest: Manifest): void {
    const rows = manifest.files.find(({ path }) => path === PENDING_FILE)?.rows;
    if (manifest.pending_included !== (rows !== undefined)) {
      throw new WrongStatement(`${PENDING_FILE} and the manifest's options differ`);
    }
    if (rows === undefined) return;
    this.#table.checkColumns(pendingColumnsOf(manifest, this.#table.columns));
    this.#table.checkDialect(manifest);
    this.#table.checkForms(manifest);
    if (this.#table.lines !== rows) throw new WrongStatement(`${PENDING_FILE} has other rows`);
    this.#order.check(manifest);
    this.#scales.check(manifest, ({ minor_unit }, scale = minor_unit) => {
      if (scale !== minor_unit) {
        throw new WrongStatement("the rows of an account have another scale than its totals");
      }
    });
  }
}
