/** Where a request that is due stands among the others, and how fast they end. */
import { setTimeout as sleep } from "node:timers/promises";
import { isFinal, type StatementRequest } from "../../../functions/domain/statement-request.ts";
import { isDue } from "../../../functions/pending-scanner/due.ts";
import type { Session } from "../session/session.ts";

export interface QueueView {
  /** Requests that are due and were recorded before it. */
  readonly waitingLonger: number;
  /** How many ended while somebody looked, and for how long that was; not asked without others. */
  readonly ended?: { readonly count: number; readonly ms: number } | undefined;
}

/** Long enough to see a builder of small statements end a few. */
const LOOK_MS = 3_000;

/** @throws LedgerUnavailable when the ledger cannot be listed */
export async function viewQueue(session: Session, { facts }: StatementRequest): Promise<QueueView> {
  const { now, signal } = session;
  const ledger = await session.ledger();
  let waitingLonger = 0;
  let version: string | undefined;
  const pending = { status: ["pending"], mayBeStale: true } as const;
  for await (const page of ledger.list(pending, signal)) {
    version ??= page.version;
    waitingLonger += page.records.filter(
      ({ request }) => request.facts.recordedAt < facts.recordedAt && isDue(request, now()),
    ).length;
  }
  if (waitingLonger === 0 || version === undefined) return { waitingLonger };
  return { waitingLonger, ended: await countEnded(session, version) };
}

/** undefined where the watch cannot be had: then nothing is said of a rate. */
async function countEnded(session: Session, version: string): Promise<QueueView["ended"]> {
  const ledger = await session.ledger();
  const names = new Set<string>();
  const over = new AbortController();
  const signal = AbortSignal.any([session.signal, over.signal]);
  const began = performance.now();
  const watched = ledger
    .watch(
      version,
      (change) => {
        if (change.kind === "changed" && isFinal(change.request))
          names.add(change.request.facts.name);
      },
      signal,
    )
    .then(
      () => "ended" as const,
      () => "ended" as const,
    );
  const first = await Promise.race([watched, sleep(LOOK_MS, "looked" as const, { signal })]);
  over.abort();
  await watched;
  session.signal.throwIfAborted();
  return first === "looked" ? { count: names.size, ms: performance.now() - began } : undefined;
}
