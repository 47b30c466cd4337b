/** The requests that a command acts on: those that are named, or all that its options choose, once somebody has seen them. */
import type { Command } from "commander";
import type {
  RequestStatus,
  StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { confirm } from "./confirm.ts";
import { CommandError, EXIT, wrongUse } from "../words/exit.ts";
import { count } from "../words/plural.ts";
import { reasonOf } from "../words/record-view.ts";
import { noteUnreadable, readSelected, withSelection, type Selection } from "../look/selection.ts";
import type { Session } from "../session/session.ts";

export interface ActOptions extends Selection {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export interface ActedOn {
  /** What is done to them, as it stands in a question: `Retry`. */
  readonly verb: string;
  /** Those it can be done to. */
  readonly states: readonly RequestStatus[];
}

export function withChosenRequests(command: Command, { states }: ActedOn): Command {
  return withSelection(
    command.argument("[name...]", "of the requests; without one, the options choose"),
    states,
  )
    .option("--dry-run", "show them, and do nothing")
    .option("-y, --yes", "of those that the options choose: ask nothing");
}

/** Shown before the question; the rest is counted. */
const SHOWN = 20;

/**
 * Names to act on; none after a dry run.
 *
 * @throws CommandError when names and options do not go together, or the user does not agree
 */
export async function chooseRequests(
  session: Session,
  names: readonly string[],
  { dryRun = false, yes = false, ...chosen }: ActOptions,
  { verb, states }: ActedOn,
): Promise<readonly string[]> {
  const { screen } = session;
  const isChosen = Object.keys(chosen).length > 0;
  if (isChosen === names.length > 0)
    throw wrongUse("name the requests, or choose them by options; --help shows how");
  if (!isChosen && !dryRun) return names;
  const requests = isChosen
    ? await selected(session, { state: states, ...chosen })
    : await Promise.all(names.map(async (name) => (await session.find(name)).request));
  if (requests.length === 0)
    screen.note(`No requests found in ${session.config.LEDGER_NAMESPACE}.`);
  if (dryRun) {
    for (const request of requests) screen.print(lineOf(request));
    screen.note(`${count(requests.length, "request")}; nothing was done.`);
    return [];
  }
  if (requests.length > 0 && !yes) {
    for (const request of requests.slice(0, SHOWN)) screen.note(lineOf(request));
    if (requests.length > SHOWN) screen.note(`… and ${requests.length - SHOWN} more`);
    await confirm(session, {
      text: `${verb} ${count(requests.length, "request")}?`,
      otherwise: "it asks first; without a terminal, add --yes",
      refused: "nothing was done",
    });
  }
  return requests.map(({ facts }) => facts.name);
}

/**
 * One after the other. Of many, one that has gone meanwhile is said, counted, and passed over; it and whatever is not
 * done make the exit code 1.
 *
 * @param act whether it was done
 */
export async function actOnEach(
  session: Session,
  names: readonly string[],
  act: (name: string) => Promise<boolean>,
): Promise<void> {
  const { screen } = session;
  let gone = 0;
  for (const name of names) {
    const isDone = await act(name).catch((error: unknown) => {
      const isGone = error instanceof CommandError && error.code === EXIT.unmet;
      if (!isGone || names.length === 1) throw error;
      for (const line of error.lines) screen.note(line);
      gone++;
      return false;
    });
    if (!isDone) session.exitCode = EXIT.unmet;
  }
  if (gone > 0)
    screen.note(`${gone} of ${count(names.length, "request")} not found, or not to be read`);
}

async function selected(session: Session, chosen: Selection): Promise<readonly StatementRequest[]> {
  const { requests, unreadable } = await readSelected(session, chosen);
  noteUnreadable(session, unreadable);
  return requests;
}

function lineOf(request: StatementRequest): string {
  return [request.facts.name, request.status, reasonOf(request)].join("  ").trimEnd();
}
