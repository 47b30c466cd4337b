/** Counts how far one build is: read at each renewal of its lease, and by whoever collects metrics. */
import type { BuildProgress } from "../domain/build-progress.ts";
import { FORMAT_FILES, FORMAT_FOLDERS, TRANSACTIONS_FILE } from "../domain/manifest.ts";
import type { StatementSnapshot } from "./source/statement-snapshot.ts";
import { monotonic } from "../platform/clock/clock.ts";

export interface BuildMeter {
  /** `fence`, `query`, a file or folder of the zip, `publish`. */
  readonly begin: (phase: string) => void;
  /** Where its rows come from. */
  readonly readFrom: (snapshot: Pick<StatementSnapshot, "rows" | "received">) => void;
  /** The store has so many bytes more. */
  readonly sent: (bytes: number) => void;
  readonly now: Omit<BuildProgress, "at" | "rowsPerSecond">;
  /** With the rate since it was taken before. @param at milliseconds since the epoch */
  readonly take: (at: number) => BuildProgress;
}

/** Each is a pass over all rows. */
const FILES_OF_ALL_ROWS: ReadonlySet<string> = new Set([
  TRANSACTIONS_FILE,
  ...Object.values(FORMAT_FILES),
  ...Object.values(FORMAT_FOLDERS).map(({ folder }) => `${folder}/`),
]);

export function makeBuildMeter(): BuildMeter {
  let source: Pick<StatementSnapshot, "rows" | "received"> = { rows: 0, received: () => 0 };
  let phase = "fence";
  let receivedBefore = 0;
  let bytesSent = 0;
  let taken = { atMs: monotonic(), received: 0 };
  const now = (): BuildMeter["now"] => ({
    phase,
    rows: source.received() - receivedBefore,
    rowsCounted: FILES_OF_ALL_ROWS.has(phase) ? source.rows : undefined,
    bytesSent,
  });
  return {
    begin(next) {
      // The next of a folder's files.
      if (next === phase) return;
      phase = next;
      receivedBefore = source.received();
    },
    readFrom(snapshot) {
      // Where another request's object has the key, the rows are read once more.
      source = snapshot;
      receivedBefore = snapshot.received();
      taken = { ...taken, received: receivedBefore };
    },
    sent(bytes) {
      bytesSent += bytes;
    },
    get now() {
      return now();
    },
    take(at) {
      const before = taken;
      taken = { atMs: monotonic(), received: source.received() };
      const seconds = Math.max(0.001, (taken.atMs - before.atMs) / 1000);
      const rowsPerSecond = Math.round((taken.received - before.received) / seconds);
      return { ...now(), rowsPerSecond, at };
    },
  };
}
