/**
 * The columns of transactions.csv and pending.csv: the one list of them. What is selected from the
 * bank's view, how a line is written, the header, transactions.jsonl, `columns` in manifest.json and
 * what the verifier reads all follow from it.
 *
 * A statement says itself which columns it has, so a column may join at the end; none is ever
 * renamed, moved or taken away.
 */

/** What a value is, and so how it is written. Published in manifest.json: a kind is never renamed. */
export type ColumnKind =
  /** A whole number. */
  | "integer"
  /** Opaque, a name and no number: compared byte by byte. */
  | "id"
  /** `YYYY-MM-DD` */
  | "date"
  /** RFC 3339 in UTC with six decimals. */
  | "instant"
  /** One of `values`. */
  | "enum"
  /** A decimal with as many digits behind the point as `minor_unit` of the row's account says. */
  | "amount"
  /** ISO 4217 code. */
  | "currency"
  /** Domain, family and sub-family of ISO 20022's external code sets: `PMNT-RCDT-ESCT`. */
  | "transaction_code"
  /** Free text, which a spreadsheet must not take for a formula. */
  | "text";

/** What a `transaction_code` is made of; which codes there are, ISO 20022 publishes every quarter. */
export const TRANSACTION_CODE = /^([A-Z]{4})-([A-Z]{4})-([A-Z]{4})$/;

/**
 * A reader meets the rows before the manifest, and has to know where a decimal comma may stand: a
 * column of amounts is known by its name.
 */
type AmountName = "amount" | "balance_after" | `${string}_amount`;

export function isAmountName(name: string): name is AmountName {
  return name === "amount" || name === "balance_after" || name.endsWith("_amount");
}

export type Column = {
  readonly name: string;
  /** The view's column; computed from others where there is none. */
  readonly sql?: string;
  /** The version of the manifest's schema that it came with. */
  readonly since: number;
  /** Nothing is NULL in the view, an empty field in a table, null in JSON. */
  readonly nullable?: true;
  /** The view need not have it: a statement has it where a setting names the view's column. */
  readonly bySetting?: true;
} & (
  | { readonly kind: "amount"; readonly name: AmountName }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  /**
   * Masked: where the installation says so, only the last four characters show. Name: it may be all digits
   * and is no number, as an id is none.
   */
  | { readonly kind: "text"; readonly masked?: true; readonly isName?: true }
  | { readonly kind: Exclude<ColumnKind, "amount" | "enum" | "text"> }
);

export const COLUMNS = [
  { name: "line", kind: "integer", since: 1 },
  { name: "account_id", kind: "id", sql: "account_id", since: 1 },
  { name: "transaction_id", kind: "id", sql: "id", since: 1 },
  { name: "booking_date", kind: "date", sql: "booking_date", since: 1 },
  { name: "posted_at", kind: "instant", sql: "posted_at", since: 1 },
  { name: "value_date", kind: "date", sql: "value_date", since: 1 },
  // ISO 20022: booked, or pending.
  { name: "status", kind: "enum", values: ["BOOK", "PDNG"], sql: "status", since: 1 },
  // Zero is a credit.
  { name: "credit_debit", kind: "enum", values: ["CRDT", "DBIT"], since: 1 },
  { name: "amount", kind: "amount", sql: "amount", since: 1 },
  { name: "currency", kind: "currency", sql: "currency", since: 1 },
  { name: "balance_after", kind: "amount", sql: "balance_after", since: 1 },
  { name: "type", kind: "text", sql: "type", since: 1 },
  { name: "description", kind: "text", sql: "description", since: 1, nullable: true },
  { name: "counterparty_name", kind: "text", sql: "counterparty_name", since: 1, nullable: true },
  {
    name: "counterparty_account",
    kind: "text",
    sql: "counterparty_account",
    since: 1,
    nullable: true,
    masked: true,
    isName: true,
  },
  { name: "reference", kind: "text", sql: "reference", since: 1, nullable: true, isName: true },
  // `transaction_id` of the transaction that this one takes back.
  { name: "reversal_of", kind: "id", sql: "reversal_of", since: 1, nullable: true },
  {
    name: "bank_transaction_code",
    kind: "transaction_code",
    sql: "bank_transaction_code",
    since: 2,
    nullable: true,
    bySetting: true,
  },
] as const satisfies readonly Column[];

type AnyColumn = (typeof COLUMNS)[number];
type SelectedColumn = Extract<AnyColumn, { readonly sql: string }>;

/** Those that every statement has. */
export const USUAL_COLUMNS: readonly Column[] = COLUMNS.filter((one) => !("bySetting" in one));
export const TRANSACTION_COLUMNS = USUAL_COLUMNS.map(({ name }) => name);
/** Which the option `decimal_comma` changes. */
export const TRANSACTION_AMOUNTS = TRANSACTION_COLUMNS.filter(isAmountName);
/** Of the bank's own making, and texts of others: which the option `ids_as_text` changes. */
export const TRANSACTION_IDS = columnsWhere(({ kind }) => kind === "id");
export const TRANSACTION_NAMES = columnsWhere((one) => one.kind === "text" && one.isName === true);
/** Those of version 1 of the manifest's schema, which need not name them. */
export const FIRST_COLUMNS = columnsUpTo(1);

function columnsUpTo(version: number): readonly string[] {
  return columnsWhere(({ since }) => since <= version);
}

function columnsWhere(isOne: (column: Column) => boolean): readonly string[] {
  const columns: readonly Column[] = COLUMNS;
  return columns.filter(isOne).map(({ name }) => name);
}

/** Those with a value of their own in the view, in the order they are selected. */
export const SELECTED_COLUMNS: readonly SelectedColumn[] = COLUMNS.filter(
  (column): column is SelectedColumn => "sql" in column,
);

type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** `account_id` as a property of a program is `accountId`. */
export function propertyOf<Name extends string>(name: Name): CamelCase<Name> {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as CamelCase<Name>;
}

/** Where each value of a selected row stands. */
export const ROW = Object.fromEntries(
  SELECTED_COLUMNS.map(({ name }, place) => [propertyOf(name), place]),
) as Readonly<Record<CamelCase<SelectedColumn["name"]>, number>>;

type ValueOf<Column> = Column extends { readonly kind: "integer" }
  ? number
  : Column extends { readonly values: readonly (infer Value)[] }
    ? Value
    : Column extends { readonly kind: "amount" }
      ? bigint
      : string;

/** The values of a row by their properties; amounts in minor units. */
export type ColumnValues = {
  readonly [Column in AnyColumn as CamelCase<Column["name"]>]: Column extends {
    readonly nullable: true;
  }
    ? ValueOf<Column> | null
    : ValueOf<Column>;
};
