/**
 * Offers what is due, in rounds. Ticks come once a minute and most statements take seconds, so
 * within a tick's time the ledger is looked at again and free capacity is filled again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { offerEvent } from "../domain/events.ts";
import type { StatementRequest } from "../domain/statement-request.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import { mapConcurrently } from "../platform/limits/concurrency.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { surveyLedger, type Survey } from "./survey.ts";

export interface TickLimits {
  readonly tickCap: number;
  readonly perCustomer: number;
  readonly builderCapacity: number;
  readonly deadlineMs: number;
}

export interface OfferRounds {
  readonly ledger: Pick<Ledger, "list">;
  readonly sink: CloudEventSink;
  readonly limits: TickLimits;
  readonly now: () => number;
}

export interface RoundsResult {
  /** The last look at the ledger. */
  readonly survey: Survey;
  readonly rounds: number;
  readonly offered: number;
  /** Offers the sink did not accept. */
  readonly refused: number;
}

const SENDS_AT_ONCE = 8;
const SEND_TIMEOUT_MS = 5_000;
const MIN_PAUSE_MS = 1_000;
/** The ledger is read for at most a fifth of a tick's time. */
const PAUSES_PER_LISTING = 4;

export async function offerInRounds(
  { ledger, sink, limits, now }: OfferRounds,
  signal: AbortSignal,
): Promise<RoundsResult> {
  const endsAt = performance.now() + limits.deadlineMs;
  const offers = new Map<string, number>();
  const customers = limits.tickCap + limits.builderCapacity;
  let offered = 0;
  let refused = 0;

  for (let rounds = 1; ; rounds++) {
    const startedAt = performance.now();
    const terms = { now: now(), offers, limits: { customers, perCustomer: limits.perCustomer } };
    const survey = await surveyLedger(ledger, terms, signal);
    const listingMs = performance.now() - startedAt;

    const free = Math.min(limits.builderCapacity - survey.busy, limits.tickCap - offers.size);
    const busy = (customerId: string): number => survey.busyByCustomer.get(customerId) ?? 0;
    const chosen = free > 0 ? survey.queue.take(free, busy) : [];
    const accepted = await mapConcurrently(chosen, SENDS_AT_ONCE, send);
    for (const [index, request] of chosen.entries()) {
      offers.set(request.name, request.attempt);
      if (accepted[index]) offered++;
      else refused++;
    }

    const pauseMs = Math.max(MIN_PAUSE_MS, PAUSES_PER_LISTING * listingMs);
    const done =
      survey.due === chosen.length ||
      refused > 0 ||
      offers.size >= limits.tickCap ||
      performance.now() + pauseMs + listingMs > endsAt;
    if (done) return { survey, rounds, offered, refused };
    await sleep(pauseMs, undefined, { signal });
  }

  async function send(request: StatementRequest): Promise<boolean> {
    const leftMs = Math.max(1, endsAt - performance.now());
    const result = await sink.send(offerEvent(request, "pending-scanner", now()), {
      signal,
      timeoutMs: Math.ceil(Math.min(SEND_TIMEOUT_MS, leftMs)),
    });
    return result.kind === "accepted";
  }
}
