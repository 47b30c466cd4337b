/** `statements retry`: failed requests are owed once more. */
import { Command } from "commander";
import { printAudit } from "./acts.ts";
import { EXIT } from "./exit.ts";
import { deskOf, retryRequest } from "./operator-moves.ts";
import type { Session } from "./session.ts";

export function retryCommand(session: Session): Command {
  return new Command("retry")
    .description("Puts failed requests back to pending, with their whole budget of failures.")
    .argument("<name...>", "of the requests")
    .addHelpText(
      "after",
      `
The next tick offers them to a builder. Whoever got the event failed gets another outcome.

Examples:
  statements retry transaction-request-customer-000001-1795434992079
  statements list --state failed --newer-than 1d -o name | xargs statements retry`,
    )
    .action(async (names: readonly string[]) => {
      for (const name of names) if (!(await retryOne(session, name))) session.exitCode = EXIT.unmet;
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
