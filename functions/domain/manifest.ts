/**
 * `manifest.json`: what a statement holds and how it was proved. Amounts are decimal strings at
 * the currency's scale, hashes SHA-256 in lower-case hex, times RFC 3339 in UTC with milliseconds.
 */
import type { TotalsEntry } from "./money/account-totals.ts";
import type { AccountNames } from "./bank-names.ts";
import type { Delimiter } from "./csv/csv-dialect.ts";
import type { Format } from "./statement-options.ts";

/** Every version there was: a reader takes them all. */
export const MANIFEST_SCHEMAS = [
  "https://transactions-collector.io/schemas/manifest.v1.json",
  "https://transactions-collector.io/schemas/manifest.v2.json",
] as const;
export type ManifestSchema = (typeof MANIFEST_SCHEMAS)[number];

/** What is written. */
export const MANIFEST_SCHEMA: ManifestSchema = MANIFEST_SCHEMAS[1];

/** Entries of the zip, in their order. */
export const README_FILE = "README.txt";
export const TRANSACTIONS_FILE = "transactions.csv";
export const BALANCES_FILE = "balances.csv";
/** With the option `include_pending`. */
export const PENDING_FILE = "pending.csv";
export const MANIFEST_FILE = "manifest.json";
/** Where the installation signs: a JWS (RFC 7515) of manifest.json, detached. */
export const SIGNATURE_FILE = "manifest.jws";
export const SUMS_FILE = "SHA256SUMS";

/** Of the formats that a request may ask for. */
export const FORMAT_FILES: Readonly<Record<Format, string>> = {
  csv: TRANSACTIONS_FILE,
  pdf: "statement.pdf",
  jsonl: "transactions.jsonl",
  "camt.053": "camt.053.xml",
  ofx: "statement.ofx",
};

/**
 * Of the formats that have a file of its own for each account and currency, where there are several: the
 * folder, and what the files' names end in.
 */
export const FORMAT_FOLDERS = {
  "camt.053": { folder: "camt.053", ending: ".xml" },
  ofx: { folder: "ofx", ending: ".ofx" },
} as const satisfies Partial<Record<Format, unknown>>;

/** Of one format; with more accounts and currencies than that they all are in its one file. */
export const MAX_ACCOUNT_FILES = 5_000;

/** Bytes of a line of a table: a file without line ends must not fill a reader's memory. */
export const LONGEST_LINE = 4 * 1024 * 1024;
export const CSV_EOL = "\r\n";

/**
 * Of manifest.json, which is read whole, and of what stands beside it: the totals of some 40,000 accounts.
 * Nothing larger is published.
 */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

export const BALANCE_COLUMNS = [
  "account_id",
  "currency",
  "opening",
  "credit_count",
  "credit_sum",
  "debit_count",
  "debit_sum",
  "net",
  "closing",
] as const;

/** Which the option `ids_as_text` changes. */
export const BALANCE_IDS = ["account_id"] as const;
/** Which the option `decimal_comma` changes. */
export const BALANCE_AMOUNTS = ["opening", "credit_sum", "debit_sum", "net", "closing"] as const;

/**
 * `watermark`: the instant up to which the bank says its data is whole. `replica_clock`: the clock of
 * a read-only server, whose data may be older.
 */
export const AS_OF_BASES = ["watermark", "replica_clock"] as const;
export type AsOfBasis = (typeof AS_OF_BASES)[number];

/**
 * By which day a row belongs to a period: the bank's booking date, as it stands in the row, or the day
 * in the zone on which it was posted.
 */
export const PERIOD_BASES = ["booking_date", "posted_at"] as const;
export type PeriodBasis = (typeof PERIOD_BASES)[number];

export interface Manifest {
  readonly schema: ManifestSchema;
  /** The object's file name without `.zip`. */
  readonly statement_id: string;
  /** Name of the request's record in the ledger. */
  readonly request_id: string;
  readonly attempt: number;
  /** `statement_id` of the statement this one replaces. */
  readonly supersedes: string | null;
  readonly customer_id: string;
  /** Not in version 1, and without a setting for it. */
  readonly bank?: { readonly name?: string; readonly bic?: string };
  /** Names, from version 2 on, where the account view has them. */
  readonly accounts: readonly (AccountNames & {
    readonly account_id: string;
    readonly currency: string;
  })[];
  readonly period: {
    readonly start_date: string;
    readonly end_date: string;
    readonly time_zone: string;
    /** First instant of the period. */
    readonly from: string;
    /** First instant after it. */
    readonly to: string;
    readonly from_epoch: number;
    readonly to_epoch: number;
    /** Not in version 1: `posted_at`. */
    readonly basis?: PeriodBasis;
    /** `end_date` belongs to the period, `to` does not. */
    readonly end_inclusive: true;
  };
  /** Instant of the database snapshot, or of its data where `as_of_basis` says so. */
  readonly as_of: string;
  /** Not there: the clock of a server that takes the writes. */
  readonly as_of_basis?: AsOfBasis;
  /** The upload time fixed in the ledger, so that every attempt writes the same. */
  readonly generated_at: string;
  readonly generator: { readonly name: string; readonly version: string };
  /** Of transactions.csv, in their order. Not in the first statements of version 1. */
  readonly columns?: readonly ManifestColumn[];
  /** Rows of transactions.csv without its header. */
  readonly rows: number;
  readonly totals: readonly TotalsEntry[];
  /** SHA-256 of the canonical rows: transactions.csv in default options after its header line. */
  readonly content_sha256: string;
  /** Every entry but the manifest and SHA256SUMS. */
  readonly files: readonly ManifestFile[];
  readonly checks: readonly { readonly name: string; readonly result: "passed" }[];
  /** The period was not over at `as_of`. */
  readonly partial: boolean;
  readonly pending_included: boolean;
  readonly masking: { readonly counterparty_account: "last_four" | "none" };
  readonly formats: readonly string[];
  /** BCP 47 tag. */
  readonly language: string;
  /** How the tables are written; `content_sha256` does not depend on it. */
  readonly csv: {
    readonly bom: boolean;
    readonly delimiter: Delimiter;
    readonly decimal_comma: boolean;
    /** Ids, references and accounts as `="000123"`. Not in version 1: false. */
    readonly ids_as_text?: boolean;
  };
}

export interface ManifestColumn {
  readonly name: string;
  /** A `ColumnKind`, or one of a later version. */
  readonly kind: string;
}

export interface ManifestFile {
  readonly path: string;
  readonly media_type: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Rows without the header; `null` for a file that is no table. */
  readonly rows: number | null;
  /** Of a file of one account and currency, where others have files of their own: with `currency`. */
  readonly account_id?: string;
  readonly currency?: string;
}
