/**
 * Where the broker puts what it could not deliver. Our own wake-ups are dropped, because the ledger
 * still owes them and the tick sends them again. Of an outcome a note is left, so that it is sent
 * again, a few times. Everything else is kept in a ConfigMap until somebody looks at it, in places
 * that are counted apart from those of requests.
 */
import { EVENT_NAMES, eventType, isOutcome } from "../domain/events/event-types.ts";
import { outcomeEvent } from "../domain/events/statement-event.ts";
import {
  MAX_OUTCOME_REPEATS,
  pauseBeforeRepeat,
  repeatsOf,
} from "../domain/outcome/outcome-repeats.ts";
import { isFinal } from "../domain/statement-request.ts";
import type {
  MalformedEvent,
  ParsedEvent,
  ReceivedEvent,
} from "../platform/cloudevents/cloudevent-parse.ts";
import type { EventContext, EventRoute } from "../platform/server/event-handler.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { RejectedEvent } from "../platform/ledger/rejected-event.ts";
import { sha256Hex } from "../platform/ledger/configmap-record.ts";
import type { Answer } from "../platform/server/answers/http-answer.ts";

const OWED_BY_THE_LEDGER = new Set<string>(
  EVENT_NAMES.filter((name) => name !== "requested").map(eventType),
);

export interface DeadLetters {
  readonly ledger: Pick<Ledger, "keepRejected" | "noteUndelivered" | "read">;
  /** Before an outcome is sent again for the first time. */
  readonly firstPauseMs: number;
  readonly now: () => number;
}

export function makeDeadLetterRoute({ ledger, firstPauseMs, now }: DeadLetters): EventRoute {
  async function keep(rejected: RejectedEvent, { log, signal }: EventContext): Promise<Answer> {
    const { name, outcome } = await ledger.keepRejected(rejected, signal);
    if (outcome !== "full") return { kind: "accepted", parked: name };
    log.error("rejected event not kept: the places of its sender are taken");
    return { kind: "unavailable", code: "parked_full" };
  }
  /** A request that is deleted, or tried again, has no such outcome any more. */
  async function endedWith(event: ReceivedEvent, signal: AbortSignal) {
    const request = event.subject ? (await ledger.read(event.subject, signal))?.request : undefined;
    const isIts = request && isFinal(request) && outcomeEvent(request).id === event.id;
    return isIts ? request : undefined;
  }

  async function takeOutcome(event: ReceivedEvent, context: EventContext): Promise<Answer> {
    const log = context.log.child({ request_id: event.subject });
    const request = await endedWith(event, context.signal);
    if (!request) {
      log.warn("an outcome was not delivered that no request of the ledger has");
      return { kind: "nothing-to-do" };
    }
    const repeats = repeatsOf(request);
    if (repeats >= MAX_OUTCOME_REPEATS) {
      log.error(
        { alert: "outcome_not_delivered", repeats },
        "a consumer is still not told; no more repeats",
      );
      return await keep(rejectedEvent(event, context.sender, now()), context);
    }
    const notBefore = now() + pauseBeforeRepeat(repeats, firstPauseMs);
    await ledger.noteUndelivered(
      { record: request.facts.name, attempt: request.attempt, repeats, notBefore },
      context.signal,
    );
    log.warn(
      { repeats, again_at: new Date(notBefore).toISOString() },
      "a consumer was not told how a request ended; it is told again",
    );
    return { kind: "nothing-to-do" };
  }

  return {
    isForBroker: true,
    // A token alone is no reason to park events: the Broker's account is named.
    namedOnly: true,
    handle: async (event, context) => {
      if (!OWED_BY_THE_LEDGER.has(event.type))
        return await keep(rejectedEvent(event, context.sender, now()), context);
      if (isOutcome(event.type)) return await takeOutcome(event, context);
      context.log.info("a wake-up was not delivered; the ledger still owes it");
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
    fields: { ...whole.fields, ...bodyFields(bytes) },
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
        event_source: source,
        event_type: attributes["type"],
        error_code: attributes["knativeerrorcode"],
        error_dest: attributes["knativeerrordest"],
        error_data: attributes["knativeerrordata"],
      }),
      ...(json === undefined ? bodyFields(event.body) : { event: json }),
    },
  };
}

/** The same event parked again, with another error, is the same ConfigMap. */
function identity(event: ParsedEvent, json: string | undefined): string {
  const { id, source, type, time } = event.attributes;
  const content = json === undefined ? base64(event.body) : dataOf(event);
  return JSON.stringify([source, id, type, time, content]);
}

/**
 * What intake takes is far smaller. With the attributes beside it an event takes at most 170 KiB, and all places
 * together at most 170 MiB, however large MAX_BODY_BYTES is.
 */
const MAX_JSON_BYTES = 98_304;
const MAX_KEPT_BYTES = 65_536;

/** Of a longer one the beginning, and how long it was. */
function bodyFields(body: MalformedEvent["body"]): Readonly<Record<string, string>> {
  const kept = body.subarray(0, MAX_KEPT_BYTES);
  const isCut = kept.length < body.length;
  return { body_base64: base64(kept), ...(isCut && { body_bytes: String(body.length) }) };
}

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
