/** `statements watch`: the states of requests as they come. */
import { Command, Option } from "commander";
import { isFinal, type StatementRequest } from "../../../functions/domain/statement-request.ts";
import { toJson } from "../../../functions/platform/ledger/configmap-record.ts";
import { EXIT, wrongUse } from "../words/exit.ts";
import { isSelected, withSelection, type Selection } from "./selection.ts";
import type { Session } from "../session/session.ts";
import { stateKey, stateLine } from "../words/state-line.ts";

const FORMS = ["text", "json"] as const;
type Form = (typeof FORMS)[number];

export function watchCommand(session: Session): Command {
  return withSelection(
    new Command("watch")
      .description("Shows states as they come: of one request until it has ended, or of all.")
      .argument("[name]", "of a request; without it, changes from now on, until Ctrl-C"),
  )
    .addOption(
      new Option("-o, --output <form>", "text, or a line of JSON a change")
        .choices(FORMS)
        .default("text"),
    )
    .addHelpText(
      "after",
      `
With a name, the exit code says how it ended: 0 executed, 1 failed or cancelled.

Examples:
  statements watch
  statements watch --state failed -o json | jq -r .error_code
  statements watch transaction-request-customer-000001-1795434992079 && statements download NAME`,
    )
    .action(async (name: string | undefined, { output, ...chosen }: WatchOptions) => {
      if (name === undefined) await watchAll(session, chosen, output);
      else if (Object.keys(chosen).length > 0)
        throw wrongUse("name a request, or choose some by options; not both");
      else await watchOne(session, (await session.find(name)).name, output);
    });
}

interface WatchOptions extends Selection {
  readonly output: Form;
}

/** What was seen before, and how the ledger stood then. */
interface Seen {
  readonly version: string;
  readonly known: readonly StatementRequest[];
}

export async function watchAll(
  session: Session,
  chosen: Selection,
  form: Form,
  before?: Seen,
): Promise<void> {
  const { screen, signal, kubeconfig, config, now } = session;
  const { watchChanges } = await import("./changes.ts");
  const seen = new Map(before?.known.map((request) => [request.facts.name, stateKey(request)]));
  if (!before) screen.note("Waiting for changes; Ctrl-C ends it.");
  const options = { kubeconfig, namespace: config.LEDGER_NAMESPACE, version: before?.version };
  for await (const change of watchChanges(options, signal)) {
    if (change.kind === "deleted") seen.delete(change.name);
    if (change.kind === "unreadable") screen.note(`${change.name} cannot be read as a request`);
    if (change.kind !== "written") continue;
    const { request } = change;
    const { name } = request.facts;
    if (seen.get(name) === stateKey(request) || !isSelected(request, chosen, now())) continue;
    seen.set(name, stateKey(request));
    const at = new Date(now()).toISOString().slice(0, 19);
    if (form === "json") screen.print(JSON.stringify(toJson(request)));
    else screen.print(`${at}Z  ${stateLine(screen, request, now())}  ${name}`);
  }
}

/** Until it has ended; the exit code tells how. */
export async function watchOne(session: Session, name: string, form: Form = "text"): Promise<void> {
  const { screen, kubeconfig, config, now } = session;
  const { watchChanges } = await import("./changes.ts");
  const ended = new AbortController();
  const signal = AbortSignal.any([session.signal, ended.signal]);
  const options = { kubeconfig, namespace: config.LEDGER_NAMESPACE, name };
  let shown = "";
  for await (const change of watchChanges(options, signal)) {
    if (change.kind !== "written") {
      screen.note(
        `${name} is ${change.kind === "deleted" ? "deleted" : "no readable request any more"}`,
      );
      session.exitCode = EXIT.unmet;
      ended.abort();
      continue;
    }
    const { request } = change;
    if (stateKey(request) !== shown)
      screen.print(
        form === "json" ? JSON.stringify(toJson(request)) : stateLine(screen, request, now()),
      );
    shown = stateKey(request);
    if (!isFinal(request)) continue;
    if (request.status !== "executed") session.exitCode = EXIT.unmet;
    ended.abort();
  }
  session.signal.throwIfAborted();
}
