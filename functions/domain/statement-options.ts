/**
 * What a customer may choose about a statement, beside its period. Each has a default of the
 * installation; what is not asked for costs nothing.
 */

/** In the order of their entries in the zip; `csv` is in every statement. */
export const FORMATS = ["csv", "pdf", "jsonl", "camt.053", "ofx"] as const;
export type Format = (typeof FORMATS)[number];

/** BCP 47 tags of the languages that README.txt and statement.pdf are written in. */
export const LANGUAGES = ["en", "de", "fr", "es"] as const;
export type Language = (typeof LANGUAGES)[number];
