/** Events posted to request-intake, as an upstream service does, and its answer. */
import type { OperatorConfig } from "./settings.ts";

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
  { INTAKE_URL, INTAKE_TOKEN }: OperatorConfig,
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
