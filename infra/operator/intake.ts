/** Events posted to request-intake, as an upstream service does, and its answer. */
import { randomUUID } from "node:crypto";
import { dataSchemaUri, eventType, type StatementEvent } from "../../functions/domain/events.ts";
import type { OperatorConfig } from "./settings.ts";

/** An event that asks for a statement; the same id, time and source are the same request. */
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
}

const TIMEOUT_MS = 30_000;

/** Rejects, as `fetch` does, when intake cannot be reached. */
export async function postToIntake(
  { INTAKE_URL, INTAKE_TOKEN }: Pick<OperatorConfig, "INTAKE_URL" | "INTAKE_TOKEN">,
  { headers, body }: IntakeMessage,
  signal: AbortSignal,
): Promise<IntakeAnswer> {
  const answer = await fetch(INTAKE_URL, {
    method: "POST",
    headers: { ...headers, ...(INTAKE_TOKEN && { authorization: `Bearer ${INTAKE_TOKEN}` }) },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  const subject = answer.headers.get("ce-subject") ?? undefined;
  return { status: answer.status, subject, text: await answer.text() };
}
