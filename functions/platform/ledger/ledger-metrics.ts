/** How the Kubernetes API behind the ledger answers, one call at a time. */
import type { Ledger } from "./configmap-ledger.ts";
import { secondsSince, type MetricsRegistry } from "../telemetry/metrics-registry.ts";

/** A call ends after five seconds, and may be tried again a few times. */
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** The same ledger, with each call timed. Lists are as long as what is done with their pages. */
export function timedLedger(ledger: Ledger, registry: MetricsRegistry): Ledger {
  const calls = registry.histogram({
    name: "ledger_call_duration_seconds",
    help: "Calls of the ledger by operation and outcome, with their tries; without lists.",
    labels: ["operation", "outcome"],
    buckets: CALL_SECONDS,
  });

  async function timed<T>(
    operation: string,
    call: Promise<T>,
    outcomeOf: (result: T) => string,
  ): Promise<T> {
    const startedAt = performance.now();
    let outcome = "error";
    try {
      const result = await call;
      outcome = outcomeOf(result);
      return result;
    } finally {
      calls.observe({ operation, outcome }, secondsSince(startedAt));
    }
  }

  return {
    ...ledger,
    create: (request) => timed("create", ledger.create(request), String),
    read: (name, signal) =>
      timed("read", ledger.read(name, signal), (stored) => (stored ? "found" : "absent")),
    replace: (stored, next, signal) =>
      timed("replace", ledger.replace(stored, next, signal), (result) =>
        result === "conflict" ? "conflict" : "replaced",
      ),
    remove: (ref) => timed("remove", ledger.remove(ref), String),
    keepRejected: (event, signal) =>
      timed("keep-rejected", ledger.keepRejected(event, signal), ({ outcome }) => outcome),
  };
}
