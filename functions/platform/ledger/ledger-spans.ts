/** The ledger in a trace. */
import type { Ledger } from "./configmap-ledger.ts";
import type { Tracer } from "../telemetry/tracing.ts";

/** The same ledger, with a span for each call that is made within one. Lists have none. */
export function tracedLedger(ledger: Ledger, tracer: Tracer): Ledger {
  function traced<T>(
    operation: string,
    record: string,
    call: () => Promise<T>,
    outcomeOf: (result: T) => string,
  ): Promise<T> {
    const attributes = { "transactions_collector.record": record };
    return tracer.span({ name: "ledger", of: operation, attributes }, async (span) => {
      const result = await call();
      span.set({ "transactions_collector.outcome": outcomeOf(result) });
      return result;
    });
  }

  return {
    ...ledger,
    create: (request) => traced("create", request.facts.name, () => ledger.create(request), String),
    read: (name, signal) =>
      traced(
        "read",
        name,
        () => ledger.read(name, signal),
        (stored) => (stored ? "found" : "absent"),
      ),
    replace: (stored, next, signal) =>
      traced(
        "replace",
        stored.name,
        () => ledger.replace(stored, next, signal),
        (result) => (result === "conflict" ? "conflict" : "replaced"),
      ),
    remove: (ref) => traced("remove", ref.name, () => ledger.remove(ref), String),
    keepRejected: (event, signal) =>
      traced(
        "keep-rejected",
        `rejected-event-${event.hash.slice(0, 40)}`,
        () => ledger.keepRejected(event, signal),
        ({ outcome }) => outcome,
      ),
  };
}
