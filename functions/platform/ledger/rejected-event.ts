/**
 * Parked events, and their names. There is a fixed number of those, so that what is parked can never use up
 * the room of requests, whoever parks it and however many instances of intake there are; and each
 * sender has a share of them, so that one cannot use up the others'.
 */
import { sha256Hex, type ConfigMap } from "./configmap-record.ts";
import { refOf, type RecordRef } from "./stored-configmap.ts";

/** An event that is not a request, kept until somebody looks at it. */
export interface RejectedEvent {
  /** SHA-256 in hex of what it is: the same event again is the same ConfigMap. */
  readonly hash: string;
  /** Whose share of the places it takes. */
  readonly sharer: string;
  readonly fields: Readonly<Record<string, string>> & { readonly received_at: string };
}

export type KeptRejected =
  | { readonly outcome: "created" | "exists"; readonly name: string }
  /** The sharer's places are taken. */
  | { readonly outcome: "full"; readonly name?: undefined };

export interface StoredRejectedEvent extends RecordRef {
  readonly fields: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch: by intake, or by the API server where somebody has spoilt that by hand. */
  readonly receivedAt: number;
}

export function fromRejected(configMap: ConfigMap): StoredRejectedEvent {
  const { metadata, data: fields = {} } = configMap;
  const told = Date.parse(fields["received_at"] ?? "");
  const createdAt = new Date(metadata?.creationTimestamp ?? NaN).getTime();
  return { ...refOf(configMap), fields, receivedAt: Number.isNaN(told) ? createdAt : told };
}

export const REJECTED_PLACES = 1_024;
const SHARES = 8;
const PLACES_OF_A_SHARE = REJECTED_PLACES / SHARES;
/** Beyond so many that are taken by others the share counts as full. */
const TRIES = 16;

/** @param hash SHA-256 of the event in hex; the same event finds the same places */
export function* rejectedNames(hash: string, sharer: string): Generator<string> {
  const share = numberOf(sha256Hex(sharer), 0) % SHARES;
  const first = numberOf(hash, 0);
  // Odd, so that it leads through all of the share's places.
  const step = numberOf(hash, 1) | 1;
  for (let tried = 0; tried < TRIES; tried++) {
    const place = (first + tried * step) % PLACES_OF_A_SHARE;
    const number = String(share * PLACES_OF_A_SHARE + place).padStart(4, "0");
    yield `rejected-event-${number}`;
  }
}

/** The `index`-th 24 bits of a hash: small enough that no sum of them is rounded or negative. */
function numberOf(hex: string, index: number): number {
  return Number.parseInt(hex.slice(index * 6, index * 6 + 6), 16);
}
