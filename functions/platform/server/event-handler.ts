/** What a function is to the server: a handler of events by path, called once for each event. */
import type {
  MalformedEvent,
  ParsedEvent,
  ParsedMessage,
  ReceivedEvent,
} from "../cloudevents/cloudevent-parse.ts";
import { mapConcurrently } from "../limits/concurrency.ts";
import { answerToError, type Answer, type BatchAnswer } from "./http-answer.ts";
import { endOfReceived, receivedSpan } from "./event-spans.ts";
import type { Log } from "../telemetry/log.ts";
import { errorType, type Span, type Tracer } from "../telemetry/tracing.ts";

export interface EventContext {
  /** Aborts on disconnect, own deadline and the end of the drain; its reason is a `RequestAborted`. */
  readonly signal: AbortSignal;
  /** Carries the ids of the request and of the event. */
  readonly log: Log;
  /** Subject of the sender's token; undefined where no tokens are asked for. */
  readonly sender?: string | undefined;
}

export type EventHandler = (event: ReceivedEvent, context: EventContext) => Promise<Answer>;

export interface EventRoute {
  /** Subjects of tokens that may send here, besides those that may send to every path. */
  readonly senders?: readonly string[] | undefined;
  readonly handle: EventHandler;
  /** For a path that keeps what is no event; without it the answer is 400. */
  readonly handleMalformed?: (event: MalformedEvent, context: EventContext) => Promise<Answer>;
}

export type EventMessage = Exclude<ParsedMessage, { kind: "unsupported-media-type" }>;

/** Rejects only when the signal was aborted; any other error is logged here and becomes an answer. */
export async function answerEvents(
  message: EventMessage,
  route: EventRoute,
  context: EventContext & { readonly eventsAtOnce: number; readonly tracer: Tracer },
): Promise<Answer | BatchAnswer> {
  const { tracer, log } = context;
  const answer = async (event: ParsedEvent, own: EventContext) =>
    await tracer.span(receivedSpan(event), async (span) => {
      own.log.setBindings(span.logFields);
      return await answerEvent(event, route, own, span);
    });
  // The lines of the whole HTTP request are in the trace of its one event.
  if (message.kind === "single") return await answer(message.event, context);
  const answers = await mapConcurrently(
    message.events,
    context.eventsAtOnce,
    async (event) => await answer(event, { ...context, log: log.child({}) }),
  );
  return { kind: "batch", answers };
}

async function answerEvent(
  event: ParsedEvent,
  route: EventRoute,
  { signal, sender, log: requestLog }: EventContext,
  span: Span,
): Promise<Answer> {
  const log = requestLog.child({ ...logFields(event), sender });
  try {
    signal.throwIfAborted();
    const answer = await handleParsed(event, route, { signal, sender, log }, span);
    // The sender knows from the answer; an operator finds it under these words.
    if ("problems" in answer) log.warn({ problems: answer.problems }, "event refused");
    endOfReceived(span, answer);
    return answer;
  } catch (err) {
    if (signal.aborted) throw err;
    log.error({ err }, "the event was not handled");
    span.fail(errorType(err));
    return answerToError(err);
  }
}

async function handleParsed(
  event: ParsedEvent,
  route: EventRoute,
  context: EventContext,
  { traceparent }: Span,
): Promise<Answer> {
  // What the event brings about goes on from this span.
  if (event.kind === "event") return await route.handle({ ...event, traceparent }, context);
  if (route.handleMalformed) return await route.handleMalformed(event, context);
  return { kind: "invalid", problems: event.problems };
}

/** Ids and types come from outside; a log line stays a line. */
const MAX_LOGGED = 200;

function logFields({ attributes }: ParsedEvent): Readonly<Record<string, string>> {
  const fields = { event_id: attributes["id"], event_type: attributes["type"] };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value.slice(0, MAX_LOGGED)]] : [],
    ),
  );
}
