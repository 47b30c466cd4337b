/**
 * A note that a consumer was not told how a request has ended: written by request-intake, which may
 * create and read, and deleted by the scanner when the outcome was sent again.
 */
import { COMPONENTS, LABELS, MANAGER, sha256Hex, type ConfigMap } from "./configmap-record.ts";
import { count, readFields, text, time, writeFields, type Fields } from "./record-codec.ts";
import type { RecordRef } from "./stored-configmap.ts";

export interface UndeliveredOutcome {
  /** Name of the request's record. */
  readonly record: string;
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
  repeats: count("outcome_repeats"),
  notBefore: time("not_before"),
};

export function toNote(outcome: UndeliveredOutcome): ConfigMap {
  const hash = sha256Hex(outcome.record).slice(0, 40);
  const name = `undelivered-outcome-${hash}-${outcome.repeats}`;
  const labels = { [LABELS.managedBy]: MANAGER, [LABELS.component]: COMPONENTS.undelivered };
  const data = {};
  writeFields(FIELDS, outcome, { name, labels, data, annotations: {} });
  return { metadata: { name, labels }, data };
}

/** @throws UnreadableRecord naming the field */
export function fromNote({ metadata, data }: ConfigMap): UndeliveredOutcome {
  const name = metadata?.name ?? "";
  return readFields(FIELDS, { name, labels: {}, annotations: {}, data: { ...data } });
}
