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
  /** Ids and what is a name though it may be all digits stand as `="000123"`; else as they are. */
  readonly idsAsText?: boolean;
}

export const CANONICAL_CSV: CsvDialect = { bom: false, delimiter: ",", decimalComma: false };

export const BYTE_ORDER_MARK = "\uFEFF";

const HEADER =
  /^(\uFEFF?)([a-z][a-z0-9_]*(?:([,;\t|])[a-z][a-z0-9_]*(?:\3[a-z][a-z0-9_]*)*)?)\r\n$/;

/** Of a table's first line; `undefined` when it is none, or names a column twice. */
export function readHeader(
  line: string,
): (Pick<CsvDialect, "bom" | "delimiter"> & { readonly columns: readonly string[] }) | undefined {
  const [, mark, names, between] = HEADER.exec(line) ?? [];
  const delimiter = DELIMITERS.find((one) => one === between);
  if (names === undefined || delimiter === undefined) return undefined;
  const columns = names.split(delimiter);
  if (new Set(columns).size < columns.length) return undefined;
  return { bom: mark === BYTE_ORDER_MARK, delimiter, columns };
}
