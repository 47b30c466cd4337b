/** Arbitrary requests for statements, and arbitrary ways to spoil them, for property tests. */
import fc from "fast-check";
import { LANGUAGES } from "../../functions/domain/statement-options.ts";

const TYPE = "io.transactions-collector.statement.requested.v1";

export type JsonEvent = Readonly<Record<string, unknown>>;

/** An HTTP request as it goes over the wire. */
export interface WireMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const DATES = ["2025-01-31", "2025-02-28", "2025-10-26", "2025-12-01", "2025-12-31"] as const;

const period = fc
  .tuple(fc.constantFrom(...DATES), fc.constantFrom(...DATES))
  .map(([a, b]) => (a < b ? { start_date: a, end_date: b } : { start_date: b, end_date: a }));

const options = fc.record(
  {
    formats: fc.uniqueArray(fc.constantFrom("csv", "pdf", "jsonl", "camt.053", "ofx"), {
      minLength: 1,
    }),
    language: fc.constantFrom(...LANGUAGES),
    partial: fc.boolean(),
    include_pending: fc.boolean(),
    callback_url: fc.constantFrom(
      "https://hooks.example.com/done?access_token=a%20b",
      "https://hooks.example.com:8443/%C3%BC",
    ),
    csv: fc.record(
      {
        bom: fc.boolean(),
        delimiter: fc.constantFrom(";", "\t", "|"),
        decimal_comma: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const data = fc
  .record({
    customer_id: fc.constantFrom("c", "C-1", "a.b_c-9", "x".repeat(63), "0"),
    period,
    time_zone: fc.option(fc.constantFrom("UTC", "Europe/Berlin", "America/Argentina/Ushuaia"), {
      nil: undefined,
    }),
    options,
  })
  .map(({ customer_id, period: dates, time_zone, options: chosen }) => ({
    customer_id,
    ...dates,
    ...(time_zone && { time_zone }),
    ...chosen,
  }));

/** A request that is valid in the days before `now`, in the CloudEvents JSON format. */
export function validEvent(now: number): fc.Arbitrary<JsonEvent & { readonly data: JsonEvent }> {
  return fc.record({
    specversion: fc.constant("1.0"),
    id: fc.uuid(),
    source: fc.constantFrom("/bank", "urn:bank:branch:7", "https://bank.example/app?a=b#c"),
    type: fc.constant(TYPE),
    time: fc
      .integer({ min: now - 5 * 86_400_000, max: now })
      .map((time) => new Date(time).toISOString()),
    data,
  });
}

type Change = (event: JsonEvent & { readonly data: JsonEvent }) => JsonEvent;

const without = (event: JsonEvent, key: string): JsonEvent =>
  Object.fromEntries(Object.entries(event).filter(([name]) => name !== key));

/** Not a string, so no attribute and no field of a request. */
const notText = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.array(fc.integer()),
  fc.dictionary(fc.string(), fc.integer()),
);

/** Fields of the data that hold a text. */
const TEXT_FIELDS = [
  "customer_id",
  "start_date",
  "end_date",
  "time_zone",
  "language",
  "supersedes",
  "callback_url",
];

/** Changes after which no event is a valid request, whatever it was before. */
export const breakingChange: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom("specversion", "id", "source", "type", "time", "data").map(
    (key): Change =>
      (event) =>
        without(event, key),
  ),
  fc
    .constantFrom("customer_id", "start_date", "end_date")
    .map((key): Change => (event) => ({ ...event, data: without(event.data, key) })),
  fc
    .tuple(fc.constantFrom("specversion", "id", "source", "type", "time"), notText)
    .map(([key, value]): Change => (event) => ({ ...event, [key]: value })),
  fc.tuple(fc.constantFrom(...TEXT_FIELDS), notText).map(([key, value]): Change => (event) => ({
    ...event,
    data: { ...event.data, [key]: value },
  })),
  fc
    .constantFrom(
      { start_date: "2025-02-29" },
      { end_date: "2026-01-16" },
      { end_date: "9999-12-31" },
      { start_date: "1970-01-01" },
      { start_date: "2025-12-31", end_date: "2025-12-30" },
      { start_date: "2020-01-01" },
      { customer_id: "" },
      { customer_id: "a b" },
      { customer_id: "../secrets" },
      { customer_id: "x".repeat(64) },
      { customer_id: "c\n" },
      { time_zone: "Nowhere/Land" },
      { time_zone: "" },
      { time_zone: "__proto__" },
      { formats: [] },
      { formats: ["csv", "csv"] },
      { formats: ["docx"] },
      { language: "EN" },
      { partial: "true" },
      { partial: true, end_date: "2026-01-17" },
      { include_pending: 0 },
      { supersedes: "x".repeat(300) },
      { supersedes: "c-1-2-1768478398123" },
      { callback_url: "http://hooks.example.com/" },
      { callback_url: "https://hooks.example.com/ü" },
      { callback_url: " https://hooks.example.com/" },
      { callback_url: "https://hooks.example.com:8080/" },
      { callback_url: "https://elsewhere.example.com/" },
      { callback_url: "https://a:b@hooks.example.com/" },
      { callback_url: "https://hooks.example.com/#here" },
      { callback_url: `https://hooks.example.com/${"x".repeat(2_048)}` },
      { callback_url: "https://127.0.0.1/" },
      { callback_url: "https://[::ffff:7f00:1]/" },
      { callback_url: "/done" },
      { csv: null },
      { csv: { delimiter: ";;" } },
      { csv: { delimiter: ",", decimal_comma: true } },
      { csv: { eol: "\n" } },
      { priority: "high" },
      { end_date: null },
    )
    .map((change): Change => (event) => ({ ...event, data: { ...event.data, ...change } })),
  fc
    .constantFrom(
      { specversion: "0.3" },
      { type: `${TYPE}x` },
      { time: "2025-11-01T00:00:00Z" },
      { time: "2026-02-30T00:00:00Z" },
      { time: "now" },
      { source: "" },
      { id: "\u0000" },
      { id: "\ud800" },
    )
    .map((change): Change => (event) => ({ ...event, ...change })),
  fc
    .string({ minLength: 1 })
    .filter((key) => !TEXT_FIELDS.includes(key))
    .map((key): Change => (event) => {
      const more: unknown = JSON.parse(`{${JSON.stringify(key)}:1}`);
      return { ...event, data: { ...event.data, ...(more as JsonEvent) } };
    }),
);

/** Changes after which the event may or may not be valid. */
export const anyChange: fc.Arbitrary<Change> = fc.oneof(
  breakingChange,
  fc
    .tuple(fc.string({ unit: "binary" }), fc.jsonValue())
    .map(([key, value]): Change => (event) => ({ ...event, [key]: value })),
  fc.jsonValue().map((value): Change => (event) => ({ ...event, data: value })),
  fc
    .string({ unit: "binary", minLength: 1 })
    .map((id): Change => (event) => ({ ...event, id, subject: id })),
);

export function structured(event: unknown): WireMessage {
  return json("application/cloudevents+json", event);
}

export function batched(events: readonly unknown[]): WireMessage {
  return json("application/cloudevents-batch+json", events);
}

/** Attributes that no header can hold are left out, as a sender would have to. */
export function binary(event: JsonEvent): WireMessage {
  const { data: content, ...attributes } = event;
  const headers = Object.entries(attributes).flatMap(([name, value]) =>
    /^[a-z0-9]+$/i.test(name) && typeof value === "string" && /^[\x21-\x7e]*$/.test(value)
      ? [[`ce-${name}`, value] as const]
      : [],
  );
  const { body } = json("", content ?? null);
  return {
    headers: { "content-type": "application/json", ...Object.fromEntries(headers) },
    body: content === undefined ? new Uint8Array() : body,
  };
}

function json(contentType: string, value: unknown): WireMessage {
  return {
    headers: { "content-type": contentType },
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

const HEADER_VALUE = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(toChar) });

function toChar(code: number): string {
  return String.fromCharCode(code);
}

/** Other headers, cut, doubled and overwritten bytes: damage on the wire, or malice. */
export const damage: fc.Arbitrary<(message: WireMessage) => WireMessage> = fc.oneof(
  fc
    .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
    .map(([at, bytes]) => (message: WireMessage) => {
      const body = Uint8Array.from(message.body);
      if (body.length > 0) body.set(bytes.subarray(0, 1), at % body.length);
      return { ...message, body };
    }),
  fc.nat().map((at) => (message: WireMessage) => ({
    ...message,
    body: message.body.subarray(0, at % (message.body.length + 1)),
  })),
  fc.uint8Array({ maxLength: 300 }).map((body) => (message: WireMessage) => ({ ...message, body })),
  fc
    .tuple(
      fc.constantFrom(
        "content-type",
        "content-encoding",
        "ce-id",
        "ce-time",
        "ce-specversion",
        "ce-source",
        "ce-type",
        "ce-data",
        "ce-datacontenttype",
        "traceparent",
        "ce-",
        "accept",
      ),
      fc.oneof(
        HEADER_VALUE,
        fc.constantFrom(
          "application/json",
          "application/cloudevents+json",
          "text/json; charset=utf-8",
          "application/cloudevents-batch+json",
          "application/xml",
          "%",
          "%ff",
          "1.0",
          "gzip",
        ),
      ),
    )
    .map(([name, value]) => (message: WireMessage) => ({
      ...message,
      headers: { ...message.headers, [name]: value },
    })),
);
