/**
 * What must hold, whatever happens: held against every write to the ledger, every object that
 * appears and every outcome that is told, and against everything once it is at rest.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import { eventType } from "../../functions/domain/events/event-types.ts";
import { callbackUrlOf } from "../../functions/domain/outcome/callback.ts";
import { recordNames } from "../../functions/domain/record-name.ts";
import {
  isFinal,
  type FinalRequest,
  type ProcessingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import {
  COMPONENTS,
  LABELS,
  sha256Hex,
  type ConfigMap,
} from "../../functions/platform/ledger/configmap-record.ts";
import {
  fromIndex,
  indexName,
  type IndexedEvent,
} from "../../functions/platform/ledger/event-index.ts";
import { fromWish } from "../../functions/platform/ledger/cancel-wish.ts";
import { isWholeOf, kindOf, readMarked } from "./bank.ts";
import type { RecordChange } from "./api-server.ts";
import { NEVER_TAKING } from "./receivers.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { EPOCH } from "./simulated-process.ts";
import { readRecord } from "./read-record.ts";

export interface Terms {
  readonly leaseMs: number;
  /** How far two clocks may be apart. */
  readonly clockSkewMs: number;
  readonly retentionMs: number;
  readonly maxFailures: number;
  /** They are further apart: what rests on clocks alone need not hold, everything else must. */
  readonly isBeyondSkew: boolean;
  /** A PutObject may have its effect ever so late: a request that had ended without a file may get one. */
  readonly isBeyondLanding?: boolean;
  /** For how long nothing has gone wrong, nor come late. */
  readonly calmMs: () => number;
}

/** Ticks enough to delete what is over. */
const SWEPT_MS = 45_000;

/** What has been seen of one request. */
interface History {
  readonly name: string;
  request: StatementRequest | undefined;
  /** Its facts as JSON. */
  facts: string;
  readonly states: Set<string>;
  /** As sent events name them. */
  readonly told: Set<string>;
  /** In the same way, to whoever its callback names. */
  readonly calledBack: Set<string>;
  objects: number;
  /** Under a later millisecond than its event's, as the version before named it: no index is kept for it. */
  isMoved: boolean;
  claimedAt: number;
  holder: string;
  /** Of the record when its end was asked for. */
  wishedAt: number | undefined;
  /** While a wish of status-api stands beside the record. */
  wish: Wish | undefined;
  /** By the true time: until then its holder takes itself for the holder. */
  heldUntil: number;
  /** The same while its last claim has neither been renewed nor given up; 0 from then on. */
  untouchedUntil: number;
  /** When each process last failed to do something with it: what it sent before then it knows nothing of. */
  readonly givenUp: Map<string, number>;
  /** The same of every claim, by its holder as the record names it. */
  readonly leases: Map<string, number>;
}

interface Wish {
  readonly attempt: number;
  hasEnded: boolean;
  /** Its record went first, and a scanner had had the time to see that it was over. */
  isForgotten: boolean;
}

export interface Rules {
  changed(change: RecordChange): void;
  appeared(object: StoredObject, before: StoredObject | undefined): void;
  told(event: StatementEvent): void;
  calledBack(event: StatementEvent): void;
  /** A sender was told that its request is recorded. */
  promised(event: string, record: string): void;
  /** The write that makes an object visible is sent, by a claim of this process. */
  creates(record: string, holder: string): void;
  /** That write is answered or given up, by a process that was paused until then last. */
  hasCreated(record: string, holder: string, pausedUntil: number): void;
  /** When the lease of a claim by this process ends, by the true time; 0 when it is not the holder. */
  heldUntil(record: string, process: string): number;
  /** A builder has answered for the last of the events about a record that it was at. */
  hasAnswered(record: string, process: string): void;
  /** A builder could not do something with a record, and has said so: its sender comes again. */
  hasGivenUp(record: string, process: string): void;
  /** Whether every request has ended, and said so. */
  isAtRest(): boolean;
  /** What does not hold now that everything is at rest. */
  atRest(
    records: ReadonlyMap<string, ConfigMap>,
    store: Pick<ObjectStore, "objects" | "uploads">,
  ): void;
  readonly broken: readonly string[];
  break(rule: string): void;
  readonly states: Readonly<Record<string, number>>;
  /** All that they keep of what has happened, beside the objects that are there. */
  remembered(): unknown;
}

const OUTCOMES = ["executed", "failed", "cancelled"] as const;

/** What the bytes of an object say. */
export interface ReadObject {
  readonly requestId: string;
  /** Whether its rows are all of this customer's, and nobody else's. */
  readonly isWholeOf: (customerId: string) => boolean;
}

