/** `statements explain`: what happened, why it waits, what comes next and when. */
import { Command, Option } from "commander";
import { actsOf } from "../words/acts.ts";
import { explain, type Explanation } from "./explanation.ts";
import { viewQueue } from "./queue.ts";
import { STATE_COLOURS } from "../words/record-view.ts";
import type { Session } from "../session/session.ts";
import { CLAIMS, claimTerms, type ClaimTerms } from "../session/told-variables.ts";
import type { Screen } from "../words/terminal.ts";
import { isDue } from "../../../functions/pending-scanner/due.ts";
import type { RequestStatus } from "../../../functions/domain/statement-request.ts";

const FORMS = ["text", "json"] as const;

export function explainCommand(session: Session): Command {
  return new Command("explain")
    .description("Says in plain words what happened, why it waits, what comes next and when.")
    .argument("<name...>", "of the requests")
    .addOption(new Option("-o, --output <form>", "form").choices(FORMS).default("text"))
    .addHelpText(
      "after",
      `
Examples:
  statements explain transaction-request-customer-000001-1795434992079
  statements list --state failed -o name | xargs statements explain
  statements explain NAME -o json | jq -r '.[].next[]'`,
    )
    .action(
      async (names: readonly string[], { output }: { readonly output: (typeof FORMS)[number] }) => {
        const terms = once(async () =>
          claimTerms(await session.toldOrUsual("statement-builder", CLAIMS)),
        );
        if (output === "json") {
          const all: Explained[] = [];
          for (const name of names) all.push(await explainOne(session, name, terms));
          session.screen.printDocument(JSON.stringify(all, null, 2));
        } else
          for (const name of names) print(session.screen, await explainOne(session, name, terms));
      },
    );
}

type Terms = () => Promise<ClaimTerms>;

/** Asked when the first request is there, and not anew for the others. */
function once(ask: Terms): Terms {
  let asked: Promise<ClaimTerms> | undefined;
  return () => (asked ??= ask());
}

interface Explained extends Explanation {
  readonly name: string;
  readonly status: RequestStatus;
}

async function explainOne(session: Session, name: string, terms: Terms): Promise<Explained> {
  const { now } = session;
  const stored = await session.find(name);
  const { request } = stored;
  // A request that is to be cancelled, or is not due, waits in no queue.
  const isWaiting =
    request.status === "pending" &&
    request.cancelRequestedAt === undefined &&
    isDue(request, now());
  const explanation = explain(request, {
    tool: session.isLocal ? "statements --local" : "statements",
    queue: isWaiting ? await viewQueue(session, request) : undefined,
    // What the records say is said all the same to whoever may not see pods.
    trouble: isWaiting && !session.isLocal ? await session.trouble().catch(() => []) : [],
    now: now(),
    ...(await terms()),
    acts: actsOf(stored),
  });
  return { name: request.facts.name, status: request.status, ...explanation };
}

function print(screen: Screen, { name, status, happened, next }: Explained): void {
  screen.print(`${name}  ${screen.paint(STATE_COLOURS[status], status)}`);
  screen.print("  What happened");
  for (const line of happened) screen.print(`    ${line}`);
  screen.print("  What comes next");
  for (const line of next) screen.print(`    ${line}`);
}
