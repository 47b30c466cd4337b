/**
 * The ways a table of a statement may be written. The canonical one is what `content_sha256` is the
 * hash of; every other says the same, so that the canonical bytes can be had back from it.
 */
export const DELIMITERS = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof DELIMITERS)[number];

export interface CsvDialect {
  /** A byte order mark in front, by which some spreadsheets know UTF-8. */
  readonly bom: boolean;
  readonly delimiter: Delimiter;
  /** `-12,50`; never together with the delimiter `,`. */
  readonly decimalComma: boolean;
}

export const CANONICAL_CSV: CsvDialect = { bom: false, delimiter: ",", decimalComma: false };

export const BYTE_ORDER_MARK = "\uFEFF";

/** Of a table's first line; `undefined` when it is no table whose first two columns are these. */
export function dialectOfHeader(
  header: string,
  [first, second]: readonly string[],
): Omit<CsvDialect, "decimalComma"> | undefined {
  const bom = header.startsWith(BYTE_ORDER_MARK);
  const text = bom ? header.slice(1) : header;
  const delimiter = DELIMITERS.find((one) => text.startsWith(`${first}${one}${second}${one}`));
  return delimiter && { bom, delimiter };
}
