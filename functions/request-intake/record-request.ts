/**
 * Creates the record of an event, or finds the one it has already. The name follows from the
 * event, so nothing is looked up first: of two who create it, one is told that it exists.
 *
 * Two events of one customer may carry the same millisecond. The later one takes the next free
 * name, and finds it again by the same steps when it is repeated.
 */
import { isDeepStrictEqual } from "node:util";
import { eventHash, recordName } from "../domain/record-name.ts";
import { recordRequest, type StatementRequest } from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { sha256Hex } from "../platform/ledger/configmap-record.ts";
import type { RequestedStatement } from "./requested-event.ts";

export type Recording =
  | { readonly kind: "recorded"; readonly request: StatementRequest }
  /** The same event was recorded with other data. */
  | { readonly kind: "conflict" }
  | { readonly kind: "absent" };

const MAX_STEPS = 1_000;

export type RequestRecorder = ReturnType<typeof makeRequestRecorder>;

export function makeRequestRecorder(ledger: Ledger, now: () => number) {
  async function walk(
    requested: RequestedStatement,
    signal: AbortSignal,
    take: (name: string) => Promise<StatementRequest | undefined>,
  ): Promise<Recording> {
    const { customerId, event } = requested;
    for (let step = 0; step < MAX_STEPS; step++) {
      signal.throwIfAborted();
      const name = recordName(customerId, event.time + step, sha256Hex);
      const taken = await take(name);
      if (taken) return { kind: "recorded", request: taken };
      const stored = await ledger.read(name, signal);
      if (!stored) return { kind: "absent" };
      const same = sameEvent(stored.request, requested);
      if (same) return same;
    }
    return { kind: "absent" };
  }

  return {
    /** `absent` when no name is free, or when the record was deleted in this very moment. */
    async record(requested: RequestedStatement, signal: AbortSignal): Promise<Recording> {
      const { kind: _, ...facts } = requested;
      return await walk(requested, signal, async (name) => {
        const request = recordRequest({ ...facts, name, recordedAt: now() });
        return (await ledger.create(request)) === "created" ? request : undefined;
      });
    },

    /** The record an event has already; creates none. */
    async find(requested: RequestedStatement, signal: AbortSignal): Promise<Recording> {
      // Beyond the thirteen digits of a name there is nothing to find.
      if (requested.event.time < 0 || requested.event.time > 9_999_999_999_999)
        return { kind: "absent" };
      return await walk(requested, signal, () => Promise.resolve(undefined));
    },
  };
}

/** undefined when the record is of another event. */
function sameEvent(
  request: StatementRequest,
  requested: RequestedStatement,
): Recording | undefined {
  if (hashOf(request) !== hashOf(requested)) return undefined;
  const sameData = isDeepStrictEqual(dataOf(request), dataOf(requested));
  return sameData ? { kind: "recorded", request } : { kind: "conflict" };
}

function hashOf({ event }: Pick<StatementRequest, "event">): string {
  return eventHash(event.source, event.id, sha256Hex);
}

/** As it was sent, before any default: a default may have changed since. */
function dataOf({
  customerId,
  startDate,
  endDate,
  options,
}: Pick<StatementRequest, "customerId" | "startDate" | "endDate" | "options">) {
  return { customerId, startDate, endDate, options };
}
