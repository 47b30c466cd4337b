/**
 * The operator's command for events that were parked: `rejected` lists them, `replay` runs one, or
 * all of them, through intake again. What intake accepts leaves the list.
 */
import { parseArgs } from "node:util";
import {
  makeConfigMapLedger,
  type Ledger,
  type StoredRejectedEvent,
} from "../../functions/platform/configmap-ledger.ts";

const HELP = `usage: make cli ARGS="COMMAND"
  rejected             events that were no acceptable requests, oldest first
  replay NAME…         runs them through intake again
  replay --all         every one of them
environment: KUBECONFIG, LEDGER_NAMESPACE (transaction-requests), INTAKE_URL (http://localhost:8081/),
  INTAKE_TOKEN for an intake that asks for OIDC tokens
exit codes: 0 done, 1 an event was not accepted again, 2 wrong use`;

const EXIT_NOT_ACCEPTED = 1;
const EXIT_USAGE = 2;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { all: { type: "boolean" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  const [command, ...names] = positionals;
  const ledger = makeConfigMapLedger({
    namespace: process.env["LEDGER_NAMESPACE"] ?? "transaction-requests",
    kubeconfig: process.env["KUBECONFIG"],
  });
  if (command === "rejected" && names.length === 0) return await listRejected(ledger);
  if (command === "replay" && (names.length > 0 || values.all)) {
    return await replay(ledger, values.all ? undefined : new Set(names));
  }
  console.log(HELP);
  return values.help ? 0 : EXIT_USAGE;
}

async function rejectedEvents(ledger: Ledger): Promise<readonly StoredRejectedEvent[]> {
  const events: StoredRejectedEvent[] = [];
  for await (const page of ledger.listRejected()) events.push(...page);
  const receivedAt = ({ fields }: StoredRejectedEvent): string => fields["received_at"] ?? "";
  return events.sort((a, b) => receivedAt(a).localeCompare(receivedAt(b)));
}

async function listRejected(ledger: Ledger): Promise<number> {
  for (const { name, fields } of await rejectedEvents(ledger)) {
    const { received_at: at = "", event_type: type = "not an event", error_code: code } = fields;
    console.log(`${name}  ${at}  ${type}${code === undefined ? "" : `  HTTP ${code}`}`);
  }
  return 0;
}

async function replay(ledger: Ledger, wanted: ReadonlySet<string> | undefined): Promise<number> {
  const events = await rejectedEvents(ledger);
  const chosen = events.filter(({ name }) => wanted === undefined || wanted.has(name));
  const missing = [...(wanted ?? [])].filter((name) => !chosen.some((one) => one.name === name));
  for (const name of missing) console.log(`${name}  not found: see the command \`rejected\``);
  let accepted = 0;
  for (const event of chosen) if (await replayOne(ledger, event)) accepted += 1;
  return accepted === chosen.length && missing.length === 0 ? 0 : EXIT_NOT_ACCEPTED;
}

/** The stored event goes away only after intake has recorded it: a crash between repeats it. */
async function replayOne(ledger: Ledger, stored: StoredRejectedEvent): Promise<boolean> {
  const { event } = stored.fields;
  if (event === undefined) {
    console.log(`${stored.name}  is no CloudEvent: it can be looked at, not replayed`);
    return false;
  }
  const token = process.env["INTAKE_TOKEN"];
  const answer = await fetch(process.env["INTAKE_URL"] ?? "http://localhost:8081/", {
    method: "POST",
    headers: {
      "content-type": "application/cloudevents+json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: event,
  });
  const body = await answer.text();
  console.log(`${stored.name}  ${answer.status}  ${answer.headers.get("ce-subject") ?? body}`);
  if (answer.ok) await ledger.remove(stored);
  return answer.ok;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return EXIT_USAGE;
});
