/** What every answer of the page has in common. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { makeBodyReader } from "../../../functions/platform/http/request-body.ts";
import { printable } from "../../../functions/platform/telemetry/printable.ts";

/** Nothing comes from elsewhere, nothing goes elsewhere, and no text ever becomes markup or script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export const PAGE_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
} as const;

export function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void {
  const headers = { "content-type": contentType, "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...PAGE_HEADERS, ...headers }).end(body);
}

export function sendJson(response: ServerResponse, status: number, document: unknown): void {
  send(response, status, "application/json", toPageJson(document));
}

/**
 * All that the page says goes through here or is its own: texts of others can neither turn nor hide what stands
 * beside them, as in the tool and the logs.
 */
export function toPageJson(document: unknown): string {
  return JSON.stringify(document, (_, value: unknown) =>
    typeof value === "string" ? printable(value) : value,
  );
}

/** @param words what went wrong and what to do, for a person */
export function sendWords(response: ServerResponse, status: number, words: string): void {
  sendJson(response, status, { words });
}

const bodies = makeBodyReader({ maxBytes: 16 * 1024 });

/** `undefined` for what is no JSON object, or comes too slowly or is too large to be the page's form. */
export async function readObject(
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const body = await bodies.read(request, signal);
  if (typeof body === "string") return undefined;
  try {
    const document = JSON.parse(body.toString()) as unknown;
    const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
    return isObject ? (document as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
