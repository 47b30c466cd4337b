/**
 * Events out of an HTTP message, in the three content modes of the CloudEvents HTTP binding 1.0.2:
 * binary (`ce-` headers), structured (`application/cloudevents+json`) and batched
 * (`application/cloudevents-batch+json`). Each item of a batch stands for itself.
 */
import type { IncomingHttpHeaders } from "node:http";
import {
  attributeProblems,
  fieldName,
  isSource,
  type Problem,
  type RawAttributes,
} from "./cloudevent-attributes.ts";
import { decodeHeaderValue, formerlyDecoded, utf8 } from "./cloudevent-binary.ts";
import { doubledKeys, type DoubledKey } from "./doubled-keys.ts";
import { readTraceparent } from "../telemetry/traceparent.ts";

export interface ReceivedEvent {
  readonly kind: "event";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly specversion: "1.0";
  readonly subject?: string | undefined;
  /** RFC 3339 as it was sent; never invented. */
  readonly time?: string | undefined;
  readonly datacontenttype?: string | undefined;
  /** W3C trace context, from the event or else from the HTTP request. */
  readonly traceparent?: string | undefined;
  /** That of the HTTP request: of the last hop, when the event has one of its own. */
  readonly hop?: string | undefined;
  /** Set by Knative's broker ingress. */
  readonly knativearrivaltime?: string | undefined;
  /** Every attribute as it was received, extensions included. */
  readonly attributes: RawAttributes;
  /** The parsed value of JSON data, bytes of any other content type, undefined without data. */
  readonly data: unknown;
  /** The HTTP body it came in, which of a batch holds the other events too. */
  readonly body: Uint8Array;
  /** As version 0.1.0 read them, where that is something else. */
  readonly former?: { readonly source: string; readonly id: string } | undefined;
}

/** What was sent as an event and is none. */
export interface MalformedEvent {
  readonly kind: "malformed";
  readonly problems: readonly Problem[];
  /** Whatever looked like an attribute. */
  readonly attributes: RawAttributes;
  /** The HTTP body it came in. */
  readonly body: Uint8Array;
  /** What its data would be, where they can be read. */
  readonly asked?: { readonly data: unknown };
  /** The one item of a batch; absent where the body is all there is. */
  readonly item?: { readonly value: unknown };
}

export type ParsedEvent = ReceivedEvent | MalformedEvent;

export type ParsedMessage =
  | { readonly kind: "single"; readonly event: ParsedEvent }
  /** Each item is an event for `parseItem`, when its turn comes. */
  | { readonly kind: "batch"; readonly items: readonly BatchItem[]; readonly body: Uint8Array }
  | { readonly kind: "too-many-events" }
  | { readonly kind: "unsupported-media-type" };

export interface BatchItem {
  readonly value: unknown;
  readonly doubled: readonly DoubledKey[];
}

/** Of one batch. */
export const MAX_EVENTS = 1_000;

/** @param twice names of headers that came more than once: which of their values is meant nobody can know */
export function parseMessage(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  twice: readonly string[] = [],
): ParsedMessage {
  if (twice.includes("content-type")) {
    const problems = [{ field: "content-type", code: "doubled_header" }];
    return { kind: "single", event: malformed({ body, problems }) };
  }
  const contentType = parseContentType(headers["content-type"]);
  const encoding = headers["content-encoding"] ?? "identity";
  if (contentType === undefined || encoding.toLowerCase() !== "identity")
    return { kind: "unsupported-media-type" };
  switch (contentMode(contentType, headers)) {
    case "batch":
      return parseBatch(body);
    case "structured":
      return { kind: "single", event: parseStructured(body, headers) };
    case "binary":
      return { kind: "single", event: parseBinary(headers, body, twice) };
    case undefined:
      return { kind: "unsupported-media-type" };
  }
}

// --- content type and mode ---------------------------------------------------------------------

/** Lower-cased media type without parameters; undefined for a character set that is not UTF-8. */
function parseContentType(header: string | undefined): string | undefined {
  const [mediaType = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  const charset = parameters.map((one) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(one)?.[1]);
  const foreign = charset.some((one) => one !== undefined && !/^(utf-?8|us-ascii)$/.test(one));
  return foreign ? undefined : mediaType.trim();
}

function contentMode(
  mediaType: string,
  headers: IncomingHttpHeaders,
): "batch" | "structured" | "binary" | undefined {
  if (mediaType === "application/cloudevents-batch+json") return "batch";
  if (mediaType === "application/cloudevents+json") return "structured";
  if (mediaType.startsWith("application/cloudevents")) return undefined;
  // Plain JSON without `ce-` headers is told which attributes it lacks; other bodies are no events.
  return hasAttributes(headers) || isJson(mediaType) ? "binary" : undefined;
}

function hasAttributes(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => name.startsWith("ce-"));
}

