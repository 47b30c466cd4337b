/**
 * The name of a statement's object in the bucket:
 * `<customer-id>-<epoch of start>-<epoch of end>-<upload time>.zip`, behind an optional prefix.
 *
 * No imports, so that consumers of S3 notifications can use it anywhere.
 */
export interface StatementKey {
  readonly customerId: string;
  /** Midnight of `start_date` in the statement's zone, seconds since 1970-01-01T00:00:00Z. */
  readonly startEpoch: number;
  /** Midnight of `end_date` (the start of the last day), seconds since 1970-01-01T00:00:00Z. */
  readonly endEpoch: number;
  /** The time fixed in the ledger at the first claim, milliseconds since 1970-01-01T00:00:00Z. */
  readonly uploadedAt: number;
}

/** Customer ids may hold hyphens, so the numbers are read from the right. */
const KEY = /^(?<customer>[A-Za-z0-9._-]+)-(?<start>\d+)-(?<end>\d+)-(?<uploaded>\d{13})\.zip$/;

export function formatStatementKey(key: StatementKey, prefix = ""): string {
  return `${prefix}${key.customerId}-${key.startEpoch}-${key.endEpoch}-${key.uploadedAt}.zip`;
}

/** Reads a key with or without its prefix; `undefined` when it does not name a statement. */
export function parseStatementKey(key: string): StatementKey | undefined {
  const groups = KEY.exec(key.slice(key.lastIndexOf("/") + 1))?.groups;
  if (!groups) return undefined;
  return {
    customerId: groups["customer"] ?? "",
    startEpoch: Number(groups["start"]),
    endEpoch: Number(groups["end"]),
    uploadedAt: Number(groups["uploaded"]),
  };
}

/** The same key one millisecond later: the way out when another request's object has the name. */
export function nextStatementKey(key: string): string {
  const parsed = parseStatementKey(key);
  if (!parsed) throw new Error("not the key of a statement");
  const prefix = key.slice(0, key.lastIndexOf("/") + 1);
  return formatStatementKey({ ...parsed, uploadedAt: parsed.uploadedAt + 1 }, prefix);
}
