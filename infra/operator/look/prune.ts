/** `statements prune`: what the scanner will delete next, by its own rule. */
import { Command } from "commander";
import { endedAt, isFinal } from "../../../functions/domain/statement-request.ts";
import { formatDuration, parseDuration } from "../words/duration.ts";
import type { Session } from "../session/session.ts";
import { RETENTION } from "../session/told-variables.ts";
import { formatTable } from "../words/table.ts";

interface PruneOptions {
  readonly in?: number;
}

interface Ended {
  readonly name: string;
  readonly what: string;
  readonly endedAt: number;
}

const DAY_MS = 86_400_000;

export function pruneCommand(session: Session): Command {
  return new Command("prune")
    .description("Shows what the scanner will delete next; it deletes by itself.")
    .option("--dry-run", "the same: this command deletes nothing")
    .option("--in <time>", "as if this much time had passed", parseDuration)
    .addHelpText(
      "after",
      `
Deleted is what ended RETENTION_DAYS ago and whose outcome event was accepted, and rejected events
of that age. RETENTION_DAYS is the scanner's own, unless the environment has one. Objects are not
touched: the bucket's lifecycle rule deletes them.

Examples:
  statements prune
  RETENTION_DAYS=90 statements prune --in 7d`,
    )
    .action((options: PruneOptions) => showPrunable(session, options));
}

async function showPrunable(session: Session, { in: ahead = 0 }: PruneOptions): Promise<void> {
  const { screen, now } = session;
  const { RETENTION_DAYS: days } = await session.toldOrUsual("pending-scanner", RETENTION);
  const before = now() + ahead - days * DAY_MS;
  const ended = (await readEnded(session)).sort((a, b) => a.endedAt - b.endedAt);
  const due = ended.filter(({ endedAt }) => endedAt < before);
  const rows = due.map(({ name, what, endedAt }) => [name, what, formatDuration(now() - endedAt)]);
  if (due.length > 0)
    for (const line of formatTable(["NAME", "STATE", "ENDED"], rows)) screen.print(line);
  const next = ended.find(({ endedAt }) => endedAt >= before);
  screen.note(
    `${due.length} of ${ended.length} ended ones are over their retention of ${days} days` +
      (next ? `; the next one is in ${formatDuration(next.endedAt - before)}` : ""),
  );
}

async function readEnded(session: Session): Promise<Ended[]> {
  const { signal } = session;
  const opened = await session.ledger();
  const ended: Ended[] = [];
  for await (const { records } of opened.list({ atRest: true }, signal)) {
    for (const { name, request } of records) {
      if (isFinal(request)) ended.push({ name, what: request.status, endedAt: endedAt(request) });
    }
  }
  for await (const rejected of opened.listRejected({}, signal)) {
    for (const { name, receivedAt } of rejected)
      ended.push({ name, what: "rejected", endedAt: receivedAt });
  }
  return ended;
}
