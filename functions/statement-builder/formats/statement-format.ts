/**
 * What a further format of a statement is made from, and what it gives. Each format is a pass of its
 * own over the snapshot of the CSV's pass, and is proved again; nothing is kept on disk or in memory.
 */
import type { AccountTotals } from "../../domain/money/account-totals.ts";
import type { Column, ColumnValues } from "../../domain/columns.ts";
import type { Language } from "../../domain/statement-options.ts";
import type { StatementFacts } from "../../domain/statement-facts.ts";
import type { RowTemplate } from "./row-template.ts";

/**
 * A booked transaction by its columns, with texts as the bank has them: each format escapes for
 * itself. `line` counts from 1, within one account's rows as well; amounts are minor units, a credit
 * is positive; `counterpartyAccount` is masked as in transactions.csv.
 */
export type StatementRow = ColumnValues & {
  /** Digits behind the point. */
  readonly minorUnit: number;
};

/** Rows of a statement, one behind the other. Each comes once, in whichever way it is asked for. */
export interface Rows extends Iterable<StatementRow> {
  /**
   * Where they are at hand as bytes: what the template has for each row, and what `plain` has where it cannot
   * say. Bytes are good until the next are asked for, here or anywhere.
   */
  written?(template: RowTemplate, plain: (row: StatementRow) => string): Iterable<string | Buffer>;
}

export interface StatementContent {
  readonly facts: StatementFacts;
  readonly language: Language;
  /** Instant of the snapshot, milliseconds since the epoch. */
  readonly asOf: number;
  /** Whether it is of one of the statement's accounts and currencies alone. */
  readonly isPart: boolean;
  /** Of transactions.csv. */
  readonly columns: readonly Column[];
  /** How many rows there are in its accounts. */
  readonly rows: number;
  /** Of its accounts: proved by the pass that wrote transactions.csv, in their order. */
  readonly totals: readonly AccountTotals[];
  /** Ids of the accounts that the statement has in more than one currency. */
  readonly severalCurrencies: ReadonlySet<string>;
  /** Ids of all accounts of the statement, those of other parts too. */
  readonly accountIds: ReadonlySet<string>;
  /**
   * Every row in the order of transactions.csv, in batches, each good until the next one.
   * At the end the rows were proved to be those of `rows` and `totals`.
   * @throws StatementFailure `proof_mismatch` in the place of the end
   */
  allRows(): AsyncIterable<Rows>;
  /** The rows of one account and currency, in the order they were posted; proved like all rows. */
  rowsOf(account: AccountTotals): AsyncIterable<Rows>;
}

export interface StatementFormat {
  /** The entry's name in the zip, where it has all accounts. */
  readonly path: string;
  readonly mediaType: string;
  /** Whether manifest.json says how many rows the file holds. */
  readonly isTable: boolean;
  /** The file's bytes. The same content gives the same bytes. */
  write(content: StatementContent): AsyncIterable<Buffer>;
}
