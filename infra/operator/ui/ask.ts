/** The page's form: its fields become a CloudEvent that is posted to intake, as any other. */
import {
  toBinaryMessage,
  type BinaryMessage,
} from "../../../functions/platform/cloudevents/cloudevent-binary.ts";
import { CommandError } from "../words/exit.ts";
import {
  hostWords,
  postToIntake,
  requestedEvent,
  type IntakeAddress,
  type IntakeAnswer,
} from "../session/intake.ts";
import { readRefusal, type FieldProblem } from "../act/refusal.ts";

export interface Asked {
  /** 200 for what intake has judged, whichever way; 503 when nobody knows whether it is recorded. */
  readonly status: 200 | 503;
  readonly body:
    | { readonly name: string }
    | { readonly problems: readonly FieldProblem[] }
    | { readonly words: string };
}

export interface AskOptions {
  readonly intake: () => Promise<IntakeAddress>;
  /** Of the event. */
  readonly source: string;
  readonly signal: AbortSignal;
}

/** @param form `id` and `time` of the event, `data` as intake gets it. Intake alone judges it. */
export async function askForStatement(
  form: Readonly<Record<string, unknown>>,
  { intake, source, signal }: AskOptions,
): Promise<Asked> {
  const { id, time, data } = form;
  if (typeof id !== "string" || typeof time !== "string") return unknownForm();
  if (typeof data !== "object" || data === null || Array.isArray(data)) return unknownForm();
  const event = requestedEvent({ ...data }, { id, time, source });
  let url = "";
  try {
    const address = await intake();
    url = address.INTAKE_URL;
    const answer = await postToIntake(address, withoutEmpty(toBinaryMessage(event)), signal);
    return toAsked(answer, address);
  } catch (error) {
    const words =
      error instanceof CommandError
        ? error.lines.join(". ")
        : `request-intake does not answer at ${url}: send it again in a moment.`;
    return { status: 503, body: { words } };
  }
}

/** An attribute is never empty: without a customer there is no subject, and the field is told. */
function withoutEmpty({ headers, body }: BinaryMessage): BinaryMessage {
  const filled = Object.entries(headers).filter(([, value]) => value !== "");
  return { headers: Object.fromEntries(filled), body };
}

function unknownForm(): Asked {
  const words = "This is no form of this page: reload it.";
  return { status: 200, body: { problems: [{ field: "event", code: "unknown_form", words }] } };
}

function toAsked(answer: IntakeAnswer, address: IntakeAddress): Asked {
  const { status, subject, text } = answer;
  if (status === 200 && subject !== undefined) return { status, body: { name: subject } };
  const other = hostWords(address, answer).join(" ") || "What answers there is no intake.";
  const { words = other, problems = [] } = readRefusal(text) ?? {};
  if (problems.length > 0) return { status: 200, body: { problems } };
  return { status: 503, body: { words: `${words} (HTTP ${status})` } };
}
