/**
 * What a customer may choose about a statement, beside its period. Each has a default of the
 * installation; what is not asked for costs nothing.
 */
import type { CsvDialect } from "./csv/csv-dialect.ts";

/** In the order of their entries in the zip; `csv` is in every statement. */
export const FORMATS = ["csv", "pdf", "jsonl", "camt.053", "ofx"] as const;
export type Format = (typeof FORMATS)[number];

/** BCP 47 tags of the languages that README.txt and statement.pdf are written in. */
export const LANGUAGES = ["en", "de", "fr", "es", "it", "pl"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface StatementOptions {
  /** In the order of `FORMATS`, `csv` among them. */
  readonly formats: readonly Format[];
  readonly language: Language;
  /** The last day need not be over. */
  readonly partial: boolean;
  /** Transactions that are not booked yet go into a file of their own. */
  readonly includePending: boolean;
  /** `statement_id` of the statement this one replaces. */
  readonly supersedes: string | null;
  /** camt.053 and OFX are one file each, however many accounts and currencies there are. */
  readonly combined: boolean;
  readonly csv: CsvDialect;
}
