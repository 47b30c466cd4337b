/**
 * Where the broker puts what it could not deliver. Our own wake-ups and outcomes are dropped,
 * because the ledger still owes them and the tick sends them again; everything else is kept in a
 * ConfigMap until somebody looks at it, in places that are counted apart from those of requests.
 */
import { EVENT_NAMES, eventType } from "../domain/events.ts";
import type {
  MalformedEvent,
  ParsedEvent,
  ReceivedEvent,
} from "../platform/cloudevents/cloudevent-parse.ts";
import type { EventContext, EventRoute } from "../platform/server/event-handler.ts";
import type { Ledger, RejectedEvent } from "../platform/ledger/configmap-ledger.ts";
import { sha256Hex } from "../platform/ledger/configmap-record.ts";
import type { Answer } from "../platform/server/http-answer.ts";

const OWED_BY_THE_LEDGER = new Set<string>(
  EVENT_NAMES.filter((name) => name !== "requested").map(eventType),
);

/** The ledger owes nothing once a Broker has accepted these: what a consumer missed it must look up. */
const OUTCOMES = new Set<string>([
  eventType("executed"),
  eventType("failed"),
  eventType("cancelled"),
]);

export function makeDeadLetterRoute(
  ledger: Pick<Ledger, "keepRejected">,
  now: () => number,
): EventRoute {
  async function keep(rejected: RejectedEvent, { log, signal }: EventContext): Promise<Answer> {
    const { name, outcome } = await ledger.keepRejected(rejected, signal);
    if (outcome !== "full") return { kind: "accepted", parked: name };
    log.error("rejected event not kept: the places of its sender are taken");
    return { kind: "unavailable", code: "parked_full" };
  }
  return {
    isForBroker: true,
    // A token alone is no reason to park events: the Broker's account is named.
    namedOnly: true,
    handle: async (event, context) => {
      if (!OWED_BY_THE_LEDGER.has(event.type))
        return await keep(rejectedEvent(event, context.sender, now()), context);
      if (OUTCOMES.has(event.type))
        context.log.error(
          { alert: "outcome_not_delivered" },
          "a consumer was not told how a request ended; the ledger and the bucket say it",
        );
      else context.log.info("a wake-up was not delivered; the ledger still owes it");
      return { kind: "nothing-to-do" };
    },
    handleMalformed: async (events, context) =>
      await keep(rejectedItems(events, context.sender, now()), context),
  };
}

/**
 * What was no event at all: the body, or of a batch those of its items, in one ConfigMap, which is
 * thus never larger than what was sent.
 */
function rejectedItems(
  events: readonly [MalformedEvent, ...MalformedEvent[]],
  sender: string | undefined,
  receivedAt: number,
): RejectedEvent {
  const [first, ...others] = events;
  const whole = rejectedEvent(first, sender, receivedAt);
  if (!first.item) return whole;
  const items = [first, ...others].map(({ item }) => item?.value);
  const body = toJson(items) ?? first.body;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    ...whole,
    hash: sha256Hex(base64(bytes)),
    fields: { ...whole.fields, body_base64: base64(bytes) },
  };
}

/** Names of the ConfigMap's fields are what `kubectl get -o yaml` and the replay command read. */
function rejectedEvent(
  event: ParsedEvent,
  sender: string | undefined,
  receivedAt: number,
): RejectedEvent {
  const json = jsonFormat(event);
  const { attributes } = event;
  const { source } = attributes;
  return {
    hash: sha256Hex(identity(event, json)),
    sharer: sender ?? (typeof source === "string" ? source : ""),
    fields: {
      received_at: new Date(receivedAt).toISOString(),
      ...textFields({ sender }),
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
  const json = toJson({ ...event.attributes, ...dataOf(event) });
  return json !== undefined && Buffer.byteLength(json) <= MAX_JSON_BYTES ? json : undefined;
}

/** undefined for what cannot be written. */
function toJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
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

/** Of what is no event an attribute may be as long as the body, which is kept anyway. */
const MAX_TEXT = 4_096;

function textFields(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => {
      const [, text] = field;
      return typeof text === "string" && text.length <= MAX_TEXT && text.isWellFormed();
    }),
  );
}
