/** `statements logs`: what the functions said about a request. */
import { Command } from "commander";
import type { Session } from "../session/session.ts";

export function logsCommand(session: Session): Command {
  return new Command("logs")
    .description("Prints the functions' log lines about a request, as far as they are still there.")
    .argument("<name>", "of the request")
    .addHelpText(
      "after",
      `
Of the pods that are there, by kubectl: those that scaled away took theirs along, unless a collector
has them. A line is JSON, as the function wrote it.

Examples:
  statements logs transaction-request-customer-000001-1795434992079
  statements --local logs NAME | jq -r '[.time, .function, .msg] | @tsv'`,
    )
    .action(async (name: string) => {
      const stored = await session.find(name);
      const lines = aboutRequest(await session.functionLogs(), stored.name);
      for (const line of lines) session.screen.print(line);
      if (lines.length === 0) session.screen.note("No line about it is left.");
    });
}

/** By time; a name ends where the next character belongs to no name. */
function aboutRequest(text: string, name: string): readonly string[] {
  const quoted = name.replaceAll(".", "\\.");
  const isAbout = new RegExp(`(?<![a-z0-9.-])${quoted}(?![a-z0-9-])`);
  const lines = text.split("\n").filter((line) => line.startsWith("{") && isAbout.test(line));
  return lines
    .map((line) => ({ line, time: /"time":"(?<time>[^"]*)"/.exec(line)?.groups?.["time"] ?? "" }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ line }) => line);
}
