/** The page's form: its fields become a CloudEvent that is posted to intake, as any other. */
import {
  toBinaryMessage,
  type BinaryMessage,
} from "../../../../functions/platform/cloudevents/cloudevent-binary.ts";
import { postToIntake, requestedEvent, type IntakeAnswer } from "../../../operator/intake.ts";
import { wordsOfProblem } from "./problem-words.ts";

export interface Asked {
  /** 200 for what intake has judged, whichever way; 503 when nobody knows whether it is recorded. */
  readonly status: 200 | 503;
  readonly body:
    | { readonly name: string }
    | { readonly problems: readonly FieldProblem[] }
    | { readonly words: string };
}

export interface FieldProblem {
  readonly field: string;
  readonly words: string;
}

export interface AskOptions {
  readonly intakeUrl: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

const SOURCE = "/local-page";

/** @param form `id` and `time` of the event, `data` as intake gets it. Intake alone judges it. */
export async function askForStatement(
  form: Readonly<Record<string, unknown>>,
  { intakeUrl, token, signal }: AskOptions,
): Promise<Asked> {
  const { id, time, data } = form;
  if (typeof id !== "string" || typeof time !== "string") return unknownForm();
  if (typeof data !== "object" || data === null || Array.isArray(data)) return unknownForm();
  const event = requestedEvent({ ...data }, { id, time, source: SOURCE });
  const address = { INTAKE_URL: intakeUrl, INTAKE_TOKEN: token };
  try {
    return toAsked(await postToIntake(address, withoutEmpty(toBinaryMessage(event)), signal));
  } catch {
    const words = `request-intake does not answer at ${intakeUrl}: send it again in a moment.`;
    return { status: 503, body: { words } };
  }
}

/** An attribute is never empty: without a customer there is no subject, and the field is told. */
function withoutEmpty({ headers, body }: BinaryMessage): BinaryMessage {
  const filled = Object.entries(headers).filter(([, value]) => value !== "");
  return { headers: Object.fromEntries(filled), body };
}

function unknownForm(): Asked {
  return { status: 200, body: { problems: [{ field: "event", words: "Reload this page." }] } };
}

function toAsked({ status, subject, text }: IntakeAnswer): Asked {
  if (status === 200 && subject !== undefined) return { status, body: { name: subject } };
  const { error, problems } = readRefusal(text);
  if (problems.length > 0) return { status: 200, body: { problems } };
  return { status: 503, body: { words: `${wordsOfProblem("", error)} (HTTP ${status})` } };
}

function readRefusal(text: string): { error: string; problems: readonly FieldProblem[] } {
  try {
    const { error, problems } = JSON.parse(text) as {
      readonly error?: string;
      readonly problems?: readonly { readonly field: string; readonly code: string }[];
    };
    return {
      error: error ?? "unknown",
      problems: (problems ?? []).map(({ field, code }) => ({
        field,
        words: wordsOfProblem(field, code),
      })),
    };
  } catch {
    return { error: "unknown", problems: [] };
  }
}
