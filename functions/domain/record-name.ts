/**
 * The name of a request's record: `transaction-request-<customer-id>-<13-digit epoch ms>`, and a hash
 * of the event behind it when another event has that name already. It follows from the event alone,
 * so that the same event twice is one record.
 */

/** A Kubernetes label value and part of an object's key: opaque, and free of personal data. */
export const CUSTOMER_ID = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

const DNS_1123_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

export const RECORD_PREFIX = "transaction-request-";

/** First hex digits of a SHA-256; an argument, because domain/ imports nothing of a platform. */
export type HexDigest = (text: string) => string;

export function recordName(customerId: string, time: number, sha256: HexDigest): string {
  return `${RECORD_PREFIX}${dnsName(customerId, sha256)}-${String(time).padStart(13, "0")}`;
}

/**
 * The name of an event that finds its own taken by another one of its customer and millisecond. It
 * follows from the event too, so nobody looks for a free one.
 */
function secondRecordName(name: string, hash: string): string {
  return `${name}-${hash.slice(0, 16)}`;
}

/** The names that the record of an event may have: its own, and the one it has where another event has that. */
export function recordNames(
  customerId: string,
  { source, id, time }: { readonly source: string; readonly id: string; readonly time: number },
  sha256: HexDigest,
): readonly [first: string, second: string] {
  const name = recordName(customerId, time, sha256);
  return [name, secondRecordName(name, eventHash(source, id, sha256))];
}

/** Ids that a Kubernetes name cannot hold are lower-cased and told apart by a short hash. */
function dnsName(customerId: string, sha256: HexDigest): string {
  if (DNS_1123_SUBDOMAIN.test(customerId)) return customerId;
  const readable = customerId.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
  return `${readable}-${sha256(customerId).slice(0, 8)}`;
}

/** Names the index of an event, and is a label of its record; a pair hashed as JSON, so that no join is ambiguous. */
export function eventHash(source: string, id: string, sha256: HexDigest): string {
  return sha256(JSON.stringify([source, id])).slice(0, 40);
}
