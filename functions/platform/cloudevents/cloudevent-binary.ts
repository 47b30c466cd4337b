/**
 * A statement event in CloudEvents' binary content mode: attributes as `ce-` headers, data as the
 * body. Source of the rules: CloudEvents HTTP protocol binding 1.0.2, section 3.1.
 */
import type { StatementEvent } from "../../domain/events.ts";

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

/** The reverse; a value that was not encoded by the rule is taken as it is. */
export function decodeHeaderValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
