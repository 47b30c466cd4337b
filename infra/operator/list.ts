/** `statements list`: requests by state, customer and age. */
import { Command, InvalidArgumentError, Option } from "commander";
import {
  REQUEST_STATES,
  type RequestStatus,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import { toJson } from "../../functions/platform/ledger/configmap-record.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { reasonOf, shortProgress, STATE_COLOURS } from "./record-view.ts";
import type { Session } from "./session.ts";
import { formatTable } from "./table.ts";

interface ListOptions {
  readonly state?: readonly RequestStatus[];
  readonly customer?: string;
  readonly olderThan?: number;
  readonly newerThan?: number;
  readonly output: OutputForm;
}

const FORMS = ["table", "wide", "name", "json", "yaml"] as const;
type OutputForm = (typeof FORMS)[number];

export function listCommand(session: Session): Command {
  return new Command("list")
    .alias("ls")
    .description("Shows requests, oldest first.")
    .option(
      "-s, --state <states>",
      `only these, by comma: ${REQUEST_STATES.join(",")}`,
      parseStates,
    )
    .option("-c, --customer <id>", "only of this customer")
    .option("--older-than <time>", "recorded longer ago than 90s, 15m, 3h, 2d", parseDuration)
    .option("--newer-than <time>", "recorded within this time", parseDuration)
    .addOption(new Option("-o, --output <form>", "form").choices(FORMS).default("table"))
    .addHelpText(
      "after",
      `
Examples:
  statements list --state failed
  statements list --state pending,processing --older-than 15m
  statements list -c customer-000001 -o wide
  statements list --state failed -o name | xargs statements retry
  statements list -o json | jq '.[].error_code'`,
    )
    .action((options: ListOptions) => list(session, options));
}

function parseStates(text: string): readonly RequestStatus[] {
  return text.split(",").map((word) => {
    const state = REQUEST_STATES.find((one) => one === word.trim());
    if (!state) throw new InvalidArgumentError(`States are ${REQUEST_STATES.join(", ")}.`);
    return state;
  });
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { screen } = session;
  const { requests, unreadable } = await readRequests(session, options);
  if (options.output === "table" || options.output === "wide")
    printTable(session, requests, options);
  else await printForm(session, requests, options.output);
  for (const name of unreadable) {
    screen.note(`${name} cannot be read as a request: kubectl get configmap ${name} -o yaml`);
  }
}

async function readRequests(session: Session, options: ListOptions) {
  const { state: status, customer: customerId, olderThan, newerThan } = options;
  const now = session.now();
  const isWanted = ({ facts: { recordedAt } }: StatementRequest): boolean =>
    (olderThan === undefined || now - recordedAt > olderThan) &&
    (newerThan === undefined || now - recordedAt <= newerThan);
  const requests: StatementRequest[] = [];
  const unreadable: string[] = [];
  const filter = { ...(status && { status }), ...(customerId !== undefined && { customerId }) };
  for await (const page of (await session.ledger()).list(filter, session.signal)) {
    requests.push(...page.records.map(({ request }) => request).filter(isWanted));
    unreadable.push(...page.unreadable);
    session.screen.progress(`${requests.length} requests …`);
  }
  session.screen.progress("");
  return { requests: requests.sort((a, b) => a.facts.recordedAt - b.facts.recordedAt), unreadable };
}

function printTable(
  { screen, now }: Session,
  requests: readonly StatementRequest[],
  { output }: ListOptions,
): void {
  if (requests.length === 0) {
    screen.note("No requests found.");
    return;
  }
  const isWide = output === "wide";
  const header = ["NAME", "STATE", "CUSTOMER", "PERIOD", "AGE", "REASON"];
  const more = ["TRIES", "FAILURES", "LANE", "ROWS", "OBJECT"];
  const rows = requests.map((request) => [
    request.facts.name,
    request.status,
    request.facts.customerId,
    `${request.facts.startDate}..${request.facts.endDate}`,
    formatDuration(now() - request.facts.recordedAt),
    reasonOf(request) || shortProgress(request) || "-",
    ...(isWide ? wideCells(request) : []),
  ]);
  const [first = "", ...lines] = formatTable(isWide ? [...header, ...more] : header, rows);
  screen.print(first);
  for (const [i, line] of lines.entries()) {
    const { status = "pending" as const, facts } = requests[i] ?? {};
    const name = facts?.name ?? "";
    const rest = line
      .slice(name.length)
      .replace(status, screen.paint(STATE_COLOURS[status], status));
    screen.print(name + rest);
  }
}

function wideCells(request: StatementRequest): readonly string[] {
  const rows = request.status === "executed" ? String(request.rows) : "-";
  const { attempt, failures, lane, object } = request;
  return [
    String(attempt),
    String(failures),
    lane,
    rows,
    object ? `${object.bucket}/${object.key}` : "-",
  ];
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
