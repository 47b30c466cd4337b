/** Which requests a command is about: the options that choose them, and those that are so. */
import { type Command, InvalidArgumentError } from "commander";
import { CUSTOMER_ID } from "../../../functions/domain/record-name.ts";
import { ERROR_CODES } from "../../../functions/domain/failure.ts";
import {
  REQUEST_STATES,
  type RequestStatus,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { parseDuration } from "../words/duration.ts";
import { REASONS } from "../words/error-words.ts";
import { reasonOf } from "../words/record-view.ts";
import { count } from "../words/plural.ts";
import type { Session } from "../session/session.ts";

export interface Selection {
  readonly state?: readonly RequestStatus[];
  readonly customer?: string;
  readonly code?: readonly string[];
  readonly olderThan?: number;
  readonly newerThan?: number;
}

/** @param states those that the command can be about; of one alone nobody has to choose */
export function withSelection(
  command: Command,
  states: readonly RequestStatus[] = REQUEST_STATES,
): Command {
  const reasons = states.every((state) => state === "failed") ? ERROR_CODES : REASONS;
  if (states.length > 1) {
    const about = `only these, by comma: ${states.join(",")}`;
    command.option("-s, --state <states>", about, (text) => parseStates(text, states));
  }
  return command
    .option("-c, --customer <id>", "only of this customer", parseCustomer)
    .option("--code <codes>", "only with this reason, by comma, such as too_large", (text) =>
      parseCodes(text, reasons),
    )
    .option("--older-than <time>", "recorded longer ago than 90s, 15m, 3h, 2d", parseDuration)
    .option("--newer-than <time>", "recorded within this time", parseDuration);
}

/** The ledger is asked by a label, which takes nothing else. @throws InvalidArgumentError */
export function parseCustomer(text: string): string {
  if (CUSTOMER_ID.test(text)) return text;
  throw new InvalidArgumentError(
    "An id has at most 63 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends.",
  );
}

function parseStates(text: string, states: readonly RequestStatus[]): readonly RequestStatus[] {
  return text.split(",").map((word) => {
    const state = states.find((one) => one === word.trim());
    if (!state) throw new InvalidArgumentError(`States are ${states.join(", ")}.`);
    return state;
  });
}

function parseCodes(text: string, reasons: readonly string[]): readonly string[] {
  const codes = text.split(",").map((word) => word.trim());
  if (codes.every((code) => reasons.includes(code))) return codes;
  throw new InvalidArgumentError(`Reasons are ${reasons.join(", ")}.`);
}

export function isSelected(request: StatementRequest, chosen: Selection, now: number): boolean {
  const { state, customer, code, olderThan, newerThan } = chosen;
  const { recordedAt, customerId } = request.facts;
  return (
    (state?.includes(request.status) ?? true) &&
    (customer === undefined || customerId === customer) &&
    (code?.includes(codeOf(request)) ?? true) &&
    (olderThan === undefined || now - recordedAt > olderThan) &&
    (newerThan === undefined || now - recordedAt <= newerThan)
  );
}

/** Without the class of error that may stand behind it. */
function codeOf(request: StatementRequest): string {
  return /^[a-z_]*/.exec(reasonOf(request))?.[0] ?? "";
}

export interface Selected {
  /** Oldest first. */
  readonly requests: readonly StatementRequest[];
  /** Names of records that are no requests any more. */
  readonly unreadable: readonly string[];
  /** Of the ledger: a watch goes on from there. */
  readonly version: string;
}

/** @throws LedgerUnavailable when the ledger cannot be listed */
export async function readSelected(session: Session, chosen: Selection): Promise<Selected> {
  const { state: status, customer: customerId } = chosen;
  const now = session.now();
  const requests: StatementRequest[] = [];
  const unreadable: string[] = [];
  let version = "";
  const filter = { ...(status && { status }), ...(customerId !== undefined && { customerId }) };
  session.screen.progress("reading the ledger …");
  for await (const page of (await session.ledger()).list(filter, session.signal)) {
    version ||= page.version;
    for (const { request } of page.records)
      if (isSelected(request, chosen, now)) requests.push(request);
    unreadable.push(...page.unreadable);
    session.screen.progress(`${count(requests.length, "request")} …`);
  }
  session.screen.progress("");
  requests.sort((a, b) => a.facts.recordedAt - b.facts.recordedAt);
  return { requests, unreadable, version };
}

export function noteUnreadable({ screen }: Session, names: readonly string[]): void {
  for (const name of names)
    screen.note(`${name} cannot be read as a request: kubectl get configmap ${name} -o yaml`);
}
