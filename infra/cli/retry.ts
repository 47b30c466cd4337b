/** `statements retry`: failed requests are owed once more. */
import { Command } from "commander";
import { startAgain } from "../../functions/domain/statement-request.ts";
import { EXIT } from "./exit.ts";
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
  const { screen, now, signal } = session;
  const ledger = await session.ledger();
  for (;;) {
    const stored = await session.find(name);
    const { request } = stored;
    if (request.status !== "failed") {
      screen.note(`${request.name} is ${request.status}: only what has failed can be tried again`);
      return false;
    }
    if ((await ledger.replace(stored, startAgain(request, now()), signal)) === "conflict") continue;
    screen.print(`${request.name} pending (was failed: ${request.errorCode})`);
    return true;
  }
}
