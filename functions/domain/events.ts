/**
 * The contract of the events: types, ids and data. The schemas here are the one source of the
 * TypeScript types, of the checks at intake and of the JSON Schemas in `eventing/schemas/`.
 */
import * as z from "zod";
import { DELIMITERS } from "./csv/csv-dialect.ts";
import { CUSTOMER_ID } from "./record-name.ts";
import { isCallbackUrl, MAX_CALLBACK_URL } from "./outcome/callback.ts";
import { repeatsOf } from "./outcome/outcome-repeats.ts";
import { parseStatementKey } from "./statement-key.ts";
import { FORMATS, LANGUAGES } from "./statement-options.ts";
import { isCalendarDate, isTimeZone } from "./statement-period.ts";
import {
  ERROR_CODES,
  isFinal,
  type FinalRequest,
  type StatementRequest,
} from "./statement-request.ts";

const TYPE_PREFIX = "io.transactions-collector.statement";

export const EVENT_NAMES = [
  "requested",
  "recorded",
  "due",
  "oversized",
  "executed",
  "failed",
  "cancelled",
] as const;
export type EventName = (typeof EVENT_NAMES)[number];
export type EventType = `${typeof TYPE_PREFIX}.${EventName}.v1`;

export function eventType(name: EventName): EventType {
  return `${TYPE_PREFIX}.${name}.v1`;
}

export function dataSchemaUri(name: EventName): string {
  return `https://transactions-collector.io/schemas/statement.${name}.v1.json`;
}

/** Each is a folder of functions/, a bundle, an image and a Service of its name. */
export const FUNCTION_NAMES = ["request-intake", "pending-scanner", "statement-builder"] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** What an installation may have besides, as a component; it takes and sends no events. */
export type ProgramName = FunctionName | "status-api";

/** What each function has, in the order of their list. */
export function byFunction<T>(of: (name: FunctionName) => T): Record<FunctionName, T> {
  return Object.fromEntries(FUNCTION_NAMES.map((name) => [name, of(name)])) as Record<
    FunctionName,
    T
  >;
}

/** What each event says, and which functions send it; `requested` comes from outside. */
export const EVENTS: Record<EventName, EventDescription> = {
  requested: {
    says: "A statement is wanted; posted to request-intake, which answers with recorded.",
    senders: [],
  },
  recorded: { says: "A request was recorded; wakes the builder.", senders: ["request-intake"] },
  due: {
    says: "A recorded request is still owed; wakes the builder again.",
    senders: ["pending-scanner"],
  },
  oversized: {
    says: "A request is too large for the service; a Job takes it.",
    senders: ["pending-scanner", "statement-builder"],
  },
  executed: { says: "The statement lies on S3.", senders: ["statement-builder"] },
  failed: {
    says: "There will be no statement; the data says why.",
    senders: ["statement-builder"],
  },
  cancelled: {
    says: "The request was cancelled before there was a statement.",
    senders: ["statement-builder"],
  },
};

export interface EventDescription {
  readonly says: string;
  readonly senders: readonly FunctionName[];
}

// --- data --------------------------------------------------------------------------------------

const customerId = z.string().regex(CUSTOMER_ID).meta({
  description: "Opaque id of the customer; a Kubernetes label value, part of the object's key.",
});
const calendarDate = (description: string) =>
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .refine(isCalendarDate)
    .meta({ description, format: "date" });
const timeZone = z
  .string()
  .refine(isTimeZone)
  .meta({ description: "IANA time zone of both dates, such as Europe/Berlin." });

const csvOptions = z
  .strictObject({
    bom: z.boolean().optional().meta({ description: "A byte order mark in front. Default false." }),
    delimiter: z.enum(DELIMITERS).optional().meta({
      description: "Between fields. Default a comma; a semicolon with decimal_comma.",
    }),
    by_language: z.boolean().optional().meta({
      description:
        "Delimiter and decimal sign as the language's spreadsheets have them, unless named here too. Default false.",
    }),
    decimal_comma: z.boolean().optional().meta({
      description: "Amounts as -12,50; not with a comma as delimiter. Default false.",
    }),
    ids_as_text: z.boolean().optional().meta({
      description:
        'Ids, references and accounts as ="000123", so that a spreadsheet takes none for a number. Default false.',
    }),
  })
  .refine((csv) => !(csv.decimal_comma === true && csv.delimiter === ","), {
    path: ["decimal_comma"],
  })
  .meta({ description: "How transactions.csv, pending.csv and balances.csv are written." });

