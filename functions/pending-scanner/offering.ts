/**
 * Offers what is due to the builders, as fast as they take it. The ledger is listed once; from then on a
 * watch says what was claimed, what has ended and what came, so that no round lists it all again.
 *
 *   tick ── list ── offer ⇄ watch ── … ── deadline: offers for the time until the next tick
 *
 * The work belongs to no caller: a tick that comes meanwhile prolongs it, one whose sender goes does
 * not end it.
 */
import { offerEvent } from "../domain/events/statement-event.ts";
import type { StatementRequest } from "../domain/statement-request.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import { mapConcurrently } from "../platform/limits/concurrency.ts";
import type { Ledger, LedgerChange } from "../platform/ledger/configmap-ledger.ts";
import type { Log } from "../platform/telemetry/log.ts";
import type { Offered, ScannerMetrics, TickEnd } from "./metrics.ts";
import { makeBacklog, type OfferLimits } from "./backlog.ts";
import { monotonic, sleep, startTimer, stopTimer } from "../platform/clock/clock.ts";

export interface TickLimits extends OfferLimits {
  /** How long a tick offers at most: less than the time between ticks. */
  readonly deadlineMs: number;
}

export interface OfferingOptions {
  readonly ledger: Pick<Ledger, "list" | "watch">;
  readonly sink: CloudEventSink;
  readonly metrics: Pick<ScannerMetrics, "offered">;
  readonly limits: TickLimits;
  readonly now: () => number;
  /** Ends the work. */
  readonly stopping: AbortSignal;
}

export interface Offering {
  /**
   * Begins to offer, or goes on for longer; resolves when nothing is due any more, or at its deadline.
   * What comes due after that, until the deadline, is offered too.
   *
   * @throws LedgerUnavailable when the ledger cannot be listed
   */
  tick(log: Log): Promise<Offered>;
  /** Resolves when no work goes on. */
  ended(): Promise<void>;
}

const SENDS_AT_ONCE = 8;
const SEND_TIMEOUT_MS = 5_000;
/** What is due and has no room: the builders' pace, and offers that grow old, make some without a change. */
const LOOK_AGAIN_MS = 250;
/** Changes come in bursts. */
const GATHER_MS = 10;
/** After a watch that ended, or a sink that refused. */
const PAUSE_MS = 1_000;
/** From a deadline until the next tick has come, as a share of the deadline. */
const GAP = 0.25;

interface Tick {
  readonly endsAt: number;
  readonly outcome: PromiseWithResolvers<Offered>;
  offered: number;
  refused: number;
}

