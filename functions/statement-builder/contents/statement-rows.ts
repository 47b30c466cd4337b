/** A row of the text protocol as the row that a format is written from. */
import { COLUMNS, propertyOf, ROW, type Column } from "../../domain/columns.ts";
import { maskAllButLastFour } from "../../domain/csv/csv-field.ts";
import type { RunningTotals } from "../../domain/money/account-totals.ts";
import type { StatementRow } from "../formats/statement-format.ts";
import { regularAmount } from "../lines/byte-amounts.ts";
import { isAscii, readRow, VALUES } from "../lines/row-bytes.ts";
import type { RowReading } from "./row-texts/row-texts.ts";
import { exactAmount, instant, unknownAccount } from "../source/row-values.ts";

export interface RowReader {
  /**
   * The row at `from`, which is added to the totals of its account.
   * @param line its number
   * @throws StatementFailure `proof_mismatch`, `invalid_amount`, `invalid_value`
   */
  read(
    block: Buffer,
    from: number,
    line: number,
  ): { readonly row: StatementRow; readonly next: number };
}

/** Reads rows as what formats are written from, one after the other. */
export function makeRowReader({ accounts, masked, running }: RowReading): RowReader {
  const accountOf = findAccounts(accounts);
  const values = new RowValues();
  /** Columns that joined since: read by their kind. */
  let others: readonly OtherColumn[] | undefined;

  function rowOf(line: number): StatementRow {
    const account = accountOf(values.text(ROW.accountId), values.text(ROW.currency));
    const amount = values.amount(ROW.amount, account);
    const balanceAfter = running
      ? (account.lastBalance ?? account.opening) + amount
      : values.amount(ROW.balanceAfter, account);
    account.add(amount, balanceAfter);
    const counterpartyAccount = values.textOrNull(ROW.counterpartyAccount);
    const row = {
      minorUnit: account.minorUnit,
      line,
      accountId: account.accountId,
      transactionId: values.text(ROW.transactionId),
      bookingDate: values.text(ROW.bookingDate),
      postedAt: instant(values.text(ROW.postedAt)),
      valueDate: values.text(ROW.valueDate),
      status: values.text(ROW.status),
      creditDebit: amount < 0n ? "DBIT" : "CRDT",
      amount,
      currency: account.currency,
      balanceAfter,
      type: values.text(ROW.type),
      description: values.textOrNull(ROW.description),
      counterpartyName: values.textOrNull(ROW.counterpartyName),
      counterpartyAccount:
        counterpartyAccount !== null && masked
          ? maskAllButLastFour(counterpartyAccount)
          : counterpartyAccount,
      reference: values.textOrNull(ROW.reference),
      reversalOf: values.textOrNull(ROW.reversalOf),
      bankTransactionCode: values.textOrNull(ROW.bankTransactionCode),
    };
    others ??= columnsBeside(row);
    for (const other of others) {
      Object.assign(row, { [other.property]: valueOf(other, account) });
    }
    return row as unknown as StatementRow;
  }

  function valueOf({ column, place }: OtherColumn, account: RunningTotals) {
    const text = values.textOrNull(place);
    if (text === null && column.nullable) return null;
    if (column.kind === "amount") return values.amount(place, account);
    if (column.kind === "instant") return instant(text ?? "");
    const hidden = masked && column.kind === "text" && column.masked === true;
    return text !== null && hidden ? maskAllButLastFour(text) : (text ?? "");
  }

  return {
    read(block, from, line) {
      const next = values.read(block, from);
      return { row: rowOf(line), next };
    },
  };
}

interface OtherColumn {
  readonly column: Column;
  readonly property: string;
  readonly place: number;
}

function columnsBeside(row: object): OtherColumn[] {
  return COLUMNS.map((column) => {
    const property = propertyOf(column.name);
    const place = (ROW as Readonly<Record<string, number>>)[property] ?? -1;
    return { column, property, place };
  }).filter(({ property }) => !(property in row));
}

/** Few have more than one currency. */
function findAccounts(accounts: readonly RunningTotals[]) {
  const byId = Map.groupBy(accounts, ({ accountId }) => accountId);
  return (accountId: string, currency: string): RunningTotals => {
    const found = byId.get(accountId)?.find((one) => one.currency === currency);
    if (!found) throw unknownAccount();
    return found;
  };
}

/** The values of one row after the other; those of the row that was read last. */
class RowValues {
  readonly #starts = new Int32Array(VALUES);
  readonly #ends = new Int32Array(VALUES);
  #block: Buffer = Buffer.alloc(0);
  #begin = 0;
  /** Its bytes as so many characters: pieces of it cost a tenth of what a text of their own does. */
  #characters = "";

  /** Answers where the next row is. */
  read(block: Buffer, from: number): number {
    const next = readRow(block, from, this.#starts, this.#ends);
    this.#block = block;
    this.#begin = from;
    this.#characters = block.toString("latin1", from, next);
    return next;
  }

  text(place: number): string {
    const [from, to] = [this.#starts[place] ?? 0, this.#ends[place] ?? 0];
    if (!isAscii(this.#block, from, to)) return this.#block.toString("utf8", from, to);
    return this.#characters.slice(from - this.#begin, to - this.#begin);
  }

  /** Nothing is the same as NULL. */
  textOrNull(place: number): string | null {
    return this.text(place) || null;
  }

  amount(place: number, account: RunningTotals): bigint {
    const [from, to] = [this.#starts[place] ?? 0, this.#ends[place] ?? 0];
    const minor = regularAmount(this.#block, from, to, account.minorUnit);
    return Number.isNaN(minor) ? exactAmount(this.text(place), account) : BigInt(minor);
  }
}
