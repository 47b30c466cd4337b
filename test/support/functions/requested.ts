/** A `requested` event in binary content mode, as an upstream service posts it to intake. */
import { eventType } from "../../../functions/domain/events/event-types.ts";

export interface Sender {
  readonly source?: string | undefined;
  /** Default: a new one. */
  readonly id?: string | undefined;
  /** RFC 3339; default: now. */
  readonly time?: string | undefined;
}

export function requested(data: object, { source = "/tests", id, time }: Sender = {}) {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-type": eventType("requested"),
      "ce-source": source,
      "ce-id": id ?? crypto.randomUUID(),
      "ce-time": time ?? new Date().toISOString(),
    },
    body: JSON.stringify(data),
  } satisfies RequestInit;
}
