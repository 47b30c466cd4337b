/** `statements watch`: the states of requests as they come. */
import { Command } from "commander";
import { isFinal } from "../../functions/domain/statement-request.ts";
import { EXIT } from "./exit.ts";
import type { Session } from "./session.ts";
import { stateKey, stateLine } from "./state-line.ts";

export function watchCommand(session: Session): Command {
  return new Command("watch")
    .description("Shows states as they come: of one request until it has ended, or of all.")
    .argument("[name]", "of a request; without it, all changes from now on, until Ctrl-C")
    .addHelpText(
      "after",
      `
With a name, the exit code says how it ended: 0 executed, 1 failed or cancelled.

Examples:
  statements watch
  statements watch transaction-request-customer-000001-1795434992079 && statements download NAME`,
    )
    .action(async (name: string | undefined) => {
      if (name === undefined) await watchAll(session);
      else await watchOne(session, (await session.find(name)).name);
    });
}

async function watchAll(session: Session): Promise<void> {
  const { screen, signal, kubeconfig, config, now } = session;
  const { watchChanges } = await import("./changes.ts");
  const seen = new Map<string, string>();
  screen.note("Waiting for changes; Ctrl-C ends it.");
  for await (const change of watchChanges(
    { kubeconfig, namespace: config.LEDGER_NAMESPACE },
    signal,
  )) {
    if (change.kind === "deleted") seen.delete(change.name);
    if (change.kind === "unreadable") screen.note(`${change.name} cannot be read as a request`);
    if (change.kind !== "written") continue;
    const { request } = change;
    if (seen.get(request.facts.name) === stateKey(request)) continue;
    seen.set(request.facts.name, stateKey(request));
    screen.print(`${stateLine(screen, request, now())}  ${request.facts.name}`);
  }
}

/** Until it has ended; the exit code tells how. */
export async function watchOne(session: Session, name: string): Promise<void> {
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
    if (stateKey(request) !== shown) screen.print(stateLine(screen, request, now()));
    shown = stateKey(request);
    if (!isFinal(request)) continue;
    if (request.status !== "executed") session.exitCode = EXIT.unmet;
    ended.abort();
  }
  session.signal.throwIfAborted();
}
