/**
 * A wish for the end of a request, as an immutable ConfigMap of its own beside the record: so status-api,
 * which asks for the end, need only create and read, and can change nothing. The builder acts on it as on
 * the operator's wish, which stands in the record itself; the scanner deletes it once the record has ended.
 */
import type { ConfigMap } from "./configmap-record.ts";
import { text, time, type Fields } from "./record-codec.ts";
import { heldBy, holding, refOf, type RecordRef } from "./stored-configmap.ts";

export interface CancelWish {
  /** Name of the request's record. */
  readonly record: string;
  readonly customerId: string;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number;
  /** Subject of the token of whoever asked. */
  readonly requestedBy: string;
}

export interface StoredWish extends RecordRef {
  readonly wish: CancelWish;
}

export interface WishesPage {
  readonly wishes: readonly StoredWish[];
  readonly unreadable: readonly string[];
}

const FIELDS: Fields<CancelWish> = {
  record: text("record"),
  customerId: text("customer_id"),
  requestedAt: time("requested_at"),
  requestedBy: text("requested_by"),
};

/** One a record: asked for twice it is the same wish. */
export function wishName(record: string): string {
  return `cancel-${record}`;
}

export function toWish(wish: CancelWish): ConfigMap {
  const name = wishName(wish.record);
  const { customerId } = wish;
  const stored = holding(wish, { component: "wish", name, fields: FIELDS, customerId });
  return { ...stored, immutable: true };
}

/** @throws UnreadableRecord naming the field */
export function fromWish(configMap: ConfigMap): StoredWish {
  return { ...refOf(configMap), wish: heldBy(configMap, FIELDS) };
}
