/**
 * Creates the record of an event, or finds the one it has already. The name follows from the
 * event, so nothing is looked up first: of two who create it, one is told that it exists.
 *
 * Events of one customer may carry the same millisecond. The first takes the short name; every
 * other one has a name with its own hash, so the thousandth costs what the second does.
 */
import { isDeepStrictEqual } from "node:util";
import { eventHash, recordName, secondRecordName } from "../domain/record-name.ts";
import {
  recordRequest,
  type RequestFacts,
  type StatementRequest,
} from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { sha256Hex } from "../platform/ledger/configmap-record.ts";
import type { RequestedStatement } from "./requested-event.ts";

export type Recording =
  | { readonly kind: "recorded"; readonly request: StatementRequest }
  /** The same event was recorded with other data. */
  | { readonly kind: "conflict" }
  | { readonly kind: "absent" };

export type RequestRecorder = ReturnType<typeof makeRequestRecorder>;

export function makeRequestRecorder(ledger: Ledger, now: () => number) {
  /** What stands under `name`, as far as it is this event's. */
  async function look(
    name: string,
    requested: RequestedStatement,
    signal: AbortSignal,
  ): Promise<Recording | { readonly kind: "other"; readonly request: StatementRequest }> {
    signal.throwIfAborted();
    const stored = await ledger.read(name, signal);
    if (!stored) return { kind: "absent" };
    return sameEvent(stored.request, requested) ?? { kind: "other", request: stored.request };
  }

  async function take(
    name: string,
    requested: RequestedStatement,
  ): Promise<StatementRequest | undefined> {
    const { kind: _, ...facts } = requested;
    const request = recordRequest({ ...facts, name, recordedAt: now() });
    return (await ledger.create(request)) === "created" ? request : undefined;
  }

  /**
   * Version 0.1.0 gave an event the next free millisecond: its records are found there. The names
   * are looked through as long as they are of such records, and a few others may lie between; no
   * sender can make that longer, because none is written there any more.
   */
  async function findMoved(requested: RequestedStatement, signal: AbortSignal): Promise<Recording> {
    const { customerId, event } = requested;
    let others = 0;
    for (let step = 1; step < MAX_MOVED && others <= OTHERS_BETWEEN; step++) {
      const time = event.time + step;
      const found = await look(recordName(customerId, time, sha256Hex), requested, signal);
      if (found.kind !== "other") return found;
      if (found.request.facts.event.time === time) others++;
    }
    return { kind: "absent" };
  }

  return {
    /** `absent` when the record was deleted in this very moment. */
    async record(requested: RequestedStatement, signal: AbortSignal): Promise<Recording> {
      const name = nameOf(requested);
      const first = await take(name, requested);
      if (first) return { kind: "recorded", request: first };
      const found = await look(name, requested, signal);
      if (found.kind !== "other") return found;

      const moved = await findMoved(requested, signal);
      if (moved.kind !== "absent") return moved;

      const secondName = secondRecordName(name, hashOf(requested));
      const second = await take(secondName, requested);
      if (second) return { kind: "recorded", request: second };
      return settled(await look(secondName, requested, signal));
    },

    /** The record an event has already; creates none. */
    async find(requested: RequestedStatement, signal: AbortSignal): Promise<Recording> {
      // Beyond the thirteen digits of a name there is nothing to find.
      if (requested.event.time < 0 || requested.event.time > 9_999_999_999_999)
        return { kind: "absent" };
      const name = nameOf(requested);
      const found = await look(name, requested, signal);
      if (found.kind !== "other") return found;
      const second = await look(secondRecordName(name, hashOf(requested)), requested, signal);
      return second.kind === "absent" ? await findMoved(requested, signal) : settled(second);
    },
  };
}

const MAX_MOVED = 1_000;
const OTHERS_BETWEEN = 16;

function nameOf({ customerId, event }: RequestedStatement): string {
  return recordName(customerId, event.time, sha256Hex);
}

/** Another event under a name that holds this one's hash is one that only looks the same. */
function settled(found: Recording | { readonly kind: "other" }): Recording {
  return found.kind === "other" ? { kind: "conflict" } : found;
}

/** undefined when the record is of another event. */
function sameEvent(
  request: StatementRequest,
  requested: RequestedStatement,
): Recording | undefined {
  if (hashOf(request.facts) !== hashOf(requested)) return undefined;
  const sameData = isDeepStrictEqual(dataOf(request.facts), dataOf(requested));
  return sameData ? { kind: "recorded", request } : { kind: "conflict" };
}

function hashOf({ event }: Pick<RequestFacts, "event">): string {
  return eventHash(event.source, event.id, sha256Hex);
}

/** As it was sent, before any default: a default may have changed since. */
function dataOf({
  customerId,
  startDate,
  endDate,
  options,
}: Pick<RequestFacts, "customerId" | "startDate" | "endDate" | "options">) {
  return { customerId, startDate, endDate, options };
}
