/** `statements explain`: what happened, why it waits, what comes next and when. */
import { Command } from "commander";
import { actsOf } from "./acts.ts";
import { explain } from "./explanation.ts";
import { STATE_COLOURS } from "./record-view.ts";
import type { Session } from "./session.ts";
import type { StatementRequest } from "../../functions/domain/statement-request.ts";
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
  const { happened, next } = explain(request, {
    waitingLonger: request.status === "pending" ? await countBefore(session, request) : undefined,
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

/** Requests that are due and were recorded before it. */
async function countBefore(session: Session, { facts }: StatementRequest): Promise<number> {
  const ledger = await session.ledger();
  let found = 0;
  for await (const { records } of ledger.list(
    { status: ["pending"], mayBeStale: true },
    session.signal,
  )) {
    found += records.filter(
      ({ request }) => request.facts.recordedAt < facts.recordedAt && isDue(request, session.now()),
    ).length;
  }
  return found;
}
