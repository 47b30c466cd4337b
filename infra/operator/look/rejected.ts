/** `statements rejected`: events that were no acceptable requests, parked by the broker. */
import { Command } from "commander";
import type { StoredRejectedEvent } from "../../../functions/platform/ledger/rejected-event.ts";
import { unmet } from "../words/exit.ts";
import type { Session } from "../session/session.ts";

export function noneRejected({ config }: Session): string {
  return `No rejected events found in ${config.LEDGER_NAMESPACE}.`;
}

export function rejectedCommand(session: Session): Command {
  return new Command("rejected")
    .description(
      "Shows events that were no acceptable requests, oldest first; with a name, one whole.",
    )
    .argument("[name]", "of one, to see what came")
    .addHelpText(
      "after",
      `
Examples:
  statements rejected
  statements rejected rejected-event-0417`,
    )
    .action(async (name: string | undefined) => {
      const events = await readRejected(session);
      if (name === undefined && events.length === 0) session.screen.note(noneRejected(session));
      if (name === undefined) for (const event of events) session.screen.print(lineOf(event));
      else for (const line of linesOf(events, name)) session.screen.print(line);
    });
}

/** @throws LedgerUnavailable */
export async function readRejected(session: Session): Promise<readonly StoredRejectedEvent[]> {
  const events: StoredRejectedEvent[] = [];
  const ledger = await session.ledger();
  for await (const page of ledger.listRejected({}, session.signal)) events.push(...page);
  return events.sort((a, b) => a.receivedAt - b.receivedAt);
}

/** With who parked it, whose word it is, and about whom: nobody should replay what he does not know. */
export function lineOf({ name, fields }: StoredRejectedEvent): string {
  const { received_at: at = "", event_type: type = "not an event", error_code: code } = fields;
  const about = {
    source: fields["event_source"],
    customer: customerOf(fields["event"]),
    sender: fields["sender"],
  };
  const known = Object.entries(about).flatMap(([what, value]) =>
    value === undefined ? [] : [`${what} ${value}`],
  );
  return [name, at, type, ...known, ...(code === undefined ? [] : [`HTTP ${code}`])].join("  ");
}

function customerOf(event = "null"): string | undefined {
  try {
    const { data } = (JSON.parse(event) ?? {}) as { readonly data?: unknown };
    const { customer_id: id } = (data ?? {}) as { readonly customer_id?: unknown };
    return typeof id === "string" ? id : undefined;
  } catch {
    // Changed by hand.
    return undefined;
  }
}

function linesOf(events: readonly StoredRejectedEvent[], name: string): readonly string[] {
  const event = events.find((one) => one.name === name);
  if (!event) throw unmet(`${name} not found: see the command \`rejected\``);
  const width = Math.max(...Object.keys(event.fields).map((field) => field.length));
  return Object.entries(event.fields).map(([field, value]) => `${field.padEnd(width)}  ${value}`);
}
