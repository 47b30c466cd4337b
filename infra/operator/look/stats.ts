/** `statements stats`: how many requests there are, how they ended, how fast, and why not. */
import { Command, Option } from "commander";
import {
  isFinal,
  REQUEST_STATES,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { isDue } from "../../../functions/pending-scanner/due.ts";
import { formatElapsed } from "../words/duration.ts";
import { formatBytes, reasonOf, STATE_COLOURS, timeTaken } from "../words/record-view.ts";
import { noteUnreadable, readSelected, withSelection, type Selection } from "./selection.ts";
import type { Session } from "../session/session.ts";
import { inThousands } from "../words/plural.ts";
import { formatTable } from "../words/table.ts";

const FORMS = ["text", "json"] as const;

interface StatsOptions extends Selection {
  readonly output: (typeof FORMS)[number];
}

export function statsCommand(session: Session): Command {
  return withSelection(
    new Command("stats").description(
      "Counts requests by state and reason, and says how long they took.",
    ),
  )
    .addOption(new Option("-o, --output <form>", "form").choices(FORMS).default("text"))
    .addHelpText(
      "after",
      `
Of what the ledger still holds: records that have ended go after RETENTION_DAYS.

Examples:
  statements stats --newer-than 1h
  statements stats -c customer-000001
  statements stats --newer-than 1d -o json | jq '.by_reason'`,
    )
    .action(async ({ output, ...chosen }: StatsOptions) => {
      const { requests, unreadable } = await readSelected(session, chosen);
      const stats = statsOf(requests, session.now());
      if (output === "json") session.screen.printDocument(JSON.stringify(stats, null, 2));
      else printStats(session, stats);
      noteUnreadable(session, unreadable);
    });
}

export interface Stats {
  readonly requests: number;
  readonly by_state: Readonly<Record<string, number>>;
  /** Of what has failed, and of what waits for another attempt. */
  readonly by_reason: Readonly<Record<string, number>>;
  /** Pending, and a builder may begin. */
  readonly due: number;
  /** Since it was recorded; null when none is due. */
  readonly oldest_due_seconds: number | null;
  /** From the first record to now; null without requests. */
  readonly ended_per_hour: number | null;
  /** Of those that ended, executed; null when none has. */
  readonly success_ratio: number | null;
  /** From the record to the end, of those that were executed; null without one. */
  readonly seconds: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly rows: number;
  readonly bytes: number;
}

/** @param now milliseconds since the epoch */
function statsOf(requests: readonly StatementRequest[], now: number): Stats {
  const executed = requests.filter((request) => request.status === "executed");
  const ended = requests.filter(isFinal).length;
  const due = requests.filter((request) => request.status === "pending" && isDue(request, now));
  const first = earliest(requests);
  const firstDue = earliest(due);
  const times = executed.map((request) => timeTaken(request, now) / 1000).sort((a, b) => a - b);
  return {
    requests: requests.length,
    by_state: countBy(requests, ({ status }) => status),
    by_reason: countBy(requests, reasonOf),
    due: due.length,
    oldest_due_seconds: firstDue === undefined ? null : (now - firstDue) / 1000,
    ended_per_hour: first === undefined ? null : (ended * 3_600_000) / Math.max(1, now - first),
    success_ratio: ended === 0 ? null : executed.length / ended,
    seconds:
      times.length === 0
        ? null
        : {
            p50: nearestRank(times, 0.5),
            p99: nearestRank(times, 0.99),
            max: nearestRank(times, 1),
          },
    rows: executed.reduce((sum, { rows }) => sum + rows, 0),
    bytes: executed.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The smallest value that so large a share of all is not above; there is at least one. */
function nearestRank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function earliest(requests: readonly StatementRequest[]): number | undefined {
  return requests.reduce<number | undefined>(
    (first, { facts }) => Math.min(first ?? Infinity, facts.recordedAt),
    undefined,
  );
}

/** Most frequent first; nothing is counted under no name. */
function countBy(
  requests: readonly StatementRequest[],
  nameOf: (request: StatementRequest) => string,
): Record<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) {
    const name = nameOf(request);
    if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function printStats({ screen, config }: Session, stats: Stats): void {
  const { by_state: states, by_reason: reasons, seconds } = stats;
  if (stats.requests === 0) {
    screen.note(`No requests found in ${config.LEDGER_NAMESPACE}.`);
    return;
  }
  for (const state of REQUEST_STATES) {
    const number = states[state] ?? 0;
    const padding = " ".repeat(12 - state.length);
    screen.print(`${screen.paint(STATE_COLOURS[state], state)}${padding}${number}`);
  }
  const oldest = stats.oldest_due_seconds;
  const lines = [
    ["due now", `${stats.due}${oldest === null ? "" : `, the oldest for ${duration(oldest)}`}`],
    ["ended", `${(stats.ended_per_hour ?? 0).toFixed(1)} an hour since the first of them`],
    ["executed of those that ended", percent(stats.success_ratio)],
    [
      "from record to file",
      seconds === null
        ? "-"
        : `p50 ${duration(seconds.p50)}, p99 ${duration(seconds.p99)}, max ${duration(seconds.max)}`,
    ],
    ["in the files", `${inThousands(stats.rows)} rows, ${formatBytes(stats.bytes)}`],
  ];
  screen.print("");
  for (const [what = "", value = ""] of lines) screen.print(`${what.padEnd(30)}${value}`);
  if (Object.keys(reasons).length === 0) return;
  screen.print("");
  const rows = Object.entries(reasons).map(([reason, number]) => [reason, String(number)]);
  for (const line of formatTable(["REASON", "REQUESTS"], rows)) screen.print(line);
}

const duration = (seconds: number): string => formatElapsed(seconds * 1000);

/** All, or none, is said of nothing else, whatever the ratio is rounded to. */
export function percent(ratio: number | null): string {
  if (ratio === null) return "-";
  const rounded = ratio * 100;
  const shown = ratio > 0 && ratio < 1 ? Math.min(99.99, Math.max(0.01, rounded)) : rounded;
  return `${shown.toFixed(2)} %`;
}
