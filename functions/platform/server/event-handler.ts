/** What a function is to the server: a handler of events by path, called once for each event. */
import {
  parseItem,
  type MalformedEvent,
  type ParsedEvent,
  type ParsedMessage,
  type ReceivedEvent,
} from "../cloudevents/cloudevent-parse.ts";
import type { Problem } from "../cloudevents/cloudevent-attributes.ts";
import { mapConcurrently } from "../limits/concurrency.ts";
import { answerToError, type Answer, type BatchAnswer } from "./answers/http-answer.ts";
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
  /** Closed to tokens whose subjects no list names. */
  readonly namedOnly?: boolean;
  /** Whether a Broker posts here, which cannot do anything with an answer but its status. */
  readonly isForBroker?: boolean;
  readonly handle: EventHandler;
  /** All that is wrong with what is no event, where its path knows more than that. */
  readonly explain?: (event: MalformedEvent) => readonly Problem[];
  /**
   * For a path that keeps what is no event: called once for all of a request, so that a batch of
   * nothing costs no more than its bytes. Without it the answer is 400.
   */
  readonly handleMalformed?: (
    events: readonly [MalformedEvent, ...MalformedEvent[]],
    context: EventContext,
  ) => Promise<Answer>;
}

/** What is wrong with what is no event, its data included. */
function problemsOf(event: MalformedEvent, { explain }: EventRoute): readonly Problem[] {
  return explain ? explain(event) : event.problems;
}

export type EventMessage = Extract<ParsedMessage, { kind: "single" | "batch" }>;

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
      return await answerEvent(own, span, event, (inner) =>
        handleParsed(event, route, inner, span),
      );
    });
  // The lines of the whole HTTP request are in the trace of its one event.
  if (message.kind === "single") {
    const answered = await answer(message.event, context);
    logEndings([answered], log.child({ ...logFields(message.event), sender: context.sender }));
    return answered;
  }
  const items = await mapConcurrently(message.items, context.eventsAtOnce, async (item) => {
    const event = parseItem(item, message.body);
    if (event.kind === "malformed") return event;
    return await answer(event, { ...context, log: log.child({}) });
  });
  const kept = await keepMalformed(items.filter(isMalformed), route, context);
  const answers = items.map((one): Answer => {
    return isMalformed(one) ? (kept ?? { kind: "invalid", problems: problemsOf(one, route) }) : one;
  });
  logEndings(answers, log);
  return { kind: "batch", answers };
}

function isMalformed(one: Answer | MalformedEvent): one is MalformedEvent {
  return one.kind === "malformed";
}

/** undefined when there is none, or when the path keeps none. */
async function keepMalformed(
  events: readonly MalformedEvent[],
  { handleMalformed }: EventRoute,
  context: EventContext & { readonly tracer: Tracer },
): Promise<Answer | undefined> {
  const [first, ...others] = events;
  if (!first || !handleMalformed) return undefined;
  const keep = async (span: Span): Promise<Answer> =>
    await answerEvent(context, span, first, (own) => handleMalformed([first, ...others], own));
  return await context.tracer.span(receivedSpan(first), keep);
}

async function answerEvent(
  { signal, sender, log: requestLog }: EventContext,
  span: Span,
  event: ParsedEvent,
  handle: (context: EventContext) => Promise<Answer>,
): Promise<Answer> {
  const log = requestLog.child({ ...logFields(event), sender });
  try {
    signal.throwIfAborted();
    const answer = await handle({ signal, sender, log });
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
  if (route.handleMalformed) return await route.handleMalformed([event], context);
  return { kind: "invalid", problems: problemsOf(event, route) };
}

/** Enough to see what is wrong; a sender's thousandth mistake is like its first. */
const MAX_LOGGED_ENDINGS = 20;

/**
 * What was refused or parked: the sender knows from the answer, an operator finds it under these
 * words. One line each, however many events there are.
 */
function logEndings(answers: readonly Answer[], log: Log): void {
  const isBatch = answers.length > 1;
  const problems: object[] = [];
  const parked = new Set<string>();
  let refused = 0;
  for (const [index, answer] of answers.entries()) {
    if (answer.kind === "accepted" && answer.parked !== undefined) parked.add(answer.parked);
    if (!("problems" in answer)) continue;
    refused++;
    const room = MAX_LOGGED_ENDINGS - problems.length;
    for (const { field, code } of answer.problems.slice(0, room))
      problems.push(isBatch ? { index, field, code } : { field, code });
  }
  if (refused > 0) log.warn({ ...(isBatch ? { refused } : {}), problems }, "event refused");
  if (parked.size === 0) return;
  const [first] = parked;
  const names = isBatch ? Array.from(parked).slice(0, MAX_LOGGED_ENDINGS) : first;
  log.warn({ ...(isBatch ? { kept: parked.size } : {}), rejected: names }, "rejected event kept");
}

/** They come from outside; a log line stays a line. */
const MAX_LOGGED = 200;

function logFields({ attributes }: ParsedEvent): Readonly<Record<string, string>> {
  const { id: event_id, source: event_source, type: event_type } = attributes;
  const fields = { event_id, event_source, event_type };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value.slice(0, MAX_LOGGED)]] : [],
    ),
  );
}