/** What HTTP clients add to a body whose sender named no type. */
const FORM = "application/x-www-form-urlencoded";

function isJson(mediaType: string): boolean {
  return mediaType === "" || /^(application|text)\/json$|\+json$/.test(mediaType);
}

function isJsonContent(datacontenttype: unknown): boolean {
  if (typeof datacontenttype !== "string") return true;
  return isJson(datacontenttype.toLowerCase().split(";", 1).join("").trim());
}

// --- the three modes ---------------------------------------------------------------------------

function parseBinary(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  twice: readonly string[],
): ParsedEvent {
  const { attributes, former, problems: spelling } = attributesFromHeaders(headers, twice);
  const http = httpTrace(headers);
  const raw = { attributes, former, body, http };
  // What cannot be read is there: it is neither missing nor of a wrong form.
  const unread = new Set(spelling.map(({ field }) => field).filter((field) => field in attributes));
  const withSpelling = (...more: readonly Problem[]): ParsedEvent => {
    const others = attributeProblems(attributes).filter(({ field }) => !unread.has(field));
    return malformed({ attributes, body, problems: [...spelling, ...others, ...more] });
  };
  if (spelling.length > 0) return withSpelling();
  if (body.length === 0) return received({ ...raw, data: undefined });
  const isForm = parseContentType(headers["content-type"]) === FORM;
  if (!isForm && !isJsonContent(attributes["datacontenttype"]))
    return received({ ...raw, data: body });
  const json = parseJson(body);
  if (json && json.doubled.length > 0) return withSpelling(...doubledProblems(json.doubled));
  // Told what it lacks, it would be told of each attribute that it has.
  if (json && !hasAttributes(headers) && isWholeEvent(json.value))
    return malformed({ body, problems: [{ field: "content-type", code: "invalid_format" }] });
  if (!isForm && json) return received({ ...raw, data: json.value });
  if (!isForm) return withSpelling({ field: "data", code: "malformed_json" });
  if (!json || !isObject(json.value))
    return withSpelling({ field: "content-type", code: "required" });
  const { datacontenttype: _, ...sent } = attributes;
  return received({ ...raw, attributes: sent, data: json.value });
}

function attributesFromHeaders(headers: IncomingHttpHeaders, twice: readonly string[]) {
  const attributes: Record<string, string> = {};
  const former: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith("ce-")) continue;
    const name = header.slice("ce-".length);
    const text = String(value);
    const decoded = decodeHeaderValue(text);
    if (decoded === undefined) problems.push({ field: fieldName(name), code: "not_utf8" });
    // RFC 9110, section 5.3: no list, so one value that nobody has sent would be made of two.
    else if (twice.includes(header))
      problems.push({ field: fieldName(name), code: "doubled_header" });
    attributes[name] = decoded === undefined ? "" : asMeant(name, decoded, text);
    former[name] = formerlyDecoded(text);
  }
  const datacontenttype = headers["content-type"];
  const { source = "", id = "" } = former;
  const isSame = source === attributes["source"] && id === attributes["id"];
  return {
    attributes: { ...attributes, ...(datacontenttype && { datacontenttype }) },
    former: isSame ? undefined : { source, id },
    problems,
  };
}

/** Some SDKs escape a header, and some do not: of a URI, which has escapes of its own, the one that is one. */
function asMeant(name: string, decoded: string, header: string): string {
  const raw = utf8(header);
  if (name !== "source" || raw === decoded) return decoded;
  return !isSource(decoded) && isSource(raw) ? raw : decoded;
}

function parseStructured(body: Uint8Array, headers: IncomingHttpHeaders): ParsedEvent {
  const json = parseJson(body);
  if (!json) return malformed({ body, problems: [{ field: "body", code: "malformed_json" }] });
  if (json.doubled.length > 0) return malformed({ body, problems: doubledProblems(json.doubled) });
  return fromJson(json.value, body, httpTrace(headers));
}

