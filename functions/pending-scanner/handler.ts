import type { EventHandler } from "../platform/server/event-handler.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import { startDeadline } from "../platform/limits/deadline.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { ScannerMetrics } from "./metrics.ts";
import { offerInRounds, type RoundsResult, type TickLimits } from "./offer-rounds.ts";
import { makeRetention, type Sweep } from "./retention.ts";

export interface PendingScanner {
  readonly ledger: Ledger;
  readonly sink: CloudEventSink;
  readonly metrics: ScannerMetrics;
  readonly limits: TickLimits;
  readonly retentionMs: number;
  readonly now: () => number;
}

const SWEEP_TIMEOUT_MS = 5_000;

/**
 * Any event is a tick: what the ledger owes is offered to the builders, and what has rested long
 * enough is deleted. Two scanners at once do no harm: a claim has one winner, a deletion too.
 */
export function makePendingScanner(options: PendingScanner): EventHandler {
  const { ledger, metrics, retentionMs, now } = options;
  const retention = makeRetention({ ledger, retentionMs, now });
  let ticking = false;

  return async (_tick, { signal, log }) => {
    // 1. One tick at a time: a second one would only look at the same ledger.
    if (ticking) {
      log.info("a tick is running already");
      return { kind: "nothing-to-do" };
    }
    ticking = true;
    const startedAt = performance.now();
    try {
      // 2. What is due goes to the builders, fairly and within their capacity.
      const rounds = await offerInRounds(options, signal);
      for (const record of rounds.survey.unreadable) log.error({ record }, "unreadable record");

      // 3. What has rested for its time goes away.
      using deadline = startDeadline(SWEEP_TIMEOUT_MS, signal);
      const sweep = await retention.sweep({ signal: deadline.signal, log });

      // 4. One line says how the ledger stands, and so do the gauges.
      log.info(summary(rounds, sweep, now()), "tick");
      metrics.ticked(rounds, sweep, startedAt);

      // 5. A sink that does not take offers is told to whoever sent the tick.
      return rounds.refused > 0
        ? { kind: "unavailable", code: "sink_unavailable" }
        : { kind: "nothing-to-do" };
    } finally {
      ticking = false;
    }
  };
}

function summary({ survey, ...rounds }: RoundsResult, sweep: Sweep, now: number) {
  const { oldestPendingAt } = survey;
  const oldestMs = oldestPendingAt === undefined ? 0 : Math.max(0, now - oldestPendingAt);
  return {
    ...survey.counts,
    ...sweep.counts,
    unreadable: survey.unreadable.length,
    oldest_pending_seconds: Math.round(oldestMs / 1000),
    due: survey.due,
    busy: survey.busy,
    ...rounds,
    pruned: sweep.pruned,
  };
}
