/** Events in a trace: received, and sent on. */
import { EVENT_NAMES, eventType } from "../../domain/events/event-types.ts";
import type { StatementEvent } from "../../domain/events/statement-event.ts";
import type { ParsedEvent } from "../cloudevents/cloudevent-parse.ts";
import type { CloudEventSink } from "../cloudevents/cloudevent-sink.ts";
import type { Answer } from "./answers/http-answer.ts";
import type { SpanAttributes } from "../telemetry/spans.ts";
import type { Span, SpanStart, Tracer } from "../telemetry/tracing.ts";

const NAMES = new Map<unknown, string>([
  ...EVENT_NAMES.map((name) => [eventType(name), name] as const),
  ["dev.knative.sources.ping", "tick"],
]);

/** Ids come from outside. */
const MAX_LENGTH = 200;

/**
 * The parent is what the event's own attribute names, the trace it was made in. The header of the HTTP
 * request tells only of its last hop, as CloudEvents' extension Distributed Tracing has it, so it is a link.
 */
export function receivedSpan(event: ParsedEvent): SpanStart {
  const { id, source, type, subject } = event.attributes;
  const name = NAMES.get(type);
  const text = (value: unknown) =>
    typeof value === "string" ? value.slice(0, MAX_LENGTH) : undefined;
  return {
    name: "process",
    of: name ?? "other",
    parent: event.kind === "event" ? event.traceparent : undefined,
    links: event.kind === "event" ? [event.hop] : [],
    attributes: {
      "messaging.operation.type": "process",
      "cloudevents.event_id": text(id),
      "cloudevents.event_source": text(source),
      "cloudevents.event_type": text(type),
      // Of others nobody knows what it says.
      "cloudevents.event_subject":
        name === undefined || name === "tick" || name === "requested" ? undefined : text(subject),
    },
  };
}

/** What became of a received event. */
export function endOfReceived(span: Span, answer: Answer): void {
  span.set({
    "transactions_collector.outcome": answer.kind,
    ...(answer.kind === "event" ? { "transactions_collector.record": answer.event.subject } : {}),
  });
  if ("problems" in answer) span.set({ "error.type": answer.problems[0]?.code });
  if (answer.kind === "unavailable") span.fail(answer.code);
}

/**
 * The same sink, with each event sent in a span of its request's trace. The HTTP header names that span;
 * the event's attribute is the request's own, so that an event repeated is the same event. Only an offer
 * is made anew each time, and names the span that sent it.
 */
export function tracedSink(sink: CloudEventSink, tracer: Tracer): CloudEventSink {
  return {
    send: (event, options) =>
      tracer.span(sentSpan(event), async (span) => {
        const { traceparent } = span;
        const sent = isOffer(event) ? { ...event, traceparent } : event;
        const result = await sink.send(sent, { ...options, traceparent });
        span.set({ "transactions_collector.outcome": result.kind });
        if (result.kind === "refused") span.fail(String(result.status));
        if (result.kind === "unreachable") span.fail(result.reason);
        return result;
      }),
  };
}

function sentSpan(event: StatementEvent): SpanStart {
  const attributes: SpanAttributes = {
    "messaging.operation.type": "send",
    "cloudevents.event_id": event.id,
    "cloudevents.event_source": event.source,
    "cloudevents.event_type": event.type,
    "cloudevents.event_subject": event.subject,
  };
  return {
    name: "send",
    of: NAMES.get(event.type) ?? "other",
    parent: event.traceparent,
    attributes,
  };
}

function isOffer({ type }: StatementEvent): boolean {
  return type === eventType("due") || type === eventType("oversized");
}
