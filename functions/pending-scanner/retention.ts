/**
 * Deletes what has rested in the ledger for its time: requests that have ended and whose outcome
 * was accepted by the sink, rejected events, and indexes of events. Each deletion is logged before
 * it is done, and is void when the record has changed since it was read.
 *
 * An index goes after its record, never before: without it the same event with another time would be
 * a second request. One that never had a record goes by its own time.
 *
 * A ledger may hold more ended requests than one tick can read, so a pass goes on where the last
 * tick stopped.
 */
import { recordNames } from "../domain/record-name.ts";
import { endedAt, isFinal, type FinalRequest } from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { bytesOf, sha256Hex } from "../platform/ledger/configmap-record.ts";
import type { RecordRef } from "../platform/ledger/stored-configmap.ts";
import type { Log } from "../platform/telemetry/log.ts";

export interface RetentionOptions {
  readonly ledger: Pick<Ledger, "list" | "listRejected" | "listIndexes" | "remove">;
  readonly retentionMs: number;
  readonly now: () => number;
}

export type FinalCounts = Readonly<Record<FinalRequest["status"], number>>;

export interface Sweep {
  readonly pruned: number;
  /** Of the last whole pass, less what it pruned; undefined before the first one has ended. */
  readonly counts: FinalCounts | undefined;
  /** Rejected events, in the same way. */
  readonly rejected: { readonly count: number; readonly bytes: number } | undefined;
  /** Indexes of events, in the same way. */
  readonly indexes: number | undefined;
}

export interface Retention {
  /** One tick's share of a pass. */
  sweep(context: SweepContext): Promise<Sweep>;
}

export interface SweepContext {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Two thousand records or indexes: a pass over 100 000 of each takes 100 ticks, and no tick much memory. */
const MAX_PAGES_PER_TICK = 4;
const MAX_DELETIONS_PER_TICK = 500;

interface Ended extends RecordRef {
  readonly endedAt: number;
  readonly kind: FinalRequest["status"] | "rejected-event" | "event-index";
  /** What must be gone before it. */
  readonly records?: readonly string[];
  /** Of a rejected event. */
  readonly bytes?: number;
}

interface EndedPage {
  readonly ended: readonly Ended[];
  readonly unreadable: readonly string[];
}

export function makeRetention({ ledger, retentionMs, now }: RetentionOptions): Retention {
  let pass: AsyncIterator<EndedPage> | undefined;
  let running = emptyPass();
  let latest: Pass | undefined;

  async function* endedPages(): AsyncGenerator<EndedPage> {
    for await (const { records, unreadable } of ledger.list({ atRest: true })) {
      const ended = records.flatMap(({ request, name, uid, version }): readonly Ended[] =>
        isFinal(request)
          ? [{ name, uid, version, kind: request.status, endedAt: endedAt(request) }]
          : [],
      );
      yield { ended, unreadable };
    }
    for await (const rejected of ledger.listRejected({ mayBeStale: true })) {
      const ended = rejected.map(({ name, uid, version, fields, receivedAt }): Ended => {
        const bytes = bytesOf({ data: fields });
        return { name, uid, version, kind: "rejected-event", endedAt: receivedAt, bytes };
      });
      yield { ended, unreadable: [] };
    }
    for await (const { indexes, unreadable } of ledger.listIndexes()) {
      const ended = indexes.map(({ name, uid, version, event }): Ended => {
        // Another event's under the first name delays it only.
        const records = recordNames(event.customerId, event.event, sha256Hex);
        return { name, uid, version, kind: "event-index", endedAt: event.recordedAt, records };
      });
      yield { ended, unreadable };
    }
  }

  /** Each name by itself: a list by label would read the whole ledger. */
  async function isThere(name: string): Promise<boolean> {
    for await (const { records, unreadable } of ledger.list({ name }))
      if (records.length + unreadable.length > 0) return true;
    return false;
  }

  async function isFree({ records = [] }: Ended): Promise<boolean> {
    for (const name of records) if (await isThere(name)) return false;
    return true;
  }

  async function removeLogged({ name, uid, version, kind, endedAt }: Ended, log: Log) {
    const ended_at = new Date(endedAt).toISOString();
    // As elsewhere: `request_id` names a request, `record` a ConfigMap that is none.
    const which = kind === "rejected-event" || kind === "event-index" ? "record" : "request_id";
    log.info({ audit: "delete", [which]: name, kind, ended_at }, "deleting after its retention");
    return (await ledger.remove({ name, uid, version })) === "removed";
  }

  /** How many of a page were deleted; `budget` is what this tick may still delete. */
  async function sweepPage(
    page: EndedPage,
    budget: number,
    { signal, log }: SweepContext,
  ): Promise<number> {
    const before = now() - retentionMs;
    for (const record of page.unreadable) log.error({ record }, "unreadable record");
    let tried = 0;
    let pruned = 0;
    for (const ended of page.ended) {
      const mayDelete = ended.endedAt < before && tried < budget && !signal.aborted;
      if (mayDelete) tried++;
      if (mayDelete && (await isFree(ended)) && (await removeLogged(ended, log))) pruned++;
      else if (ended.kind === "rejected-event") {
        running.rejected.count++;
        running.rejected.bytes += ended.bytes ?? 0;
      } else if (ended.kind === "event-index") running.indexes++;
      else running.counts[ended.kind]++;
    }
    return pruned;
  }

  function startOver(): void {
    pass = undefined;
    running = emptyPass();
  }

  return {
    async sweep({ signal, log }) {
      let pruned = 0;
      try {
        for (let pages = 0; pages < MAX_PAGES_PER_TICK && !signal.aborted; pages++) {
          pass ??= endedPages();
          const page = await pass.next();
          if (page.done) {
            latest = running;
            startOver();
            // Where a pass ended with the last tick's pages, this one begins the next.
            if (pages > 0) break;
            continue;
          }
          pruned += await sweepPage(page.value, MAX_DELETIONS_PER_TICK - pruned, { signal, log });
        }
      } catch (error) {
        // The next tick begins a new pass.
        startOver();
        throw error;
      }
      return {
        pruned,
        counts: latest?.counts,
        rejected: latest?.rejected,
        indexes: latest?.indexes,
      };
    },
  };
}

/** What a pass has counted. */
interface Pass {
  readonly counts: Record<FinalRequest["status"], number>;
  readonly rejected: { count: number; bytes: number };
  indexes: number;
}

function emptyPass(): Pass {
  const counts = { executed: 0, failed: 0, cancelled: 0 };
  return { counts, rejected: { count: 0, bytes: 0 }, indexes: 0 };
}