export function makeOffering(options: OfferingOptions): Offering {
  const { ledger, sink, metrics, limits, now, stopping } = options;
  const backlog = makeBacklog(limits, now);
  const unreadable = new Set<string>();
  const ticks = new Set<Tick>();
  let endsAt = 0;
  let running: Promise<void> | undefined;
  let wake = (): void => undefined;
  let over = new AbortController();
  stopping.addEventListener("abort", () => {
    over.abort(stopping.reason);
    wake();
  });

  async function work(log: Log): Promise<void> {
    try {
      while (!stopping.aborted && monotonic() < endsAt) await run(log);
      for (const tick of ticks) settle(tick, endOf(tick) ?? "deadline");
    } catch (error) {
      for (const tick of ticks) {
        ticks.delete(tick);
        tick.outcome.reject(error);
      }
    }
  }

  /** One list and the watch behind it, for a tick's time at most or until the watch ends. */
  async function run(log: Log): Promise<void> {
    const listAgainAt = monotonic() + limits.deadlineMs;
    const version = await list();
    over = new AbortController();
    if (stopping.aborted) over.abort(stopping.reason);
    const { signal } = over;
    const watch = { goesOn: true };
    const watched = ledger
      .watch(version, onChange, signal)
      .catch((err: unknown) => {
        if (!signal.aborted) log.warn({ err }, "the watch broke off");
      })
      .finally(() => {
        watch.goesOn = false;
        wake();
      });
    const runEndsAt = (): number => Math.min(endsAt, listAgainAt);
    const goesOn = (): boolean => {
      const isInTime = monotonic() < runEndsAt();
      return watch.goesOn && isInTime && !stopping.aborted && (backlog.hasDue() || !backlog.isCut);
    };
    let hasOffered = false;
    do {
      const taken = backlog.take();
      hasOffered ||= taken.length > 0;
      const isTaken = await offer(taken);
      for (const tick of ticks) settle(tick, endOf(tick));
      if (goesOn()) await (isTaken ? change(runEndsAt()) : pause(PAUSE_MS));
    } while (goesOn());
    if (!watch.goesOn) await pause(PAUSE_MS);
    // What there was no room for is not due yet either, as far as another list can tell.
    else if (backlog.isCut && !hasOffered)
      await pause(
        Math.min(PAUSE_MS, Math.max(0, Math.min(backlog.nextAt(), endsAt) - monotonic())),
      );
    // Nobody looks until the next tick, so what builders finish by then is offered now.
    if (monotonic() >= endsAt) await offer(backlog.take(limits.deadlineMs * GAP));
    over.abort();
    await watched;
  }

  async function list(): Promise<string> {
    let version: string | undefined;
    backlog.beginList();
    unreadable.clear();
    // May be a moment old: an offer that comes too late or twice does no harm.
    for await (const page of ledger.list({ atRest: false, mayBeStale: true }, stopping)) {
      version ??= page.version;
      for (const { request } of page.records) backlog.listed(request);
      for (const name of page.unreadable) unreadable.add(name);
    }
    backlog.endList();
    return version ?? "";
  }

  function onChange(change: LedgerChange): void {
    if (change.kind === "changed") backlog.changed(change.request);
    else if (change.kind === "gone") backlog.gone(change.name);
    else unreadable.add(change.name);
    wake();
  }

  /** @returns false when the sink did not take them all */
  async function offer(requests: readonly StatementRequest[]): Promise<boolean> {
    const count = { offered: 0, refused: 0 };
    await mapConcurrently(requests, SENDS_AT_ONCE, async (request) => {
      // A sink that refuses one is not asked for the others.
      const isAsked = count.refused === 0 && !stopping.aborted;
      const isTaken = isAsked && (await send(request));
      if (!isTaken) backlog.refused(request);
      if (!isAsked) return;
      metrics.offered(isTaken ? "accepted" : "refused");
      count[isTaken ? "offered" : "refused"]++;
    });
    for (const tick of ticks) {
      tick.offered += count.offered;
      tick.refused += count.refused;
    }
    return count.refused === 0;
  }

  async function send(request: StatementRequest): Promise<boolean> {
    const event = offerEvent(request, "pending-scanner", now());
    const sent = await sink.send(event, { signal: stopping, timeoutMs: SEND_TIMEOUT_MS });
    return sent.kind === "accepted";
  }

  function endOf(tick: Tick): TickEnd | undefined {
    if (stopping.aborted) return "stopping";
    if (tick.refused > 0) return "refused";
    if (!backlog.hasDue()) return "caught-up";
    // The last one's answer waits for what is offered at its end: see `run`.
    return tick.endsAt < endsAt && monotonic() >= tick.endsAt ? "deadline" : undefined;
  }

  function settle(tick: Tick, end: TickEnd | undefined): void {
    if (end === undefined) return;
    ticks.delete(tick);
    const { offered, refused } = tick;
    const standing = backlog.standing();
    tick.outcome.resolve({ end, standing, unreadable: [...unreadable], offered, refused });
  }

  /** Resolves soon after a change, or when it is time to look again. */
  async function change(runEndsAt: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    wake = () => resolve(undefined);
    const lookAt = backlog.hasDue() ? monotonic() + LOOK_AGAIN_MS : backlog.nextAt();
    const endOfTicks = [...ticks].map((tick) => tick.endsAt);
    const timer = startTimer(wake, Math.min(lookAt, runEndsAt, ...endOfTicks) - monotonic());
    await promise;
    stopTimer(timer);
    await pause(GATHER_MS);
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, stopping).catch(() => undefined);
  }

  return {
    async tick(log) {
      endsAt = monotonic() + limits.deadlineMs;
      const outcome = Promise.withResolvers<Offered>();
      ticks.add({ endsAt, outcome, offered: 0, refused: 0 });
      wake();
      running ??= work(log).finally(() => (running = undefined));
      return await outcome.promise;
    },
    async ended() {
      await running;
    },
  };
}
