/**
 * Deletes what has rested in the ledger for its time: requests that have ended and whose outcome
 * was accepted by the sink, and rejected events. Each deletion is logged before it is done, and is
 * void when the record has changed since it was read.
 *
 * A ledger may hold more ended requests than one tick can read, so a pass goes on where the last
 * tick stopped.
 */
import { isFinal, type FinalRequest } from "../domain/statement-request.ts";
import type { Ledger, RecordRef } from "../platform/configmap-ledger.ts";
import type { Log } from "../platform/log.ts";

export interface RetentionOptions {
  readonly ledger: Pick<Ledger, "list" | "listRejected" | "remove">;
  readonly retentionMs: number;
  readonly now: () => number;
}

export type FinalCounts = Readonly<Record<FinalRequest["status"], number>>;

export interface Sweep {
  readonly pruned: number;
  /** Of the last whole pass, less what it pruned; undefined before the first one has ended. */
  readonly counts: FinalCounts | undefined;
}

export interface Retention {
  /** One tick's share of a pass. */
  sweep(context: { readonly signal: AbortSignal; readonly log: Log }): Promise<Sweep>;
}

const MAX_PAGES_PER_TICK = 20;
const MAX_DELETIONS_PER_TICK = 500;

interface Ended extends RecordRef {
  readonly endedAt: number;
  readonly kind: FinalRequest["status"] | "rejected-event";
}

export function makeRetention({ ledger, retentionMs, now }: RetentionOptions): Retention {
  let pass: AsyncIterator<readonly Ended[]> | undefined;
  let running = emptyCounts();
  let latest: FinalCounts | undefined;

  async function* endedPages(): AsyncGenerator<readonly Ended[]> {
    const finals = { status: ["executed", "failed", "cancelled"] as const, announced: true };
    for await (const { records } of ledger.list(finals))
      yield records.flatMap((record) => {
        const { request } = record;
        if (!isFinal(request)) return [];
        return [{ ...record, kind: request.status, endedAt: endOf(request) }];
      });
    for await (const rejected of ledger.listRejected())
      yield rejected.map((ref) => {
        const endedAt = Date.parse(ref.fields["received_at"] ?? "");
        return { ...ref, kind: "rejected-event" as const, endedAt };
      });
  }

  async function removeLogged({ name, uid, version, kind, endedAt }: Ended, log: Log) {
    const ended_at = new Date(endedAt).toISOString();
    log.info({ audit: "delete", record: name, kind, ended_at }, "deleting after its retention");
    return (await ledger.remove({ name, uid, version })) === "removed";
  }

  /** How many of a page were deleted; `budget` is what this tick may still delete. */
  async function sweepPage(page: readonly Ended[], budget: number, log: Log): Promise<number> {
    const before = now() - retentionMs;
    let tried = 0;
    let pruned = 0;
    for (const ended of page) {
      const mayDelete = ended.endedAt < before && tried < budget;
      if (mayDelete) tried++;
      if (mayDelete && (await removeLogged(ended, log))) pruned++;
      else if (ended.kind !== "rejected-event") running[ended.kind]++;
    }
    return pruned;
  }

  function startOver(): void {
    pass = undefined;
    running = emptyCounts();
  }

  return {
    async sweep({ signal, log }) {
      let pruned = 0;
      pass ??= endedPages();
      try {
        for (let pages = 0; pages < MAX_PAGES_PER_TICK && !signal.aborted; pages++) {
          const page = await pass.next();
          if (page.done) {
            latest = running;
            startOver();
            break;
          }
          pruned += await sweepPage(page.value, MAX_DELETIONS_PER_TICK - pruned, log);
        }
      } catch (error) {
        // The next tick begins a new pass.
        startOver();
        throw error;
      }
      return { pruned, counts: latest };
    },
  };
}

function emptyCounts(): Record<FinalRequest["status"], number> {
  return { executed: 0, failed: 0, cancelled: 0 };
}

function endOf(request: FinalRequest): number {
  switch (request.status) {
    case "executed":
      return request.executedAt;
    case "failed":
      return request.failedAt;
    case "cancelled":
      return request.cancelledAt;
  }
}