/** What may be chosen; each field may be left out, and has a default of the installation. */
export const requestOptions = z.object({
  formats: z
    .array(z.enum(FORMATS))
    .min(1)
    .max(FORMATS.length)
    .refine((formats) => new Set(formats).size === formats.length)
    .optional()
    .meta({
      description: "Further files of the same rows; csv is always there.",
      uniqueItems: true,
    }),
  language: z.enum(LANGUAGES).optional().meta({
    description: "BCP 47 tag of the language of README.txt and statement.pdf.",
  }),
  partial: z.boolean().optional().meta({
    description: "Let end_date be today: the statement ends where the data does. Default false.",
  }),
  include_pending: z.boolean().optional().meta({
    description: "Transactions that are not booked yet, in pending.csv. Default false.",
  }),
  supersedes: z.string().refine(isStatementId).optional().meta({
    description: "statement_id of an earlier statement of the same period that this one replaces.",
  }),
  combined: z.boolean().optional().meta({
    description:
      "All accounts and currencies in one file of camt.053, and in one of OFX. Default false: where there are several, a file for each.",
  }),
  csv: csvOptions.optional(),
  callback_url: z.string().max(MAX_CALLBACK_URL).refine(isCallbackUrl).optional().meta({
    description:
      "Where the outcome event is posted too: https, a host that the installation lists, no user and no fragment.",
    format: "uri",
  }),
});

/** The file name of an object without its ending. */
function isStatementId(text: string): boolean {
  return !text.includes("/") && parseStatementKey(`${text}.zip`) !== undefined;
}

/** Data of `requested`: what an upstream service posts. */
export const requestedData = z.strictObject({
  customer_id: customerId,
  start_date: calendarDate("First day of the statement, inclusive, 1970-01-02 or later."),
  end_date: calendarDate("Last day of the statement, inclusive, in the past unless partial."),
  time_zone: timeZone.optional(),
  ...requestOptions.shape,
});
export type RequestedData = z.infer<typeof requestedData>;

/** Fields the contract names and this version does not build yet: refused, never ignored. */
export const UNSUPPORTED_OPTIONS = ["priority"] as const;

const wakeUpData = z.strictObject({
  request_id: z.string().meta({ description: "Name of the record (a ConfigMap) in the ledger." }),
  customer_id: customerId,
  start_date: calendarDate("First day of the statement, inclusive."),
  end_date: calendarDate("Last day of the statement, inclusive."),
  time_zone: timeZone,
  status: z.enum(["pending", "processing", "executed", "failed", "cancelled"]),
});

/** Data of each event type, by the name in its type. */
export const EVENT_DATA = {
  requested: requestedData,
  recorded: wakeUpData.extend({
    status: wakeUpData.shape.status.optional().meta({
      description: "Sent by version 0.1.0, always as pending; the record may have come further.",
    }),
  }),
  due: wakeUpData.extend({
    outcome_repeats: z.int().min(0).optional().meta({
      description:
        "The outcome is to be sent once more, because a consumer was not told; how often it was already.",
    }),
  }),
  oversized: wakeUpData,
  executed: wakeUpData.extend({
    bucket: z.string(),
    key: z.string(),
    rows: z.int().min(0).meta({ description: "Rows of transactions.csv without its header." }),
    bytes: z.int().min(0).meta({ description: "Size of the zip." }),
    sha256: z.string().meta({ description: "SHA-256 of the zip, lower-case hex." }),
    as_of: z.string().meta({ description: "Instant of the database snapshot, RFC 3339." }),
    executed_at: z.string().meta({ description: "RFC 3339 in UTC." }),
  }),
  failed: wakeUpData.extend({
    error_code: z.enum(ERROR_CODES),
    failed_at: z.string().meta({ description: "RFC 3339 in UTC." }),
  }),
  cancelled: wakeUpData.extend({
    cancelled_at: z.string().meta({ description: "RFC 3339 in UTC." }),
  }),
} as const satisfies Record<EventName, z.ZodType>;

// --- events this product sends -----------------------------------------------------------------

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

const OUTCOMES: ReadonlySet<string> = new Set([
  eventType("executed"),
  eventType("failed"),
  eventType("cancelled"),
]);

/** Whether events of this type say how a request has ended. */
export function isOutcome(type: string): boolean {
  return OUTCOMES.has(type);
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
