/** Events posted to request-intake, as an upstream service does, and its answer. */
import { randomUUID } from "node:crypto";
import { dataSchemaUri, eventType } from "../../../functions/domain/events/event-types.ts";
import type { StatementEvent } from "../../../functions/domain/events/statement-event.ts";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text as textOf } from "node:stream/consumers";

/** An event that asks for a statement; the same source and id are the same request. */
export function requestedEvent(
  data: Readonly<Record<string, unknown>>,
  { id = randomUUID(), time = new Date().toISOString(), source }: EventIdentity,
): StatementEvent {
  const { customer_id: given } = data;
  const customerId = typeof given === "string" ? given : "";
  return {
    id,
    time,
    source,
    subject: customerId,
    partitionkey: customerId,
    data,
    type: eventType("requested"),
    datacontenttype: "application/json",
    dataschema: dataSchemaUri("requested"),
  };
}

export interface EventIdentity {
  /** A new one unless given. */
  readonly id?: string | undefined;
  /** RFC 3339; now unless given. */
  readonly time?: string | undefined;
  readonly source: string;
}

export interface IntakeMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface IntakeAnswer {
  readonly status: number;
  /** Name of the record, where it was recorded. */
  readonly subject: string | undefined;
  readonly text: string;
  /** Seconds, where it says when to come again. */
  readonly retryAfter: number | undefined;
}

const TIMEOUT_MS = 30_000;

export interface IntakeAddress {
  readonly INTAKE_URL: string;
  /** The host that a gateway knows intake by, when it is not that of the address. */
  readonly host?: string | undefined;
  readonly INTAKE_TOKEN?: string | undefined;
}

/** Rejects, as `fetch` does, when intake cannot be reached. */
export async function postToIntake(
  { INTAKE_URL, INTAKE_TOKEN, host }: IntakeAddress,
  { headers, body }: IntakeMessage,
  aborted: AbortSignal,
): Promise<IntakeAnswer> {
  const signal = AbortSignal.any([aborted, AbortSignal.timeout(TIMEOUT_MS)]);
  const sent = { ...headers, ...(INTAKE_TOKEN && { authorization: `Bearer ${INTAKE_TOKEN}` }) };
  if (host !== undefined)
    return await postTo(INTAKE_URL, { headers: { ...sent, host }, body }, signal);
  const answer = await fetch(INTAKE_URL, { method: "POST", headers: sent, body, signal });
  const subject = answer.headers.get("ce-subject") ?? undefined;
  const retryAfter = secondsOf(answer.headers.get("retry-after") ?? undefined);
  return { status: answer.status, subject, retryAfter, text: await answer.text() };
}

/** `fetch` lets nobody choose the host. */
async function postTo(
  url: string,
  { headers, body }: IntakeMessage,
  signal: AbortSignal,
): Promise<IntakeAnswer> {
  return await new Promise((resolve, reject) => {
    // The host is also the name that a certificate has to be for.
    const ask = url.startsWith("https:") ? requestHttps : requestHttp;
    const call = ask(url, { method: "POST", headers, signal, agent: false }, (answer) => {
      const subject = [answer.headers["ce-subject"]].flat()[0];
      const status = answer.statusCode ?? 0;
      const retryAfter = secondsOf(answer.headers["retry-after"]);
      textOf(answer).then((text) => resolve({ status, subject, retryAfter, text }), reject);
    });
    call.on("error", reject).end(body);
  });
}

/** What to do where something else than intake says that it has nothing there, as a gateway does to a host it does not know. */
export function hostWords({ INTAKE_URL, host }: IntakeAddress, { status }: IntakeAnswer): string[] {
  if (status !== 404) return [];
  return [
    `What answers at ${INTAKE_URL} is no intake; it was sent the host ${host ?? new URL(INTAKE_URL).host}.`,
    "A gateway knows intake by its own host: set INTAKE_HOST, as `kubectl get ksvc -A` shows it under URL.",
  ];
}

function secondsOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
