/** `statements cancel`: asks for cancellation of open requests. */
import { Command } from "commander";
import { printAudit } from "../words/acts.ts";
import {
  actOnEach,
  chooseRequests,
  withChosenRequests,
  type ActOptions,
} from "./chosen-requests.ts";
import { cancelRequest, deskOf } from "./operator-moves.ts";
import type { Session } from "../session/session.ts";

const CANCEL = { verb: "Cancel", states: ["pending", "processing"] } as const;

export function cancelCommand(session: Session): Command {
  return withChosenRequests(
    new Command("cancel").description("Asks for cancellation of requests that have not ended yet."),
    CANCEL,
  )
    .addHelpText(
      "after",
      `
The builder that is at work on it stops within seconds and ends it; otherwise the next builder that
is offered it does, and such requests are offered first. While an upload of an earlier attempt may
still arrive, the end waits for that. A file that was published before stays, and the request is
then executed.

Examples:
  statements cancel transaction-request-customer-000001-1795434992079
  statements cancel -c customer-000001 --state pending --dry-run
  statements cancel -c customer-000001 --older-than 2d`,
    )
    .action(async (names: readonly string[], options: ActOptions) => {
      const chosen = await chooseRequests(session, names, options, CANCEL);
      await actOnEach(session, chosen, (name) => cancelOne(session, name));
    });
}

async function cancelOne(session: Session, name: string): Promise<boolean> {
  const { screen } = session;
  const moved = await cancelRequest(await deskOf(session, name));
  const { before } = moved;
  if (moved.kind === "refused") {
    screen.note(`${before.facts.name} is ${before.status} already: there is nothing to cancel`);
    return before.status === "cancelled";
  }
  printAudit(screen, before.facts.name, moved.act);
  screen.print(`${before.facts.name} will be cancelled; \`statements watch\` shows when`);
  return true;
}
