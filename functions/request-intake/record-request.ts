/**
 * Creates the record of an event, or finds the one it has already. Source and id are the event: the
 * first of a pair has its time and facts written into an index, and the record follows from that
 * alone, so that a repeat with another time, on whatever instance, is the same request.
 *
 * The index comes first. Whoever dies behind it leaves an index without a record, and any repeat
 * creates that record, as the index says, while the first event's time is in its window. It is not
 * created later, because it may have been there, have ended, and have been deleted.
 *
 * Events of one customer may carry the same millisecond. The first takes the short name; every
 * other one has a name with its own hash, so the thousandth costs what the second does.
 */
import { isDeepStrictEqual } from "node:util";
import { eventHash, recordName, recordNames } from "../domain/record-name.ts";
import {
  recordRequest,
  type RequestFacts,
  type StatementRequest,
} from "../domain/statement-request.ts";
import type { IndexedEvent } from "../platform/ledger/event-index.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { sha256Hex } from "../platform/ledger/configmap-record.ts";
import { isTooOld, type IntakeRules, type RequestedStatement } from "./requested-event.ts";

export type Recording =
  | { readonly kind: "recorded"; readonly request: StatementRequest; readonly isNew?: true }
  /** The same event was recorded with other data. */
  | { readonly kind: "conflict" }
  /** The first event of this source and id is too old, and its record is gone. */
  | { readonly kind: "too-old" }
  | { readonly kind: "absent" };

export interface RequestRecorderOptions {
  readonly ledger: Pick<Ledger, "create" | "read" | "index" | "readIndex">;
  readonly now: () => number;
  readonly rules: Pick<IntakeRules, "eventWindowDays">;
}

export type RequestRecorder = ReturnType<typeof makeRequestRecorder>;

