/**
 * A note that a consumer was not told how a request has ended: written by request-intake, which may
 * create and read, and deleted by the scanner when the outcome was sent again.
 */
import { sha256Hex, type ConfigMap } from "./configmap-record.ts";
import { count, text, time, type Fields } from "./record-codec.ts";
import { heldBy, holding, refOf, type RecordRef } from "./stored-configmap.ts";

export interface UndeliveredOutcome {
  /** Name of the request's record. */
  readonly record: string;
  /** Which attempt has ended so: after a retry, another outcome is another note. */
  readonly attempt: number;
  /** How often the outcome had been sent again by then: one note for each time. */
  readonly repeats: number;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
}

export interface StoredNote extends RecordRef {
  readonly outcome: UndeliveredOutcome;
}

export interface NotesPage {
  readonly notes: readonly StoredNote[];
  readonly unreadable: readonly string[];
}

const FIELDS: Fields<UndeliveredOutcome> = {
  record: text("record"),
  attempt: count("attempt"),
  repeats: count("outcome_repeats"),
  notBefore: time("not_before"),
};

export function toNote(outcome: UndeliveredOutcome): ConfigMap {
  const hash = sha256Hex(outcome.record).slice(0, 40);
  const name = `undelivered-outcome-${hash}-${outcome.attempt}-${outcome.repeats}`;
  return holding(outcome, { component: "undelivered", name, fields: FIELDS });
}

/** @throws UnreadableRecord naming the field */
export function fromNote(configMap: ConfigMap): StoredNote {
  return { ...refOf(configMap), outcome: heldBy(configMap, FIELDS) };
}
