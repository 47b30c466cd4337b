/** `statements announce`: outcomes are sent once more, for a consumer to catch up. */
import { Command } from "commander";
import { endedAt, isFinal } from "../../../functions/domain/statement-request.ts";
import { printAudit } from "../words/acts.ts";
import { parseDuration } from "../words/duration.ts";
import { wrongUse } from "../words/exit.ts";
import { parseCustomer } from "../look/selection.ts";
import { actOnEach } from "./chosen-requests.ts";
import { announceRequest, deskOf } from "./operator-moves.ts";
import { count } from "../words/plural.ts";
import type { Session } from "../session/session.ts";

interface AnnounceOptions {
  readonly since?: number;
  readonly customer?: string;
  readonly dryRun?: boolean;
}

export function announceCommand(session: Session): Command {
  return new Command("announce")
    .description("Has outcome events sent once more, each with the id that it always had.")
    .argument("[name...]", "of requests that have ended")
    .option("--since <time>", "all that ended within 90s, 15m, 3h, 2d", parseDuration)
    .option("-c, --customer <id>", "of --since: only of this customer", parseCustomer)
    .option("--dry-run", "only show which")
    .addHelpText(
      "after",
      `
The next tick sends them, to every consumer: who has had one already knows it by its id. Longer ago
than RETENTION_DAYS the ledger knows nothing, and the bucket says what there is.

Examples:
  statements announce transaction-request-customer-000001-1795434992079
  statements announce --since 3h --dry-run`,
    )
    .action(async (names: readonly string[], options: AnnounceOptions) => {
      if ((options.since === undefined) === (names.length === 0))
        throw wrongUse("name the requests, or give --since; --help shows how");
      if (options.since === undefined && options.customer !== undefined)
        throw wrongUse("--customer goes with --since: named requests are announced as they are");
      const chosen = options.since === undefined ? names : await endedSince(session, options);
      await actOnEach(session, chosen, (name) => announceOne(session, name, options));
      if (options.since !== undefined)
        session.screen.note(`${count(chosen.length, "request")} ended in this time`);
    });
}

async function endedSince(
  session: Session,
  { since = 0, customer }: AnnounceOptions,
): Promise<readonly string[]> {
  const from = session.now() - since;
  const names: string[] = [];
  const filter = {
    status: ["executed", "failed", "cancelled"] as const,
    ...(customer !== undefined && { customerId: customer }),
  };
  for await (const { records } of (await session.ledger()).list(filter, session.signal))
    for (const { name, request } of records)
      if (isFinal(request) && endedAt(request) >= from) names.push(name);
  return names;
}

async function announceOne(
  session: Session,
  name: string,
  { dryRun = false }: AnnounceOptions,
): Promise<boolean> {
  const { screen } = session;
  const moved = dryRun ? undefined : await announceRequest(await deskOf(session, name));
  const before = moved?.before ?? (await session.find(name)).request;
  if (isFinal(before)) {
    if (moved?.kind === "moved") printAudit(screen, before.facts.name, moved.act);
    screen.print(`${before.facts.name}  ${before.status}`);
    return true;
  }
  screen.note(`${before.facts.name} is ${before.status}: it has no outcome yet`);
  return false;
}