export function makeRequestRecorder({ ledger, now, rules }: RequestRecorderOptions) {
  /** What stands under `name`, as far as it is this event's. */
  async function look(
    name: string,
    event: AskedEvent,
    signal: AbortSignal,
  ): Promise<Recording | { readonly kind: "other"; readonly request: StatementRequest }> {
    signal.throwIfAborted();
    const stored = await ledger.read(name, signal);
    if (!stored) return { kind: "absent" };
    const spelt = (await isFormerSpelling(stored.request, event, signal))
      ? event.former
      : undefined;
    const same = spelt ? { ...event, event: { ...event.event, ...spelt } } : event;
    return sameEvent(stored.request, same) ?? { kind: "other", request: stored.request };
  }

  /** A record of version 0.1.0, which read escapes of headers otherwise; later ones have an index. */
  async function isFormerSpelling(
    { facts }: StatementRequest,
    { former }: AskedEvent,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { source, id } = facts.event;
    if (former?.source !== source || former.id !== id) return false;
    return (await ledger.readIndex(former, signal)) === undefined;
  }

  /** Asks for the time right before it creates: whoever was paused behind the index is late too. */
  async function take(name: string, event: IndexedEvent): Promise<Recording | "exists"> {
    if (isTooOld(event.event.time, rules, now())) return { kind: "too-old" };
    const request = recordRequest({ ...event, name });
    return (await ledger.create(request)) === "created"
      ? { kind: "recorded", request, isNew: true }
      : "exists";
  }

  /**
   * Version 0.1.0 gave an event the next free millisecond: its records are found there. The names
   * are looked through as long as they are of such records, and a few others may lie between; no
   * sender can make that longer, because none is written there any more.
   */
  async function findMoved(event: AskedEvent, signal: AbortSignal): Promise<Recording> {
    let others = 0;
    for (let step = 1; step < MAX_MOVED && others <= OTHERS_BETWEEN; step++) {
      const time = event.event.time + step;
      const found = await look(recordName(event.customerId, time, sha256Hex), event, signal);
      if (found.kind !== "other") return found;
      if (found.request.facts.event.time === time) others++;
    }
    return { kind: "absent" };
  }

  /** The record under one of the names that an event of this time may have. */
  async function findByTime(event: AskedEvent, signal: AbortSignal): Promise<Recording> {
    // Beyond the thirteen digits of a name there is nothing to find.
    if (event.event.time < 0 || event.event.time > 9_999_999_999_999) return { kind: "absent" };
    const [name, secondName] = namesOf(event);
    const found = await look(name, event, signal);
    if (found.kind !== "other" && found.kind !== "absent") return found;
    // Whoever had the short name may be deleted by now.
    const second = await look(secondName, event, signal);
    if (second.kind !== "absent") return settled(second);
    return found.kind === "other" ? await findMoved(event, signal) : second;
  }

  async function create(
    event: IndexedEvent,
    former: AskedEvent["former"],
    signal: AbortSignal,
  ): Promise<Recording> {
    const [name, secondName] = namesOf(event);
    const first = await take(name, event);
    if (first !== "exists") return first;
    const asked = { ...event, former };
    const found = await look(name, asked, signal);
    if (found.kind !== "other") return found;

    const moved = await findMoved(asked, signal);
    if (moved.kind !== "absent") return moved;

    const second = await take(secondName, event);
    return second === "exists" ? settled(await look(secondName, asked, signal)) : second;
  }

  /** The record of an event that comes again; created when whoever wrote the index did not come so far. */
  async function again(
    indexed: IndexedEvent,
    asked: RequestedStatement,
    signal: AbortSignal,
  ): Promise<Recording> {
    if (!isSameData(indexed, asked)) {
      // A version without indexes may have recorded it before the other data came.
      const earlier = await findByTime(asked, signal);
      return earlier.kind === "recorded" ? earlier : { kind: "conflict" };
    }
    const { former } = asked;
    const found = await findByTime({ ...indexed, former }, signal);
    return found.kind === "absent" ? await create(indexed, former, signal) : found;
  }

  return {
    /** `absent` when the index or the record was deleted in this very moment. */
    async record(asked: RequestedStatement, signal: AbortSignal): Promise<Recording> {
      const { kind: _, former, ...facts } = asked;
      const event = { ...facts, recordedAt: now() };
      if ((await ledger.index(event, signal)) === "created")
        return await create(event, former, signal);
      const indexed = await ledger.readIndex(asked.event, signal);
      return indexed ? await again(indexed, asked, signal) : { kind: "absent" };
    },

    /** Of whoever knows the event and not the record's name. */
    async recordOf(
      event: Pick<IndexedEvent["event"], "source" | "id">,
      signal: AbortSignal,
    ): Promise<Recording> {
      const indexed = await ledger.readIndex(event, signal);
      return indexed ? await findByTime(indexed, signal) : { kind: "absent" };
    },

    /** The record an event has already, or should have; indexes none. */
    async find(asked: RequestedStatement, signal: AbortSignal): Promise<Recording> {
      const indexed = await ledger.readIndex(asked.event, signal);
      return await (indexed ? again(indexed, asked, signal) : findByTime(asked, signal));
    },
  };
}

const MAX_MOVED = 1_000;
const OTHERS_BETWEEN = 16;

/** What names, hashes and comparisons need of it. */
type AskedEvent = Pick<RequestedStatement, "former"> &
  Pick<RequestFacts, "customerId" | "startDate" | "endDate" | "options" | "event">;

function namesOf({ customerId, event }: AskedEvent): readonly [first: string, second: string] {
  return recordNames(customerId, event, sha256Hex);
}

/** Another event under a name that holds this one's hash is one that only looks the same. */
function settled(found: Recording | { readonly kind: "other" }): Recording {
  return found.kind === "other" ? { kind: "conflict" } : found;
}

/** undefined when the record is of another event. */
function sameEvent(request: StatementRequest, event: AskedEvent): Recording | undefined {
  if (hashOf(request.facts) !== hashOf(event)) return undefined;
  return isSameData(request.facts, event) ? { kind: "recorded", request } : { kind: "conflict" };
}

function hashOf({ event }: AskedEvent): string {
  return eventHash(event.source, event.id, sha256Hex);
}

/** As it was sent, before any default: a default may have changed since. */
function isSameData(one: AskedEvent, other: AskedEvent): boolean {
  return isDeepStrictEqual(dataOf(one), dataOf(other));
}

function dataOf({ customerId, startDate, endDate, options }: AskedEvent) {
  return { customerId, startDate, endDate, options };
}
