/** The events that this product sends: their ids, times and data follow from the request alone. */
import type { FunctionName } from "../function-names.ts";
import { repeatsOf } from "../outcome/outcome-repeats.ts";
import { isFinal, type FinalRequest, type StatementRequest } from "../statement-request.ts";
import { dataSchemaUri, eventType, type EventName, type EventType } from "./event-types.ts";

/** A CloudEvent's attributes (CloudEvents 1.0) and its JSON data. */
export interface StatementEvent {
  readonly id: string;
  readonly type: EventType;
  readonly source: string;
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly dataschema: string;
  readonly partitionkey: string;
  readonly traceparent?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Wake-up after a record was created, and the answer to the one who asked for it. */
export function recordedEvent(request: StatementRequest): StatementEvent {
  // Time and data of the creation, so that a repeated request gets the very same answer.
  return statementEvent("recorded", "request-intake", `${request.facts.name}.recorded`, {
    request: { facts: request.facts },
    at: request.facts.recordedAt,
  });
}

/** A Job that died before it claimed is offered again under another id after this long. */
const OFFER_WINDOW_MS = 300_000;

/** Wake-up for what is still owed: `due` for the service, which also tells what has ended; `oversized` for a Job. */
export function offerEvent(
  request: StatementRequest,
  sender: FunctionName,
  now: number,
): StatementEvent {
  const name = request.lane === "job" && !isFinal(request) ? "oversized" : "due";
  const id = `${request.facts.name}.${request.attempt}.${Math.floor(now / OFFER_WINDOW_MS)}`;
  return statementEvent(name, sender, id, { request, at: now });
}

/** The wish that a builder announces once more what has ended, void if somebody else has done so. */
export function outcomeAgainEvent(
  request: FinalRequest,
  sender: FunctionName,
  now: number,
): StatementEvent {
  const repeats = repeatsOf(request);
  const id = `${request.facts.name}.announce.${repeats}.${Math.floor(now / OFFER_WINDOW_MS)}`;
  return statementEvent("due", sender, id, {
    request,
    at: now,
    more: { outcome_repeats: repeats },
  });
}

/** What `outcomeAgainEvent` wishes; undefined for any other event. */
export function repeatsWishedFor(data: unknown): number | undefined {
  const { outcome_repeats: repeats } = (data ?? {}) as { readonly outcome_repeats?: unknown };
  return typeof repeats === "number" ? repeats : undefined;
}

/** The outcome; sent until the sink has accepted it, always under the same id. */
export function outcomeEvent(request: FinalRequest): StatementEvent {
  const id = `${request.facts.name}.${request.status}`;
  switch (request.status) {
    case "executed":
      return statementEvent("executed", "statement-builder", id, {
        request,
        at: request.executedAt,
        more: {
          bucket: request.object.bucket,
          key: request.object.key,
          rows: request.rows,
          bytes: request.bytes,
          sha256: request.sha256,
          as_of: rfc3339(request.asOf),
          executed_at: rfc3339(request.executedAt),
        },
      });
    case "failed":
      return statementEvent("failed", "statement-builder", id, {
        request,
        at: request.failedAt,
        more: { error_code: request.errorCode, failed_at: rfc3339(request.failedAt) },
      });
    case "cancelled":
      return statementEvent("cancelled", "statement-builder", id, {
        request,
        at: request.cancelledAt,
        more: { cancelled_at: rfc3339(request.cancelledAt) },
      });
  }
}

interface EventContent {
  readonly request: Pick<StatementRequest, "facts"> & Partial<Pick<StatementRequest, "status">>;
  readonly at: number;
  readonly more?: Readonly<Record<string, unknown>>;
}

function statementEvent(
  name: EventName,
  sender: FunctionName,
  id: string,
  { request: { facts, status }, at, more }: EventContent,
): StatementEvent {
  return {
    id,
    type: eventType(name),
    source: `/transactions-collector/${sender}`,
    subject: facts.name,
    time: rfc3339(at),
    datacontenttype: "application/json",
    dataschema: dataSchemaUri(name),
    partitionkey: facts.customerId,
    traceparent: facts.traceparent,
    data: {
      request_id: facts.name,
      customer_id: facts.customerId,
      start_date: facts.startDate,
      end_date: facts.endDate,
      time_zone: facts.timeZone,
      ...(status && { status }),
      ...more,
    },
  };
}

function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
