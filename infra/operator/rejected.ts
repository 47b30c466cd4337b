/** `statements rejected`: events that were no acceptable requests, parked by the broker. */
import { Command } from "commander";
import type {
  Ledger,
  StoredRejectedEvent,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { unmet } from "./exit.ts";
import type { Session } from "./session.ts";

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
      const events = await readRejected(await session.ledger());
      if (name === undefined) for (const event of events) session.screen.print(lineOf(event));
      else session.screen.print(wholeOf(events, name));
    });
}

export async function readRejected(ledger: Ledger): Promise<readonly StoredRejectedEvent[]> {
  const events: StoredRejectedEvent[] = [];
  for await (const page of ledger.listRejected()) events.push(...page);
  const receivedAt = ({ fields }: StoredRejectedEvent): string => fields["received_at"] ?? "";
  return events.sort((a, b) => receivedAt(a).localeCompare(receivedAt(b)));
}

function lineOf({ name, fields }: StoredRejectedEvent): string {
  const { received_at: at = "", event_type: type = "not an event", error_code: code } = fields;
  return `${name}  ${at}  ${type}${code === undefined ? "" : `  HTTP ${code}`}`;
}

function wholeOf(events: readonly StoredRejectedEvent[], name: string): string {
  const event = events.find((one) => one.name === name);
  if (!event) throw unmet(`${name} not found: see the command \`rejected\``);
  const width = Math.max(...Object.keys(event.fields).map((field) => field.length));
  return Object.entries(event.fields)
    .map(([field, value]) => `${field.padEnd(width)}  ${value}`)
    .join("\n");
}
