/**
 * A statement event in CloudEvents' binary content mode: attributes as `ce-` headers, data as the
 * body. Source of the rules: CloudEvents HTTP protocol binding 1.0.2, section 3.1.
 */
import type { StatementEvent } from "../../domain/events/statement-event.ts";

export interface BinaryMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Extension attributes added to every event, as `K_CE_OVERRIDES` asks; they replace equal names. */
export type EventOverrides = Readonly<Record<string, string>>;

export function toBinaryMessage(
  event: StatementEvent,
  overrides: EventOverrides = {},
): BinaryMessage {
  const { data, datacontenttype, ...attributes } = event;
  const headers: Record<string, string> = { "content-type": datacontenttype };
  for (const [name, value] of Object.entries({
    specversion: "1.0",
    ...attributes,
    ...overrides,
  })) {
    if (value !== undefined) headers[`ce-${name}`] = encodeHeaderValue(value);
  }
  return { headers, body: JSON.stringify(data) };
}

/**
 * Printable ASCII stays, everything else is percent-encoded UTF-8 (section 3.1.3.2), so that an
 * attribute never depends on how a proxy treats bytes beyond ASCII.
 */
export function encodeHeaderValue(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[^\u0021\u0023\u0024\u0026-\u007e]/gu, (char) =>
      encodeURIComponent(char).replaceAll("'", "%27"),
    );
}

/**
 * The reverse, of a value as Node gives it: a character for each byte. Bare UTF-8 is what some SDKs and
 * brokers send. Of percent signs only those are taken for escapes that the rule asks for (a space, a
 * quote, `%`, and what is not printable ASCII): `%2F` was in the value before, and stays.
 *
 * @returns undefined for bytes that are no UTF-8, which the rule has a receiver refuse
 */
export function decodeHeaderValue(value: string): string | undefined {
  try {
    return unquoted(utf8(value)).replaceAll(ESCAPES, (escapes) =>
      fatal.decode(Buffer.from(escapes.replaceAll("%", ""), "hex")),
    );
  } catch {
    return undefined;
  }
}

const ESCAPES = /(?:%[89a-f][0-9a-f])+|%(?:20|22|25|7f|[01][0-9a-f])/gi;
const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value itself, without any escape taken for one. @throws TypeError */
export function utf8(value: string): string {
  return /[\u0080-\u00ff]/.test(value) ? fatal.decode(Buffer.from(value, "latin1")) : value;
}

/** RFC 7230, section 3.2.6. */
function unquoted(value: string): string {
  const [, inner] = /^"((?:[^"\\]|\\.)*)"$/.exec(value) ?? [];
  return inner === undefined ? value : inner.replaceAll(/\\(.)/g, "$1");
}

/** As version 0.1.0 read it, whose records are found by that. */
export function formerlyDecoded(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
