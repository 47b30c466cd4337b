/**
 * How the ledger stands. One pod of the scanner tells it for all (the monitoring component keeps one),
 * and it tells what its last tick saw.
 */
import { secondsSince, type MetricsRegistry } from "../platform/telemetry/metrics-registry.ts";
import type { OfferLimits, Standing } from "./backlog.ts";
import type { Sweep } from "./retention.ts";
import type { UndeliveredCount } from "./undelivered.ts";

const TICK_ENDS = ["caught-up", "deadline", "refused", "stopping"] as const;
/** Why a tick offers no more: nothing is due, its time is over, the sink refuses, the process ends. */
export type TickEnd = (typeof TICK_ENDS)[number];

export interface Offered {
  readonly end: TickEnd;
  readonly standing: Standing;
  /** Names of ConfigMaps that cannot be read as requests. */
  readonly unreadable: readonly string[];
  /** Offers since the tick came. */
  readonly offered: number;
  /** Offers the sink did not accept. */
  readonly refused: number;
}

export interface Seen extends Sweep, UndeliveredCount {
  /** To cancel, of requests that have not ended. */
  readonly wishes: number;
  /** Of all records. */
  readonly bytes: number;
}

export interface ScannerMetrics {
  offered(result: "accepted" | "refused"): void;
  /** @param startedAt of the tick, a reading of `monotonic()` */
  ticked(offered: Offered, seen: Seen, startedAt: number): void;
  /** It saw less than the whole ledger. */
  tickFailed(): void;
}

const TICK_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

export function makeScannerMetrics(
  registry: MetricsRegistry,
  { limits, now }: { readonly limits: OfferLimits; readonly now: () => number },
): ScannerMetrics {
  let last: Standing | undefined;
  const records = registry.gauge({
    name: "records",
    help: "Requests in the ledger by status; ended ones as of the last whole pass over them.",
    labels: ["status"],
  });
  const unannounced = registry.gauge({
    name: "records_unannounced",
    help: "Ended requests whose outcome event no sink has accepted yet.",
  });
  const callbacks = registry.gauge({
    name: "records_callbacks_owed",
    help: "Ended requests that the sink has accepted, and whose callback is still owed.",
  });
  const unreadable = registry.gauge({
    name: "records_unreadable",
    help: "ConfigMaps with the labels of a request that cannot be read as one.",
  });
  const rejected = registry.gauge({
    name: "rejected_events",
    help: "Events in the ledger that were no acceptable requests, as of the last whole pass.",
  });
  const indexes = registry.gauge({
    name: "event_indexes",
    help: "Indexes of events in the ledger, one for each request, as of the last whole pass.",
  });
  const recordBytes = registry.gauge({
    name: "records_bytes",
    help: "Bytes of the requests in the ledger; ended ones as of the last whole pass over them.",
  });
  const rejectedBytes = registry.gauge({
    name: "rejected_events_bytes",
    help: "Bytes of the rejected events in the ledger, as of the last whole pass.",
  });
  const undelivered = registry.gauge({
    name: "outcomes_undelivered",
    help: "Outcomes that a consumer was not told and that are not sent again yet.",
  });
  const wishes = registry.gauge({
    name: "cancel_wishes",
    help: "Wishes to cancel whose requests have not ended yet.",
  });
  const due = registry.gauge({
    name: "records_due",
    help: "Requests that could be built now, had a builder been free.",
  });
  const busy = registry.gauge({
    name: "builders_busy",
    help: "Requests held by a live lease, or offered and not claimed yet.",
  });
  const capacity = registry.gauge({
    name: "builders_capacity",
    help: "BUILDER_CAPACITY: requests that may be built at a time.",
  });
  capacity.set(limits.builderCapacity);
  registry.gauge({
    name: "oldest_pending_age_seconds",
    help: "How long the oldest pending request has waited since it was recorded; 0 for none.",
    // It grows between ticks too, and most of all when none comes any more.
    collect(gauge) {
      if (last) gauge.set(ageSeconds(last.oldestPendingAt));
    },
  });
  registry.gauge({
    name: "oldest_cancel_age_seconds",
    help: "How long the oldest wish to cancel has waited for the end of its request; 0 for none.",
    collect(gauge) {
      if (last) gauge.set(ageSeconds(last.oldestCancelAt));
    },
  });
  const lastTick = registry.gauge({
    name: "last_tick_timestamp_seconds",
    help: "When the last tick ended that saw the whole ledger, as Unix time.",
  });
  const ticks = registry.histogram({
    name: "tick_duration_seconds",
    help: "Ticks that saw the whole ledger, and how long they took.",
    buckets: TICK_SECONDS,
  });
  const tickEnds = registry.counter({
    name: "ticks_total",
    help: "Ticks by why they offered no more; failed is one that did not see the whole ledger.",
    labels: ["end"],
  });
  for (const end of [...TICK_ENDS, "failed"]) tickEnds.inc({ end }, 0);
  const offers = registry.counter({
    name: "offers_total",
    help: "Requests offered to the builders, by whether the sink accepted the event.",
    labels: ["result"],
  });
  const pruned = registry.counter({
    name: "records_pruned_total",
    help: "Requests, indexes and rejected events deleted after their retention.",
  });

  function ageSeconds(since: number | undefined): number {
    return since === undefined ? 0 : Math.max(0, (now() - since) / 1000);
  }

  return {
    offered: (result) => offers.inc({ result }, 1),
    tickFailed: () => tickEnds.inc({ end: "failed" }),
    ticked({ end, standing, unreadable: names }, sweep, startedAt) {
      last = standing;
      tickEnds.inc({ end });
      records.set({ status: "pending" }, standing.counts.pending);
      records.set({ status: "processing" }, standing.counts.processing);
      unannounced.set(standing.counts.unannounced);
      callbacks.set(standing.counts.callbacks);
      undelivered.set(sweep.undelivered);
      wishes.set(sweep.wishes);
      unreadable.set(names.length);
      due.set(standing.due);
      busy.set(standing.busy);
      for (const [status, count] of Object.entries(sweep.counts ?? {})) {
        records.set({ status }, count);
      }
      recordBytes.set(sweep.bytes);
      if (sweep.rejected) {
        rejected.set(sweep.rejected.count);
        rejectedBytes.set(sweep.rejected.bytes);
      }
      if (sweep.indexes !== undefined) indexes.set(sweep.indexes);
      pruned.inc(sweep.pruned);
      ticks.observe(secondsSince(startedAt));
      lastTick.set(now() / 1000);
    },
  };
}
