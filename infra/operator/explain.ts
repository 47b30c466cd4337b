/** `statements explain`: what happened, why it waits, what comes next and when. */
import { Command } from "commander";
import { actsOf } from "./acts.ts";
import { explain } from "./explanation.ts";
import { viewQueue } from "./queue.ts";
import { STATE_COLOURS } from "./record-view.ts";
import type { Session } from "./session.ts";
import { isDue } from "../../functions/pending-scanner/due.ts";

export function explainCommand(session: Session): Command {
  return new Command("explain")
    .description("Says in plain words what happened, why it waits, what comes next and when.")
    .argument("<name...>", "of the requests")
    .addHelpText(
      "after",
      `
Examples:
  statements explain transaction-request-customer-000001-1795434992079
  statements list --state failed -o name | xargs statements explain`,
    )
    .action(async (names: readonly string[]) => {
      for (const name of names) await explainOne(session, name);
    });
}

async function explainOne(session: Session, name: string): Promise<void> {
  const { screen, config, now } = session;
  const stored = await session.find(name);
  const { request } = stored;
  // A request that is to be cancelled, or is not due, waits in no queue.
  const isWaiting =
    request.status === "pending" &&
    request.cancelRequestedAt === undefined &&
    isDue(request, now());
  const { happened, next } = explain(request, {
    queue: isWaiting ? await viewQueue(session, request) : undefined,
    now: now(),
    leaseMs: config.LEASE_SECONDS * 1000,
    clockSkewMs: config.CLOCK_SKEW_SECONDS * 1000,
    maxFailures: config.MAX_FAILURES,
    acts: actsOf(stored),
  });
  screen.print(
    `${request.facts.name}  ${screen.paint(STATE_COLOURS[request.status], request.status)}`,
  );
  screen.print("  What happened");
  for (const line of happened) screen.print(`    ${line}`);
  screen.print("  What comes next");
  for (const line of next) screen.print(`    ${line}`);
}
