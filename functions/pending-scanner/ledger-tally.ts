/**
 * Counts the ledger while others list it: how many records each event source has, and how large they
 * are in all. What is owed is as of the last list, what has ended as of the last whole pass, or of the
 * running one where that has found more.
 */
import type { LedgerPage, Ledger } from "../platform/ledger/configmap-ledger.ts";
import { bytesOf } from "../platform/ledger/configmap-record.ts";
import {
  SOURCE_HASHES,
  sourceHash,
  type SourceCounts,
  type SourceCountsFile,
} from "../platform/ledger/source-counts.ts";
import type { Log } from "../platform/telemetry/log.ts";

export interface LedgerTally {
  /** The same ledger, whose lists are counted as they are read. */
  readonly counted: Ledger;
  /** Bytes of the texts of all records. */
  bytes(): number;
  /** Tells request-intake. A failure is logged: the next tick writes again. */
  tell(log: Log): Promise<void>;
}

export function makeLedgerTally(
  ledger: Ledger,
  file: Pick<SourceCountsFile, "write">,
  now: () => number,
): LedgerTally {
  const owed = makeCount();
  const ended = makeCount();

  function counts(): SourceCounts {
    const records = new Map<number, number>();
    for (let hash = 0; hash < SOURCE_HASHES; hash++) {
      const count = owed.recordsOf(hash) + ended.recordsOf(hash);
      if (count > 0) records.set(hash, count);
    }
    return { countedAt: now(), records };
  }

  return {
    counted: {
      ...ledger,
      list(filter, signal) {
        const pages = ledger.list(filter, signal);
        // A list of one record, or of one customer, is no count.
        if (filter.atRest === undefined) return pages;
        return (filter.atRest ? ended : owed).through(pages);
      },
    },
    bytes: () => owed.bytes() + ended.bytes(),
    async tell(log) {
      try {
        if (await file.write(counts())) return;
        log.warn("there is no ConfigMap records-by-source: no source has a share of the ledger");
      } catch (err) {
        log.warn({ err }, "the counts of event sources were not written");
      }
    },
  };
}

interface Tally {
  readonly records: Uint32Array;
  bytes: number;
}

const emptyTally = (): Tally => ({ records: new Uint32Array(SOURCE_HASHES), bytes: 0 });

function makeCount() {
  let last = emptyTally();
  let running = last;
  return {
    async *through(pages: AsyncIterable<LedgerPage>): AsyncGenerator<LedgerPage> {
      const mine = (running = emptyTally());
      for await (const page of pages) {
        for (const { request, configMap } of page.records) {
          const hash = sourceHash(request.facts.event.source);
          mine.records[hash] = (mine.records[hash] ?? 0) + 1;
          mine.bytes += bytesOf(configMap);
        }
        yield page;
      }
      last = mine;
    },
    recordsOf: (hash: number) => Math.max(last.records[hash] ?? 0, running.records[hash] ?? 0),
    bytes: () => Math.max(last.bytes, running.bytes),
  };
}