function parseBatch(body: Uint8Array): ParsedMessage {
  const json = parseJson(body);
  if (!json || !Array.isArray(json.value)) {
    const code = json ? "invalid_format" : "malformed_json";
    return { kind: "single", event: malformed({ body, problems: [{ field: "body", code }] }) };
  }
  const values: readonly unknown[] = json.value;
  if (values.length > MAX_EVENTS) return { kind: "too-many-events" };
  const doubled = Map.groupBy(json.doubled, ({ item }) => item);
  const items = values.map((value, item) => ({ value, doubled: doubled.get(item) ?? [] }));
  return { kind: "batch", items, body };
}

/** One item of a batch, whose body is `body`. */
export function parseItem({ value, doubled }: BatchItem, body: Uint8Array): ParsedEvent {
  const event =
    doubled.length > 0
      ? malformed({ body, problems: doubledProblems(doubled) })
      : fromJson(value, body);
  return event.kind === "malformed" ? { ...event, item: { value } } : event;
}

/** One event of the CloudEvents JSON format 1.0.2; an attribute that is null counts as not set. */
function fromJson(value: unknown, body: Uint8Array, http?: string): ParsedEvent {
  if (!isObject(value))
    return malformed({ body, problems: [{ field: "body", code: "invalid_format" }] });
  const { data, data_base64, ...rest } = value;
  const attributes = Object.fromEntries(Object.entries(rest).filter(([, one]) => one !== null));
  if (data_base64 === undefined || data_base64 === null)
    return received({ attributes, data, body, http });
  const decoded = data === undefined ? decodeBase64(data_base64) : undefined;
  if (!decoded)
    return malformed({
      attributes,
      body,
      problems: [...attributeProblems(attributes), { field: "data", code: "invalid_format" }],
    });
  if (!isJsonContent(attributes["datacontenttype"]))
    return received({ attributes, data: decoded, body, http });
  const json = parseJson(decoded);
  if (json && json.doubled.length > 0)
    return malformed({ attributes, body, problems: doubledProblems(json.doubled) });
  return received({ attributes, data: json ? json.value : decoded, body, http });
}

// --- from raw to checked -----------------------------------------------------------------------

interface RawEvent {
  readonly attributes: RawAttributes;
  readonly data: unknown;
  readonly body: Uint8Array;
  /** `traceparent` of the HTTP request. */
  readonly http?: string | undefined;
  readonly former?: ReceivedEvent["former"];
}

function received({ attributes, data, body, http, former }: RawEvent): ParsedEvent {
  const problems = attributeProblems(attributes);
  if (problems.length > 0) return malformed({ attributes, body, problems, asked: { data } });
  const text = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    kind: "event",
    id: text("id") ?? "",
    source: text("source") ?? "",
    type: text("type") ?? "",
    specversion: "1.0",
    subject: text("subject"),
    time: text("time"),
    datacontenttype: text("datacontenttype"),
    traceparent: traceparent(text("traceparent")) ?? http,
    hop: http,
    knativearrivaltime: text("knativearrivaltime"),
    attributes,
    data,
    body,
    former,
  };
}

function malformed(event: Partial<MalformedEvent> & Pick<MalformedEvent, "body" | "problems">) {
  return { kind: "malformed", attributes: {}, ...event } as const;
}

/** Another form than W3C's is dropped. */
function traceparent(value: string | undefined): string | undefined {
  return readTraceparent(value) && value;
}

function httpTrace(headers: IncomingHttpHeaders): string | undefined {
  return traceparent(headers["traceparent"]?.toString());
}

function doubledProblems(doubled: readonly DoubledKey[]): readonly Problem[] {
  const fields = new Set(doubled.map(({ key }) => fieldName(key, "data")));
  return Array.from(fields, (field) => ({ field, code: "doubled_key" }));
}

/** Or a batch of them. */
function isWholeEvent(value: unknown): boolean {
  const [first = value] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return isObject(first) && "specversion" in first;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value in a box, because `null` and `false` are values too. */
function parseJson(
  body: Uint8Array,
): { readonly value: unknown; readonly doubled: readonly DoubledKey[] } | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return { value: JSON.parse(text), doubled: doubledKeys(text) };
  } catch {
    return undefined;
  }
}

function decodeBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined;
  return Buffer.from(value, "base64");
}
