/**
 * The index of an event: a ConfigMap named by the hash of source and id, created before the record
 * of its request and never changed. Kubernetes makes only names unique, and the name of a record
 * holds the event's time; so it is the index that makes an event with another time the same request.
 */
import { eventHash } from "../../domain/record-name.ts";
import type { RequestFacts } from "../../domain/statement-request.ts";
import { FACTS, sha256Hex, type ConfigMap } from "./configmap-record.ts";
import type { Fields } from "./record-codec.ts";
import { heldBy, holding, refOf, type RecordRef } from "./stored-configmap.ts";

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
  const { customerId } = event;
  const index = holding(event, { component: "index", name, fields: EVENT, customerId });
  return { ...index, immutable: true };
}

/** @throws UnreadableRecord naming the field */
export function fromIndex(configMap: ConfigMap): StoredIndex {
  return { ...refOf(configMap), event: heldBy(configMap, EVENT) };
}
