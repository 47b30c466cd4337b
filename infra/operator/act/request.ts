/** `statements request`: asks for a statement as an upstream service does. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { StatementEvent } from "../../../functions/domain/events/statement-event.ts";
import { toBinaryMessage } from "../../../functions/platform/cloudevents/cloudevent-binary.ts";
import { download, makeFolder } from "../files/download.ts";
import { findExecuted } from "../files/executed.ts";
import { EXIT, unavailable, unmet, wrongUse } from "../words/exit.ts";
import {
  hostWords,
  postToIntake,
  requestedEvent,
  type IntakeAddress,
  type IntakeAnswer,
} from "../session/intake.ts";
import { readRefusal } from "./refusal.ts";
import type { Session } from "../session/session.ts";
import { keysOption, readKeys, type KeysOption } from "../files/verification-keys.ts";
import { chosenData, withStatementChoice, type StatementChoice } from "./statement-choice.ts";
import { watchOne } from "../look/watch.ts";

interface RequestOptions extends StatementChoice, KeysOption {
  readonly source: string;
  readonly id?: string;
  readonly time?: string;
  readonly wait?: boolean;
  readonly download?: string | boolean;
}

export function requestCommand(session: Session): Command {
  const command = new Command("request")
    .description("Asks for a statement: posts an event to intake, and prints the request's name.")
    .argument("<customer>", "opaque id of the customer")
    .argument("<start>", "first day, YYYY-MM-DD")
    .argument("<end>", "last day, inclusive, in the past");
  return withStatementChoice(command)
    .option("--source <uri>", "of the event", "/statements-cli")
    .option("--id <id>", "of the event, to repeat one of the same source")
    .option("--time <instant>", "of the event, with --id (default: now)")
    .option("-w, --wait", "until it has ended, with each state as it comes")
    .option("--download [folder]", "wait, then fetch and verify the file; the folder is made")
    .addOption(keysOption())
    .addHelpText(
      "after",
      `
An answer that asks for patience is met with the same event again, source and id unchanged, so it is
recorded once however often it is sent.

Examples:
  statements request customer-000001 2025-01-01 2025-12-31 --wait
  statements request customer-000001 2025-01-01 2025-12-31 -z Europe/Berlin --download out
  statements request customer-000001 2025-01-01 2025-12-31 --formats pdf,camt.053 --language de`,
    )
    .action((customer: string, start: string, end: string, options: RequestOptions) =>
      request(session, { customer_id: customer, start_date: start, end_date: end }, options),
    );
}

async function request(
  session: Session,
  dates: Readonly<Record<"customer_id" | "start_date" | "end_date", string>>,
  options: RequestOptions,
): Promise<void> {
  const { download: folder, wait } = options;
  const directory = folder === true ? "." : folder || undefined;
  // Source and id alone are the event.
  if (options.time !== undefined && options.id === undefined)
    throw wrongUse("--time goes with --id: it is the id that repeats an event");
  if (options.keys !== undefined && directory === undefined)
    throw wrongUse("--keys goes with --download: without a file there is no signature to check");
  // Before anything is asked for.
  await readKeys(options);
  if (directory !== undefined) await makeFolder(directory, "--download");
  const event = requestedEvent({ ...dates, ...chosenData(options) }, options);
  const name = await post(session, event);
  session.screen.print(name);
  if (!wait && directory === undefined) return;
  await watchOne(session, name);
  if (directory === undefined || session.exitCode !== EXIT.done) return;
  await download(session, await findExecuted(session, name), { ...options, directory });
}

const TRIES = 4;
const PAUSE_MS = 1_000;

/** @returns the name of the record. @throws CommandError */
async function post(session: Session, event: StatementEvent): Promise<string> {
  const { signal, screen } = session;
  const intake = await session.intake();
  let last = "";
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    if (attempt > 1) await sleep(PAUSE_MS * 2 ** (attempt - 2), undefined, { signal });
    const answer = await postToIntake(intake, toBinaryMessage(event), signal).catch(reachFailure);
    signal.throwIfAborted();
    if (typeof answer !== "string") {
      if (answer.status === 200 && answer.subject !== undefined) return answer.subject;
      if (!isPassing(answer)) throw unmet(...describeRefusal(answer, intake));
    }
    last = typeof answer === "string" ? answer : `HTTP ${answer.status} ${answer.text}`;
    screen.progress(`intake: ${last}; the same event again …`);
  }
  throw unavailable(
    `intake did not take the event (${last}): is INTAKE_URL ${intake.INTAKE_URL} right?`,
    {
      next: `It may have been recorded all the same. The same event again: --id ${event.id}`,
    },
  );
}

/** A 429 with problems is about this event, as one with a source whose share is used: it lasts longer than a command. */
function isPassing({ status, text }: IntakeAnswer): boolean {
  if (status === 429) return (readRefusal(text)?.problems ?? []).length === 0;
  return status === 408 || status >= 500;
}

/** `fetch` tells the reason in the cause. */
function reachFailure(error: unknown): string {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((one) => typeof one === "string") ?? "no answer";
}

function describeRefusal(answer: IntakeAnswer, intake: IntakeAddress): readonly string[] {
  const { status, text, retryAfter } = answer;
  const refusal = readRefusal(text);
  const { words = text, problems = [] } = refusal ?? {};
  const lines = problems.map((one) => `  ${one.field}: ${one.code}. ${one.words}`);
  return [
    `intake refused the request, HTTP ${status}`,
    ...(lines.length > 0 ? lines : [words]),
    ...(refusal ? [] : hostWords(intake, answer)),
    ...(retryAfter === undefined ? [] : [`It may be sent again after ${retryAfter} s.`]),
  ];
}
