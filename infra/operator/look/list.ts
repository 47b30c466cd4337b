/** `statements list`: requests by state, customer, reason and age. */
import { Command, InvalidArgumentError, Option } from "commander";
import type {
  RequestStatus,
  StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { toJson } from "../../../functions/platform/ledger/configmap-record.ts";
import {
  cellOf,
  COLUMN_NAMES,
  inOrder,
  ORDER_NAMES,
  USUAL_COLUMNS,
  WIDE_COLUMNS,
  type Column,
  type Order,
} from "../words/columns.ts";
import { wrongUse } from "../words/exit.ts";
import { STATE_COLOURS } from "../words/record-view.ts";
import { noteUnreadable, readSelected, withSelection, type Selection } from "./selection.ts";
import type { Session } from "../session/session.ts";
import { formatTable } from "../words/table.ts";
import type { Screen } from "../words/terminal.ts";

interface ListOptions extends Selection {
  readonly sort: Order;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly columns?: readonly Column[];
  readonly headers: boolean;
  readonly output: OutputForm;
  readonly watch?: boolean;
}

const FORMS = ["table", "wide", "name", "json", "yaml"] as const;
type OutputForm = (typeof FORMS)[number];

export function listCommand(session: Session): Command {
  return withSelection(new Command("list").alias("ls").description("Shows requests, oldest first."))
    .addOption(new Option("--sort <order>", "by").choices(ORDER_NAMES).default("recorded"))
    .option("--reverse", "the other way round: newest first")
    .option("--limit <number>", "so many of them", parseLimit)
    .option("--columns <list>", `of the table: ${COLUMN_NAMES.join(",")}`, parseColumns)
    .option("--no-headers", "the table without its first line")
    .addOption(new Option("-o, --output <form>", "form").choices(FORMS).default("table"))
    .option("-w, --watch", "then show each change, until Ctrl-C")
    .addHelpText(
      "after",
      `
Examples:
  statements list --state failed
  statements list --state failed --code too_large
  statements list --state pending,processing --older-than 15m --watch
  statements list --reverse --limit 20 --columns name,state,taken,reason
  statements list -c customer-000001 -o wide
  statements list -o json | jq '.[].error_code'`,
    )
    .action((options: ListOptions) => list(session, options));
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a number such as 20.");
}

function parseColumns(text: string): readonly Column[] {
  return text.split(",").map((word) => {
    const column = COLUMN_NAMES.find((one) => one === word.trim());
    if (!column) throw new InvalidArgumentError(`Columns are ${COLUMN_NAMES.join(", ")}.`);
    return column;
  });
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { screen } = session;
  if (options.watch && options.output !== "table" && options.output !== "wide")
    throw wrongUse(`--watch goes with a table; \`statements watch -o json\` prints changes`);
  const { requests, unreadable, version } = await readSelected(session, options);
  const sorted = inOrder(requests, options.sort, session.now());
  const ordered = options.reverse ? sorted.toReversed() : sorted;
  const shown = ordered.slice(0, options.limit);
  if (options.output === "table" || options.output === "wide") printTable(session, shown, options);
  else await printForm(session, shown, options.output);
  if (shown.length < requests.length)
    screen.note(`${shown.length} of ${requests.length} requests; --limit says how many.`);
  noteUnreadable(session, unreadable);
  if (!options.watch) return;
  const { watchAll } = await import("./watch.ts");
  await watchAll(session, options, "text", { version, known: requests });
}

function printTable(
  { screen, now, config }: Session,
  requests: readonly StatementRequest[],
  { output, columns = output === "wide" ? WIDE_COLUMNS : USUAL_COLUMNS, headers }: ListOptions,
): void {
  if (requests.length === 0) {
    screen.note(`No requests found in ${config.LEDGER_NAMESPACE}.`);
    return;
  }
  const header = columns.map((column) => (headers ? column.toUpperCase() : ""));
  const rows = requests.map((request) => columns.map((column) => cellOf(column, request, now())));
  const [first = "", ...lines] = formatTable(header, rows);
  if (headers) screen.print(first);
  // Colour is put in where a line is whole: it has no width.
  const at = columns.includes("state") ? first.indexOf("STATE") : -1;
  for (const [i, line] of lines.entries()) {
    const status = requests[i]?.status;
    const isPainted = at >= 0 && status !== undefined;
    screen.print(isPainted ? paintState(screen, line, at, status) : line);
  }
}

function paintState(screen: Screen, line: string, at: number, status: RequestStatus): string {
  const painted = screen.paint(STATE_COLOURS[status], status);
  return line.slice(0, at) + painted + line.slice(at + status.length);
}

async function printForm(
  { screen }: Session,
  requests: readonly StatementRequest[],
  form: "name" | "json" | "yaml",
): Promise<void> {
  if (form === "name") for (const { facts } of requests) screen.print(facts.name);
  else if (form === "json") screen.printDocument(JSON.stringify(requests.map(toJson), null, 2));
  else screen.printDocument(await toYaml(requests.map(toJson)));
}

/** By the Kubernetes client, which writes manifests with it. */
export async function toYaml(value: unknown): Promise<string> {
  const { dumpYaml } = await import("@kubernetes/client-node");
  return dumpYaml(value, { lineWidth: -1 }).trimEnd();
}
