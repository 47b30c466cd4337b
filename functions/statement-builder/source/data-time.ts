/**
 * What instant a snapshot's data is of. The clock of the server that takes the writes says it; that
 * of a replica does not: its data may be of any time before. There the bank's own word is taken,
 * read inside the snapshot, or nothing is made, unless the installation says that it may.
 */
import type { AsOfBasis } from "../../domain/manifest.ts";
import { RetryableError } from "../../domain/failure.ts";
import { refused } from "./database-error.ts";
import type { SnapshotConnection } from "./session/snapshot-connection.ts";

export interface DataTimeConfig {
  /** One row and one column: the instant, in UTC, up to which the data is whole. */
  readonly watermarkView?: string | undefined;
  /** How old the watermark may be. */
  readonly maxStalenessMs?: number | undefined;
  /** How far it may be ahead of the server's clock, which somebody else's clock wrote it by. */
  readonly clockSkewMs?: number | undefined;
  /** Whether a read-only server will do without a watermark; the manifest then says so. */
  readonly replicaWithoutWatermark?: boolean | undefined;
}

export interface DataTime {
  /** Milliseconds since the epoch; undefined: the server's clock says it. */
  readonly watermark: number | undefined;
  readonly basis: AsOfBasis | undefined;
}

const DEFAULT_STALENESS_MS = 300_000;
const DEFAULT_SKEW_MS = 30_000;
const DATE_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/;

/**
 * @param readOnly whether the server is read-only at this snapshot
 * @throws RetryableError `database_behind`, `database_refused`, and what the query rejects with.
 */
export async function readDataTime(
  connection: SnapshotConnection,
  readOnly: boolean,
  config: DataTimeConfig,
): Promise<DataTime> {
  const { watermarkView, maxStalenessMs = DEFAULT_STALENESS_MS } = config;
  const { clockSkewMs = DEFAULT_SKEW_MS } = config;
  if (watermarkView === undefined) {
    if (readOnly && !config.replicaWithoutWatermark) {
      throw refused("a read-only server, and no STATEMENT_WATERMARK_VIEW");
    }
    return { watermark: undefined, basis: readOnly ? "replica_clock" : undefined };
  }
  const rows = await connection.run(`SELECT w.*, UTC_TIMESTAMP(3) FROM ${watermarkView} AS w`);
  const [[watermark, now] = []] = rows;
  if (rows.length !== 1 || rows[0]?.length !== 2 || !DATE_TIME.test(watermark ?? "")) {
    throw refused("STATEMENT_WATERMARK_VIEW is not one row with one DATETIME");
  }
  const behind = inUtc(now) - inUtc(watermark);
  if (-behind > clockSkewMs) {
    const ahead = `${Math.round(-behind / 1000)} s`;
    throw refused(`STATEMENT_WATERMARK_VIEW is ${ahead} ahead of the server's clock`);
  }
  if (behind > maxStalenessMs) {
    const detail = `${Math.round(behind / 1000)} s`;
    throw new RetryableError("database_behind", `the data is ${detail} old`, { detail });
  }
  return { watermark: inUtc(watermark), basis: "watermark" };
}

/** A DATETIME of the server, whose session counts in UTC. */
export function inUtc(dateTime: string | null | undefined): number {
  return Date.parse(`${String(dateTime).replace(" ", "T")}Z`);
}
