/**
 * No event source may fill the ledger alone: one that has MAX_RECORDS_PER_SOURCE records is refused
 * until some of them are deleted after their retention. The scanner counts once a minute; what this
 * process has recorded since comes on top.
 *
 * The counts are read beside the events, which never wait for them. Without any, or when the scanner
 * has not counted for an hour, nobody is refused: the quota of the namespace still holds.
 */
import {
  sourceHash,
  type SourceCounts,
  type SourceCountsFile,
} from "../platform/ledger/source-counts.ts";
import { monotonic } from "../platform/clock/clock.ts";

export interface SourceShare {
  isUsedUp(source: string): boolean;
  /** A record of this source was created. */
  recorded(source: string): void;
}

const READ_EVERY_MS = 5_000;
const STALE_MS = 3_600_000;

export function makeSourceShare(
  file: Pick<SourceCountsFile, "read">,
  maxRecords: number,
  now: () => number,
): SourceShare {
  let counts: SourceCounts | undefined;
  const since = new Map<number, number>();
  let readAt = -Infinity;

  async function read(): Promise<void> {
    const latest = await file.read();
    if (latest?.countedAt !== counts?.countedAt) since.clear();
    counts = latest;
  }

  return {
    isUsedUp(source) {
      if (monotonic() - readAt >= READ_EVERY_MS) {
        readAt = monotonic();
        // An API server that does not answer is told by the event's own call.
        void read().catch(() => undefined);
      }
      if (!counts || now() - counts.countedAt > STALE_MS) return false;
      const hash = sourceHash(source);
      return (counts.records.get(hash) ?? 0) + (since.get(hash) ?? 0) >= maxRecords;
    },
    recorded(source) {
      const hash = sourceHash(source);
      since.set(hash, (since.get(hash) ?? 0) + 1);
    },
  };
}
