/**
 * What must hold of events on their way: what the broker was given and has not lost is taken, or given up by
 * it, and what is given up is not lost by that: noted and told again, or kept where a person finds it.
 */
import { isOutcome } from "../../functions/domain/events/event-types.ts";
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import { MAX_OUTCOME_REPEATS, repeatsOf } from "../../functions/domain/outcome/outcome-repeats.ts";
import { isFinal, type FinalRequest } from "../../functions/domain/statement-request.ts";
import {
  COMPONENTS,
  LABELS,
  type ConfigMap,
} from "../../functions/platform/ledger/configmap-record.ts";
import { fromNote } from "../../functions/platform/ledger/undelivered-outcome.ts";
import type { RecordChange } from "./api-server.ts";
import { isWaitedFor } from "./broker.ts";
import { EPOCH } from "./simulated-process.ts";
import { readRecord } from "./read-record.ts";

export interface DeliveryRules {
  changed(change: RecordChange): void;
  /** The broker has it, and owes it to whoever wants it. */
  accepted(event: StatementEvent): void;
  /** Whoever wants it has it. */
  taken(event: StatementEvent): void;
  /** By the broker, which nobody can help. */
  lost(event: StatementEvent): void;
  /** The dead-letter sink, asked at that time, has answered for it with 2xx. */
  keptBy(event: StatementEvent, from: number): void;
  /** No outcome has to be told again. */
  isAtRest(): boolean;
  atRest(): void;
}

interface Note {
  readonly record: string;
  readonly life: number;
  /** Milliseconds of the world. */
  readonly notBefore: number;
}

export interface DeliveryTerms {
  readonly retentionMs: number;
  readonly clockSkewMs: number;
  /** For how long nothing has gone wrong, nor come late. */
  readonly calmMs: () => number;
  readonly now: () => number;
  readonly fail: (rule: string) => void;
}

/** Ticks enough to have an outcome told again. */
const TOLD_AGAIN_MS = 60_000;

export function makeDeliveryRules(terms: DeliveryTerms): DeliveryRules {
  const { retentionMs, clockSkewMs, calmMs, now, fail } = terms;
  const records = new Map<string, ConfigMap>();
  const notes = new Map<string, Note>();
  /** How often a record was opened again: what an earlier end came to is nobody's matter then. */
  const lives = new Map<string, number>();
  /** Ids of events. */
  const parked = new Set<string>();
  const recorded = new Set<string>();
  /** Outcomes and requests that somebody waits for, by their ids, and when the broker took them last. */
  const owed = new Map<string, { readonly event: StatementEvent; readonly at: number }>();

  /** The request whose outcome this is, as it stands now. */
  function endedWith(id: string): FinalRequest | undefined {
    const name = id.slice(0, id.lastIndexOf("."));
    const record = records.get(name);
    const request = record && readRecord(record);
    const isIts = request && isFinal(request) && id === `${name}.${request.status}`;
    return isIts ? request : undefined;
  }

  /** Whether nobody will come to it any more: of an outcome, while its request still has it. */
  function isForgotten({ id, type, subject }: StatementEvent): boolean {
    if (!isOutcome(type)) return !recorded.has(id) && !parked.has(id);
    const request = endedWith(id);
    return (
      request !== undefined &&
      request.announced &&
      ![...notes.values()].some(({ record: noted }) => noted === subject) &&
      !parked.has(id)
    );
  }

  function lifeOf(record: string): number {
    return lives.get(record) ?? 0;
  }

  function moved({ name, before, after }: RecordChange): void {
    if (after) records.set(name, after);
    else records.delete(name);
    if (after && !before) recorded.add(readRecord(after).facts.event.id);
    for (const { record, life, notBefore } of notes.values()) {
      const isOver = !after && record === name && life === lifeOf(name);
      if (isOver && calmMs() > TOLD_AGAIN_MS && now() - notBefore > TOLD_AGAIN_MS)
        fail(`${name} is deleted, and its outcome was not told again`);
    }
    if (before && after && isFinal(readRecord(before)) && !isFinal(readRecord(after)))
      lives.set(name, lifeOf(name) + 1);
  }

  function noted({ name, before, after }: RecordChange): void {
    const note = notes.get(name);
    if (after) {
      const { record, notBefore, repeats } = fromNote(after).outcome;
      if (repeats >= MAX_OUTCOME_REPEATS) fail(`${name} wants an outcome told again without end`);
      notes.set(name, { record, life: lifeOf(record), notBefore: notBefore - EPOCH });
    } else notes.delete(name);
    if (after || !before) return;
    const { record, attempt, repeats } = fromNote(before).outcome;
    const stored = records.get(record);
    const request = stored && readRecord(stored);
    const isIts = request && isFinal(request) && note?.life === lifeOf(record);
    if (isIts && request.attempt === attempt && repeatsOf(request) <= repeats)
      fail(`${name} is deleted, and the outcome was not told again`);
  }

  /** Nobody is told of it any more. */
  function givenUp(id: string): void {
    const request = endedWith(id);
    const repeats = request ? repeatsOf(request) : MAX_OUTCOME_REPEATS;
    if (repeats < MAX_OUTCOME_REPEATS) fail(`${id} is parked, and was told again ${repeats} times`);
  }

  return {
    changed(change) {
      const { name, before, after } = change;
      const stored = after ?? before;
      const component = stored?.metadata?.labels?.[LABELS.component];
      if (component === COMPONENTS.request) moved(change);
      else if (component === COMPONENTS.undelivered) noted(change);
      else if (component === COMPONENTS.rejected) {
        const { event_id: id = "", received_at: at = "" } = stored?.data ?? {};
        if (after) {
          parked.add(id);
          givenUp(id);
        } else if (Date.parse(at) > now() + EPOCH - retentionMs + clockSkewMs)
          fail(`${name} is deleted before anybody had the time to look`);
      }
    },
    accepted(event) {
      if (isWaitedFor(event.type)) owed.set(event.id, { event, at: now() });
    },
    taken: ({ id }) => void owed.delete(id),
    lost: ({ id }) => void owed.delete(id),
    keptBy(event, from) {
      // Unless it was told again meanwhile.
      if ((owed.get(event.id)?.at ?? Infinity) < from && isForgotten(event))
        fail(`${event.id} was not delivered, and nobody knows of it`);
    },
    isAtRest: () => notes.size === 0,
    atRest() {
      for (const name of notes.keys()) fail(`${name} is stuck: the outcome is not told again`);
      for (const { event } of owed.values())
        if (isForgotten(event))
          fail(`${event.id} was accepted by the broker, and is told to nobody`);
    },
  };
}
