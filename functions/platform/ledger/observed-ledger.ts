/** How the Kubernetes API behind the ledger answers, one call at a time: measured, and in a trace. */
import { secondsSince, type MetricsRegistry } from "../telemetry/metrics-registry.ts";
import type { Tracer } from "../telemetry/tracing.ts";
import { indexName } from "./event-index.ts";
import type { Ledger } from "./configmap-ledger.ts";
import { monotonic } from "../clock/clock.ts";

/** A call ends after five seconds, and may be tried again a few times. */
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** The same ledger; its lists are not observed: they are as long as what is done with their pages. */
export function observedLedger(ledger: Ledger, registry: MetricsRegistry, tracer: Tracer): Ledger {
  const calls = registry.histogram({
    name: "ledger_call_duration_seconds",
    help: "Calls of the ledger by operation and outcome, with their tries; without lists.",
    labels: ["operation", "outcome"],
    buckets: CALL_SECONDS,
  });

  /** @param record its name; of what has none before, that of the result */
  function observed<T>(
    operation: string,
    record: string | ((result: T) => string | undefined),
    call: () => Promise<T>,
    outcomeOf: (result: T) => string,
  ): Promise<T> {
    return tracer.span({ name: "ledger", of: operation }, async (span) => {
      const startedAt = monotonic();
      let outcome = "error";
      if (typeof record === "string") span.set({ "transactions_collector.record": record });
      try {
        const result = await call();
        outcome = outcomeOf(result);
        span.set({ "transactions_collector.outcome": outcome });
        if (typeof record === "function")
          span.set({ "transactions_collector.record": record(result) });
        return result;
      } finally {
        calls.observe({ operation, outcome }, secondsSince(startedAt));
      }
    });
  }

  return {
    ...ledger,
    create: (request) =>
      observed("create", request.facts.name, () => ledger.create(request), String),
    read: (name, signal) =>
      observed(
        "read",
        name,
        () => ledger.read(name, signal),
        (stored) => (stored ? "found" : "absent"),
      ),
    replace: (stored, next, signal) =>
      observed(
        "replace",
        stored.name,
        () => ledger.replace(stored, next, signal),
        (result) => (result === "conflict" ? "conflict" : "replaced"),
      ),
    remove: (ref) => observed("remove", ref.name, () => ledger.remove(ref), String),
    index: (event, signal) =>
      observed("index", indexName(event.event), () => ledger.index(event, signal), String),
    readIndex: (event, signal) =>
      observed(
        "read-index",
        indexName(event),
        () => ledger.readIndex(event, signal),
        (indexed) => (indexed ? "found" : "absent"),
      ),
    noteUndelivered: (outcome, signal) =>
      observed(
        "note-undelivered",
        outcome.record,
        () => ledger.noteUndelivered(outcome, signal),
        String,
      ),
    wish: (wish, signal) => observed("wish", wish.record, () => ledger.wish(wish, signal), String),
    readWish: (record, signal) =>
      observed(
        "read-wish",
        record,
        () => ledger.readWish(record, signal),
        (wish) => (wish ? "found" : "absent"),
      ),
    keepRejected: (event, signal) =>
      observed(
        "keep-rejected",
        ({ name }) => name,
        () => ledger.keepRejected(event, signal),
        ({ outcome }) => outcome,
      ),
  };
}
