/** An event on its way: attributes as text, data as the bytes that came. */
import type { IncomingHttpHeaders } from "node:http";
import { encodeHeaderValue } from "../../../../functions/platform/cloudevents/cloudevent-binary.ts";
import { parseMessage } from "../../../../functions/platform/cloudevents/cloudevent-parse.ts";

export interface RoutedEvent {
  /** Without `datacontenttype`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/** `undefined` for what is no single valid event: a broker takes no batches. */
export function fromHttp(headers: IncomingHttpHeaders, body: Uint8Array): RoutedEvent | undefined {
  const message = parseMessage(headers, body);
  if (message.kind !== "single" || message.event.kind === "malformed") return undefined;
  const { datacontenttype, ...rest } = message.event.attributes;
  const attributes = Object.entries(rest).map(([name, value]) => [name, String(value)]);
  return {
    attributes: Object.fromEntries(attributes) as Record<string, string>,
    contentType: typeof datacontenttype === "string" ? datacontenttype : undefined,
    body: bytesOf(message.event.data),
  };
}

function bytesOf(data: unknown): Uint8Array {
  if (data === undefined) return new Uint8Array();
  return data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data));
}

/** In binary mode, as Knative delivers. */
export function toHttp(event: RoutedEvent): { headers: Record<string, string>; body: Uint8Array } {
  const headers: Record<string, string> = {};
  if (event.contentType !== undefined) headers["content-type"] = event.contentType;
  for (const [name, value] of Object.entries(event.attributes)) {
    headers[`ce-${name}`] = encodeHeaderValue(value);
  }
  return { headers, body: event.body };
}

export function withAttributes(
  event: RoutedEvent,
  attributes: Readonly<Record<string, string>>,
): RoutedEvent {
  return { ...event, attributes: { ...event.attributes, ...attributes } };
}