/** @param read undefined for an object that is damaged */
export function makeRules(
  terms: Terms,
  now: () => number,
  read: (bytes: Buffer) => ReadObject | undefined = readSimulated,
): Rules {
  const { leaseMs, clockSkewMs, retentionMs, isBeyondSkew, calmMs, maxFailures } = terms;
  const { isBeyondLanding = false } = terms;
  const histories = new Map<string, History>();
  /** The records that an event has had, with the times at which they appeared. */
  const byEvent = new Map<string, Map<string, number>>();
  const indexes = new Map<string, IndexedEvent>();
  const broken: string[] = [];
  const visible = new Map<string, StoredObject>();
  let open = 0;

  const fail = (rule: string): void => void broken.push(`${(now() / 1000).toFixed(3)} s: ${rule}`);
  /** Of what rests on clocks that agree. */
  const failByClock = (rule: string): void => {
    if (!isBeyondSkew) fail(rule);
  };
  /** Of what rests on the time within which a write lands as well. */
  const failByLanding = (rule: string): void => {
    if (!isBeyondLanding) failByClock(rule);
  };
  const historyOf = (name: string): History => {
    const known = histories.get(name);
    if (known) return known;
    const fresh: History = {
      name,
      request: undefined,
      facts: "",
      states: new Set(),
      told: new Set(),
      calledBack: new Set(),
      objects: 0,
      isMoved: false,
      claimedAt: 0,
      holder: "",
      wishedAt: undefined,
      wish: undefined,
      heldUntil: 0,
      untouchedUntil: 0,
      givenUp: new Map(),
      leases: new Map(),
    };
    histories.set(name, fresh);
    return fresh;
  };
  const isResting = (request: StatementRequest | undefined): boolean =>
    request === undefined || (isFinal(request) && request.announced);

  /** As everybody reads it; else nobody can go on with it. */
  function readable(record: ConfigMap): StatementRequest | undefined {
    try {
      return readRecord(record);
    } catch (error) {
      fail(`${record.metadata?.name ?? ""} cannot be read any more: ${String(error)}`);
      return undefined;
    }
  }

  function created(history: History, after: StatementRequest, by: string): void {
    const { id } = after.facts.event;
    history.facts = JSON.stringify(after.facts);
    if (history.states.size > 0) fail(`${history.name} is recorded anew after it was deleted`);
    const records = byEvent.get(keyOf(after)) ?? new Map<string, number>();
    // The same request for at least the retention, and as long as its record or its index is there.
    for (const [earlier, at] of records)
      if (earlier !== history.name)
        if (histories.get(earlier)?.request || at > now() - retentionMs + clockSkewMs)
          fail(`the event ${id} is recorded as ${earlier} and as ${history.name}`);
    byEvent.set(keyOf(after), records.set(history.name, now()));
    const { name: _, ...facts } = after.facts;
    history.isMoved = !recordNames(facts.customerId, facts.event, sha256Hex).includes(history.name);
    if (history.isMoved && by !== INTAKE_BEFORE) fail(`${history.name} is not a name of its event`);
    // The version before writes none.
    if (by !== INTAKE_BEFORE && !isDeepStrictEqual(indexes.get(indexName(facts.event)), facts))
      fail(`${history.name} is recorded, and is not what the index of its event says`);
    if (after.status !== "pending") fail(`${history.name} begins as ${after.status}`);
  }

  function removed({ name, request, told }: History): void {
    if (!request || !isFinal(request) || !request.announced)
      fail(`${name} is deleted while it is ${request?.status ?? "not there"} and not announced`);
    else if (!told.has(request.status)) fail(`${name} is deleted and its end was never told`);
    else if (endOf(request) > now() + EPOCH - retentionMs + clockSkewMs)
      failByClock(`${name} is deleted before its retention is over`);
  }

  function indexed(
    name: string,
    before: ConfigMap | undefined,
    after: ConfigMap | undefined,
  ): void {
    if (before && after) fail(`${name} has changed`);
    if (after) {
      indexes.set(name, fromIndex(after).event);
      return;
    }
    for (const { request, isMoved } of histories.values())
      if (request && !isMoved && indexName(request.facts.event) === name)
        fail(`${name} is deleted, and its record is there`);
    indexes.delete(name);
  }

  function wished({ name, before, after }: RecordChange): void {
    const stored = after ?? before;
    if (before && after) fail(`${name} has changed`);
    if (!stored) return;
    const history = historyOf(fromWish(stored).wish.record);
    const { request, states, wish } = history;
    if (after) {
      if (states.size === 0) fail(`${name} is a wish for what never was`);
      const hasEnded = request === undefined || isFinal(request);
      history.wish = { attempt: request?.attempt ?? 0, hasEnded, isForgotten: false };
      return;
    }
    if (!wish?.hasEnded)
      fail(`${name} is deleted before its request, ${request?.status ?? "gone"}, has ended`);
    else if (wish.isForgotten)
      fail(`${name} stands there for as long as its record, which has ended`);
    history.wish = undefined;
  }

  function holds(history: History, { holder }: ProcessingRequest, sentAt: number): void {
    history.heldUntil = sentAt + leaseMs;
    history.leases.set(holder, history.heldUntil);
  }

  function moved(
    history: History,
    before: StatementRequest,
    after: StatementRequest,
    { sentAt, by }: RecordChange,
  ): void {
    const { name } = history;
    const isOperators = by.startsWith(OPERATOR);
    const move = `${before.status} to ${after.status}`;
    const facts = JSON.stringify(after.facts);
    if (history.facts !== facts) fail(`the facts of ${name} have changed`);
    history.facts = facts;
    if (after.cancelRequestedAt === undefined) history.wishedAt = undefined;
    else history.wishedAt ??= after.attempt;
    if (after.attempt < before.attempt) fail(`the attempt of ${name} went back`);
    if (before.object && before.object.key !== after.object?.key) {
      const taken = visible.get(before.object.key)?.metadata["request-id"];
      if (taken === undefined || taken === name)
        fail(`${name} moves to another key, and nobody else has its own`);
    }
    if (after.status === "processing") {
      if (before.status === "processing" && before.holder === after.holder) {
        if (after.attempt !== before.attempt) fail(`${name} is renewed with another attempt`);
        if (after.leaseExpiresAt !== before.leaseExpiresAt && by !== history.holder)
          fail(`the lease of ${name} is renewed by ${by}, which does not hold it`);
        if (after.leaseExpiresAt < before.leaseExpiresAt - clockSkewMs)
          failByClock(`the lease of ${name} became shorter`);
        if (before.leaseExpiresAt !== after.leaseExpiresAt) {
          holds(history, after, sentAt);
          history.untouchedUntil = 0;
        }
      } else {
        history.claimedAt = now();
        history.holder = after.holder.split("/")[0] ?? "";
        if (isFinal(before)) fail(`${name} is claimed after it has ended`);
        if (after.attempt !== before.attempt + 1) fail(`the claim of ${name} has no new attempt`);
        if (before.status === "processing" && history.heldUntil > now())
          failByClock(
            `${name} is taken from a holder that lives, for ${Math.round(history.heldUntil - now())} ms more`,
          );
        holds(history, after, sentAt);
        const givenUpAt = history.givenUp.get(history.holder) ?? -1;
        history.untouchedUntil = sentAt > givenUpAt ? history.heldUntil : 0;
      }
    }
    if (after.status === "pending" && before.status !== "processing" && !isOperators) {
      if (before.status !== "pending") fail(`${name} moves from ${move} by ${by}`);
    }
    if (isFinal(before) && after.status !== before.status) {
      const foundLate = after.status === "executed" && before.status !== "executed";
      const again = after.status === "pending" && before.status === "failed" && isOperators;
      if (!foundLate && !again) fail(`${name} moves from ${move}`);
    }
    if (before.status !== "processing" && isFinal(after) && !isFinal(before))
      fail(`${name} moves from ${move} without a holder`);
    if (before.status === "processing" && after.status !== "processing") {
      // Of a write that nobody has signed it is not known.
      if (by !== "" && by !== history.holder)
        fail(`${name} moves from ${move} by ${by}, which does not hold it`);
      if (after.status === "pending" && after.lastError === undefined)
        fail(`${name} is given back without a reason`);
    }
    if (isFinal(after) && !isFinal(before)) hasItsReason(name, after);
    if (isFinal(before) && (!isFinal(after) || (before.announced && !after.announced)))
      history.told.delete(before.status);
    if (isFinal(after)) tellsTheTruth(history, after);
    if (after.status === "pending" && after.nextAttemptAt > now() + EPOCH + LONGEST_WAIT_MS)
      fail(`${name} waits longer than any pause`);
    if (after.status === "executed") isSameObject(name, after);
    if (after.status === "failed" && after.errorCode === "object_damaged" && !isFinal(before)) {
      const found = visible.get(after.object?.key ?? "");
      if (!found || read(found.bytes)) fail(`${name} fails for a damage that is not there`);
    }
    if ((after.status === "cancelled" || after.status === "failed") && !isFinal(before))
      for (const object of visible.values())
        if (object.metadata["request-id"] === name && read(object.bytes))
          failByLanding(`${name} ends as ${after.status} although its object is there`);
  }

  function hasItsReason(name: string, request: FinalRequest): void {
    const { status, cancelRequestedAt, failures, facts } = request;
    if (status === "cancelled" && cancelRequestedAt === undefined)
      fail(`${name} is cancelled, and nobody has asked for it`);
    if (status !== "failed") return;
    if (request.errorCode === "retries_exhausted" && failures < maxFailures)
      fail(`${name} is given up after ${failures} failures`);
    if (request.errorCode === "unknown_customer" && kindOf(facts.customerId) !== "unknown")
      if (failures < maxFailures) fail(`${name} fails for a customer that is there`);
  }

  function tellsTheTruth({ name, told, calledBack }: History, request: FinalRequest): void {
    const { status, callback, facts } = request;
    if ((request.announced || request.accepted) && !told.has(status))
      fail(`${name} says that its end was told, and it was not`);
    if (callback?.state === "delivered" && !calledBack.has(status))
      fail(`${name} says that its callback was made, and it was not`);
    if (callback?.state === "given-up" && !NEVER_TAKING.includes(callbackUrlOf(facts)))
      fail(`${name} gives up a callback that is taken`);
    const isOwed = callback === undefined || callback.state === "owed";
    if (request.announced && callbackUrlOf(facts) !== undefined && isOwed)
      fail(`${name} is at rest, and its callback is owed`);
  }

  function isSameObject(
    name: string,
    { object, bytes, sha256 }: Extract<StatementRequest, { status: "executed" }>,
  ): void {
    const found = visible.get(object.key);
    if (!found) fail(`${name} is executed and has no object`);
    else if (found.metadata["request-id"] !== name) fail(`${name} points at another one's object`);
    else if (!read(found.bytes)) fail(`${name} is executed, and its object is damaged`);
    else if (
      found.bytes.byteLength !== bytes ||
      createHash("sha256").update(found.bytes).digest("hex") !== sha256
    )
      fail(`${name} says other bytes than its object has`);
  }

  function hear({ type, subject }: StatementEvent, by: "told" | "calledBack"): void {
    const outcome = OUTCOMES.find((one) => eventType(one) === type);
    if (!outcome) return;
    const history = historyOf(subject);
    history[by].add(outcome);
    if (!history.states.has(outcome)) fail(`${subject} is told to be ${outcome}, and was not`);
  }

  return {
    broken,
    break: fail,
    changed(change) {
      const component = componentOf(change.after ?? change.before);
      if (component === COMPONENTS.index) {
        indexed(change.name, change.before, change.after);
        return;
      }
      if (component === COMPONENTS.wish) {
        wished(change);
        return;
      }
      if (component !== COMPONENTS.request) return;
      const history = historyOf(change.name);
      const before = history.request;
      const after = change.after && readable(change.after);
      if (change.after && !after) return;
      if (!isResting(before)) open--;
      if (!isResting(after)) open++;
      if (!before && after) created(history, after, change.by);
      else if (before && !after) removed(history);
      else if (before && after) moved(history, before, after, change);
      history.request = after;
      if (after) history.states.add(after.status);
      if (history.wish && (!after || isFinal(after))) history.wish.hasEnded = true;
      if (history.wish && !after) history.wish.isForgotten = calmMs() > SWEPT_MS;
    },
    appeared(object, before) {
      const { key, bytes, metadata } = object;
      if (before && key.endsWith("create-only-probe")) fail("the probe was overwritten");
      if (key.endsWith("create-only-probe")) return;
      visible.set(key, object);
      const name = metadata["request-id"] ?? "";
      const history = historyOf(name);
      if (before) fail(`the object of ${name} was overwritten`);
      else if (++history.objects > 1) fail(`${name} has ${history.objects} objects`);
      const { request } = history;
      if (!request && history.states.size === 0)
        fail(`an object of ${name} appears, which has no record`);
      else if (!request) failByLanding(`an object of ${name} appears, whose record is deleted`);
      else if (request.status === "cancelled" || request.status === "failed")
        failByLanding(`an object of ${name} appears after it has ended as ${request.status}`);
      if (Number(metadata["attempt"]) > (history.wishedAt ?? Infinity))
        fail(`an object of ${name} is built by a claim that came after the wish to cancel`);
      // The claim right behind it may have looked before there was one.
      const { wish } = history;
      if (wish && !wish.hasEnded && Number(metadata["attempt"]) > wish.attempt + 1)
        fail(`an object of ${name} is built by a claim that has not seen the wish beside it`);
      const said = read(bytes);
      if (!said) return;
      if (said.requestId !== name) fail(`the object of ${name} holds another one's`);
      else if (request && !said.isWholeOf(request.facts.customerId))
        fail(`the object of ${name} has rows that are not its customer's`);
    },
    told: (event) => hear(event, "told"),
    calledBack: (event) => hear(event, "calledBack"),
    promised(event, record) {
      if (byEvent.get(event)?.has(record) !== true)
        fail(`the event ${event} was answered for with ${record}, which is not its record`);
    },
    creates(record, holder) {
      const until = histories.get(record)?.leases.get(holder) ?? 0;
      if (until < now())
        fail(`${holder.split("/")[0] ?? ""} sends the object of ${record} after its lease`);
    },
    hasCreated(record, holder, pausedUntil) {
      const until = histories.get(record)?.leases.get(holder) ?? 0;
      // Whoever is paused gives up nothing until it goes on.
      if (until < now() && pausedUntil < until)
        fail(`${holder.split("/")[0] ?? ""} waits for the object of ${record} after its lease`);
    },
    heldUntil(record, process) {
      const history = histories.get(record);
      return history?.holder === process ? history.heldUntil : 0;
    },
    hasAnswered(record, process) {
      const history = histories.get(record);
      if (history?.request?.status !== "processing" || history.holder !== process) return;
      if (history.untouchedUntil > now())
        fail(`${process} has claimed ${record}, and answers without having worked on it`);
    },
    hasGivenUp(record, process) {
      const history = histories.get(record);
      if (!history) return;
      history.givenUp.set(process, now());
      if (history.holder === process) history.untouchedUntil = 0;
    },
    isAtRest: () => open === 0 && ![...histories.values()].some(({ wish }) => wish),
    atRest(records, { objects, uploads }) {
      for (const [name, configMap] of records) {
        const component = componentOf(configMap);
        if (component === COMPONENTS.index) continue;
        if (component === COMPONENTS.wish) {
          fail(`${name} is left, and its request has ended`);
          continue;
        }
        if (component !== COMPONENTS.request) continue;
        const request = readRecord(configMap);
        if (!isFinal(request)) fail(`${name} is stuck: ${request.status}`);
        else if (!request.announced) fail(`${name} is stuck: its end is not told`);
        if (request.status === "executed") {
          const found = objects.get(request.object.key);
          if (found?.metadata["request-id"] !== name)
            fail(`${name} is executed without its object`);
        }
      }
      for (const { key, metadata, begunAt } of uploads.values()) {
        const history = historyOf(metadata["request-id"] ?? "");
        const { request } = history;
        // Whoever has moved on to another key never completes one that began late at the key before.
        const isAtItsKey = request && "object" in request && request.object?.key === key;
        if (isAtItsKey && begunAt < history.claimedAt)
          fail(`an upload of ${history.name} is left open, from before its last claim`);
      }
      for (const { metadata, bytes } of objects.values()) {
        const name = metadata["request-id"];
        const request = name === undefined ? undefined : histories.get(name)?.request;
        if (request && request.status !== "executed" && read(bytes))
          failByLanding(
            `${request.facts.name} is ${request.status} at rest, and its object is there`,
          );
      }
    },
    remembered: () => ({ histories, byEvent, indexes }),
    get states() {
      const counts: Record<string, number> = {};
      for (const { request, states } of histories.values()) {
        const last = request?.status ?? (states.size > 0 ? "deleted" : "none");
        counts[last] = (counts[last] ?? 0) + 1;
      }
      return counts;
    },
  };
}

function readSimulated(bytes: Buffer): ReadObject | undefined {
  const read = readMarked(bytes);
  if (!read) return undefined;
  const { manifest, marks } = read;
  return {
    requestId: manifest.request_id,
    isWholeOf: (customerId) => isWholeOf(customerId, marks),
  };
}

function componentOf(configMap: ConfigMap | undefined): string | undefined {
  return configMap?.metadata?.labels?.[LABELS.component];
}

function keyOf({ facts }: StatementRequest): string {
  return `${facts.event.source} ${facts.event.id}`;
}

export const OPERATOR = "operator";
export const INTAKE_BEFORE = "intake-before";
/** More than RETRY_MAX and the start of a Job. */
const LONGEST_WAIT_MS = 6 * 60_000;

function endOf(request: StatementRequest): number {
  if (request.status === "executed") return request.executedAt;
  if (request.status === "failed") return request.failedAt;
  return request.status === "cancelled" ? request.cancelledAt : 0;
}
