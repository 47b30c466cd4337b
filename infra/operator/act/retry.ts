/** `statements retry`: failed requests are owed once more. */
import { Command } from "commander";
import { printAudit } from "../words/acts.ts";
import {
  actOnEach,
  chooseRequests,
  withChosenRequests,
  type ActOptions,
} from "./chosen-requests.ts";
import { deskOf, retryRequest } from "./operator-moves.ts";
import type { Session } from "../session/session.ts";

const RETRY = { verb: "Retry", states: ["failed"] } as const;

export function retryCommand(session: Session): Command {
  return withChosenRequests(
    new Command("retry").description(
      "Puts failed requests back to pending, with their whole budget of failures.",
    ),
    RETRY,
  )
    .addHelpText(
      "after",
      `
The next tick offers them to a builder. Whoever got the event failed gets another outcome.

Examples:
  statements retry transaction-request-customer-000001-1795434992079
  statements retry --code retries_exhausted --newer-than 1d --dry-run
  statements retry --code retries_exhausted --newer-than 1d --yes`,
    )
    .action(async (names: readonly string[], options: ActOptions) => {
      const chosen = await chooseRequests(session, names, options, RETRY);
      await actOnEach(session, chosen, (name) => retryOne(session, name));
    });
}

async function retryOne(session: Session, name: string): Promise<boolean> {
  const { screen } = session;
  const moved = await retryRequest(await deskOf(session, name));
  const { before } = moved;
  if (moved.kind === "refused" || before.status !== "failed") {
    screen.note(
      `${before.facts.name} is ${before.status}: only what has failed can be tried again`,
    );
    return false;
  }
  printAudit(screen, before.facts.name, moved.act);
  screen.print(`${before.facts.name} pending (was failed: ${before.errorCode})`);
  return true;
}
