/**
 * The index of an event: a ConfigMap named by the hash of source and id, created before the record
 * of its request and never changed. Kubernetes makes only names unique, and the name of a record
 * holds the event's time; so it is the index that makes an event with another time the same request.
 */
import { eventHash } from "../../domain/record-name.ts";
import type { RequestFacts } from "../../domain/statement-request.ts";
import {
  COMPONENTS,
  FACTS,
  LABELS,
  MANAGER,
  sha256Hex,
  type ConfigMap,
} from "./configmap-record.ts";
import { readFields, writeFields, type Fields } from "./record-codec.ts";
import { refOf, type RecordRef } from "./stored-configmap.ts";

/** What the first event of its source and id has asked for, and when. */
export type IndexedEvent = Omit<RequestFacts, "name">;

export interface StoredIndex extends RecordRef {
  readonly event: IndexedEvent;
}

export interface IndexPage {
  readonly indexes: readonly StoredIndex[];
  readonly unreadable: readonly string[];
}

const { name: _, ...FIELDS } = FACTS;
const EVENT: Fields<IndexedEvent> = FIELDS;

export function indexName({ source, id }: Pick<IndexedEvent["event"], "source" | "id">): string {
  return `statement-event-${eventHash(source, id, sha256Hex)}`;
}

export function toIndex(event: IndexedEvent): ConfigMap {
  const name = indexName(event.event);
  const labels = {
    [LABELS.managedBy]: MANAGER,
    [LABELS.component]: COMPONENTS.index,
    [LABELS.customer]: event.customerId,
  };
  const data = {};
  writeFields(EVENT, event, { name, labels, data, annotations: {} });
  return { metadata: { name, labels }, data, immutable: true };
}

/** @throws UnreadableRecord naming the field */
export function fromIndex(configMap: ConfigMap): StoredIndex {
  const sheet = { name: "", labels: {}, annotations: {}, data: { ...configMap.data } };
  return { ...refOf(configMap), event: readFields(EVENT, sheet) };
}
