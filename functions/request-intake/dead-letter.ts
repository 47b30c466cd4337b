/**
 * Where the broker puts what it could not deliver. Our own wake-ups and outcomes are dropped,
 * because the ledger still owes them and the tick sends them again; everything else is kept whole
 * in a ConfigMap of its own until somebody looks at it.
 */
import { EVENT_NAMES, eventType } from "../domain/events.ts";
import type {
  MalformedEvent,
  ParsedEvent,
  ReceivedEvent,
} from "../platform/cloudevents/cloudevent-parse.ts";
import type { EventRoute } from "../platform/server/event-handler.ts";
import type { Ledger, RejectedEvent } from "../platform/ledger/configmap-ledger.ts";
import { sha256Hex } from "../platform/ledger/configmap-record.ts";
import type { Answer } from "../platform/server/http-answer.ts";
import type { Log } from "../platform/telemetry/log.ts";

const OWED_BY_THE_LEDGER = new Set<string>(
  EVENT_NAMES.filter((name) => name !== "requested").map(eventType),
);

export function makeDeadLetterRoute(
  ledger: Pick<Ledger, "keepRejected">,
  now: () => number,
): EventRoute {
  async function keep(event: ParsedEvent, log: Log): Promise<Answer> {
    const rejected = rejectedEvent(event, now());
    const outcome = await ledger.keepRejected(rejected);
    log.warn({ rejected: rejected.name, outcome }, "rejected event kept");
    return { kind: "accepted" };
  }
  return {
    handle: async (event, { log }) => {
      if (!OWED_BY_THE_LEDGER.has(event.type)) return await keep(event, log);
      log.info("a wake-up or an outcome was not delivered; the ledger still owes it");
      return { kind: "nothing-to-do" };
    },
    handleMalformed: (event, { log }) => keep(event, log),
  };
}

/** Names of the ConfigMap's fields are what `kubectl get -o yaml` and the replay command read. */
export function rejectedEvent(event: ParsedEvent, receivedAt: number): RejectedEvent {
  const json = jsonFormat(event);
  const { attributes } = event;
  return {
    name: `rejected-event-${sha256Hex(identity(event, json)).slice(0, 40)}`,
    fields: {
      received_at: new Date(receivedAt).toISOString(),
      ...textFields({
        event_id: attributes["id"],
        event_source: attributes["source"],
        event_type: attributes["type"],
        error_code: attributes["knativeerrorcode"],
        error_dest: attributes["knativeerrordest"],
        error_data: attributes["knativeerrordata"],
      }),
      ...(json === undefined ? { body_base64: base64(event.body) } : { event: json }),
    },
  };
}

/** The same event parked again, with another error, is the same ConfigMap. */
function identity(event: ParsedEvent, json: string | undefined): string {
  const { id, source, type, time } = event.attributes;
  const content = json === undefined ? base64(event.body) : dataOf(event);
  return JSON.stringify([source, id, type, time, content]);
}

/** A ConfigMap holds 1 MiB in all. */
const MAX_JSON_BYTES = 786_432;

/** CloudEvents JSON format; undefined for what is no event, or cannot be written in that form. */
function jsonFormat(event: ParsedEvent): string | undefined {
  if (event.kind === "malformed") return undefined;
  try {
    const json = JSON.stringify({ ...event.attributes, ...dataOf(event) });
    return Buffer.byteLength(json) <= MAX_JSON_BYTES ? json : undefined;
  } catch (error) {
    // Nested deeper than the stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function dataOf(event: ParsedEvent) {
  const data = (event as Partial<ReceivedEvent>).data;
  if (data === undefined) return {};
  return data instanceof Uint8Array ? { data_base64: base64(data) } : { data };
}

function base64(bytes: MalformedEvent["body"]): string {
  return Buffer.from(bytes).toString("base64");
}

function textFields(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => {
      return typeof field[1] === "string" && field[1].isWellFormed();
    }),
  );
}
