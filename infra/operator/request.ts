/** `statements request`: asks for a statement as an upstream service does. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { StatementEvent } from "../../functions/domain/events.ts";
import { toBinaryMessage } from "../../functions/platform/cloudevents/cloudevent-binary.ts";
import { download } from "./download.ts";
import { findExecuted } from "./executed.ts";
import { EXIT, unavailable, unmet, wrongUse } from "./exit.ts";
import { postToIntake, requestedEvent, type IntakeAnswer } from "./intake.ts";
import type { Session } from "./session.ts";
import { keysOption, type KeysOption } from "./verification-keys.ts";
import { chosenData, withStatementChoice, type StatementChoice } from "./statement-choice.ts";
import { watchOne } from "./watch.ts";

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
    .option("--id <id>", "of the event, to repeat one; with --time")
    .option("--time <instant>", "of the event, to repeat one; with --id")
    .option("-w, --wait", "until it has ended, with each state as it comes")
    .option("--download [folder]", "wait, then fetch and verify the file")
    .addOption(keysOption())
    .addHelpText(
      "after",
      `
An answer that asks for patience is met with the same event again, id and time unchanged, so it is
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
  requireBoth(options);
  const event = requestedEvent({ ...dates, ...chosenData(options) }, options);
  const name = await post(session, event);
  session.screen.print(name);
  if (!wait && !folder) return;
  await watchOne(session, name);
  if (!folder || session.exitCode !== EXIT.done) return;
  const directory = folder === true ? "." : folder;
  await download(session, await findExecuted(session, name), { ...options, directory });
}

function requireBoth({ id, time }: RequestOptions): void {
  if ((id === undefined) !== (time === undefined)) {
    throw wrongUse("--id and --time belong together: an event is repeated with both");
  }
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
      if (!isPassing(answer.status)) throw unmet(...describeRefusal(answer));
    }
    last = typeof answer === "string" ? answer : `HTTP ${answer.status} ${answer.text}`;
    screen.progress(`intake: ${last}; the same event again …`);
  }
  throw unavailable(
    `intake did not take the event (${last}): is INTAKE_URL ${intake.INTAKE_URL} right?`,
    {
      next: `It may have been recorded all the same. The same event again: --id ${event.id} --time ${event.time}`,
    },
  );
}

function isPassing(status: number): boolean {
  return status === 429 || status >= 500;
}

/** `fetch` tells the reason in the cause. */
function reachFailure(error: unknown): string {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((one) => typeof one === "string") ?? "no answer";
}

/** What a person can make of the codes of a refusal; the others say it themselves. */
const HINTS: Readonly<Record<string, string>> = {
  no_such_day: "the time zone never had that day",
  period_not_over: "the last day must be over in the time zone, or --partial",
  period_not_begun: "the last day must have begun in the time zone",
  other_statement: "a statement of the same customer and the same days",
  delimiter_is_comma: "with a decimal comma fields need another delimiter",
  period_too_long: "longer than MAX_PERIOD_MONTHS",
  time_out_of_window: "older than EVENT_WINDOW_DAYS, or ahead by more than an hour",
  event_conflict: "an earlier event had this id and other data",
  token_missing: "set INTAKE_TOKEN",
  source_not_allowed: "the installation takes no requests of this --source",
};

function describeRefusal({ status, text }: IntakeAnswer): readonly string[] {
  const lines = problemsOf(text).map(({ field = "event", code = "" }) => {
    const hint = HINTS[code];
    return `  ${field}: ${code}${hint === undefined ? "" : ` (${hint})`}`;
  });
  return [`intake refused the request, HTTP ${status}`, ...(lines.length > 0 ? lines : [text])];
}

interface Problem {
  readonly field?: string;
  readonly code?: string;
}

/** The body is whatever answers at the address, not always intake. */
function problemsOf(text: string): readonly Problem[] {
  try {
    const { problems } = JSON.parse(text) as { readonly problems?: unknown };
    return Array.isArray(problems) ? (problems as readonly Problem[]) : [];
  } catch {
    return [];
  }
}
