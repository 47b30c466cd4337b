/** How far a build is, as its builder wrote it with the last renewal of the lease. */
export interface BuildProgress {
  /** `fence`, `query`, the file of the zip that is being written, or `publish`. */
  readonly phase: string;
  /** Rows of the database that have come for this file. */
  readonly rows: number;
  /** How many will come for it; undefined where that is not known yet, or there are none. */
  readonly rowsCounted?: number | undefined;
  /** Bytes that the store has; a small statement is sent at the end, in one piece. */
  readonly bytesSent: number;
  /** Since the renewal before, of whatever file. */
  readonly rowsPerSecond: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Between 0 and 1; undefined where nobody knows. */
export function shareDone({ rows, rowsCounted }: BuildProgress): number | undefined {
  return rowsCounted === undefined || rowsCounted === 0
    ? undefined
    : Math.min(1, rows / rowsCounted);
}

/** How long this file still takes if it goes on as fast; undefined where nobody knows. */
export function msLeft({ rows, rowsCounted, rowsPerSecond }: BuildProgress): number | undefined {
  if (rowsCounted === undefined || rowsPerSecond === 0) return undefined;
  return (Math.max(0, rowsCounted - rows) / rowsPerSecond) * 1000;
}
