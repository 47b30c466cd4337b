/** `statements doctor`: whether everything an installation rests on is there; each finding with its next step. */
import { Command, Option } from "commander";
import { unknown, type Check, type Finding } from "./finding.ts";
import { EXIT } from "../words/exit.ts";
import type { Session } from "../session/session.ts";

const FORMS = ["text", "json"] as const;
const MARKS = { ok: ["green", "ok"], unknown: ["yellow", "??"], wrong: ["red", "no"] } as const;

export function doctorCommand(session: Session): Command {
  return new Command("doctor")
    .description(
      "Looks at cluster, rights, Knative, pods, ticks, retention, ledger, backlog, wake-ups, store, database and clock; writes only the probe of the store.",
    )
    .addOption(new Option("-o, --output <form>", "form").choices(FORMS).default("text"))
    .addHelpText(
      "after",
      `
ok is as it should be, ?? could not be looked at or is to be watched, no is wrong; after ?? and no stands the next step.
Any no makes the exit code 1. A ?? leaves it at 0: it is for a person, and \`level\` is "unknown" in the JSON for what
has to be strict.

Examples:
  statements doctor
  statements --local doctor
  statements doctor -o json | jq -r '.[] | select(.level == "wrong") | .what'
  statements doctor -o json | jq -e 'all(.level == "ok")'`,
    )
    .action(({ output }: { readonly output: (typeof FORMS)[number] }) => doctor(session, output));
}

async function doctor(session: Session, output: (typeof FORMS)[number]): Promise<void> {
  const found: Finding[] = [];
  for await (const finding of findings(session)) {
    if (output === "text") report(session, finding);
    else found.push(finding);
    if (finding.level === "wrong") session.exitCode = EXIT.unmet;
  }
  if (output === "json") session.screen.printDocument(JSON.stringify(found, null, 2));
}

async function* findings(session: Session): AsyncGenerator<Finding> {
  const { screen, signal } = session;
  for (const check of await checksOfCluster()) {
    screen.progress("looking …");
    const end = yield* check(session);
    signal.throwIfAborted();
    if (end !== "silent") continue;
    session.leaveCluster();
    yield unknown(
      "nothing more was asked of the cluster, as it does not answer",
      "statements doctor again, once it does",
    );
    break;
  }
  for (const check of await checksBeside()) {
    screen.progress("looking …");
    yield* check(session);
    signal.throwIfAborted();
  }
  screen.progress("");
}

async function checksOfCluster(): Promise<readonly Check[]> {
  const { checkCluster } = await import("./cluster.ts");
  const { checkPods } = await import("./pods.ts");
  const { checkTicks } = await import("./ticks.ts");
  const { checkWindow } = await import("./window.ts");
  const { checkLedger } = await import("./ledger.ts");
  return [checkCluster, checkPods, checkTicks, checkWindow, checkLedger];
}

async function checksBeside(): Promise<readonly Check[]> {
  const { checkStore } = await import("./store.ts");
  const { checkDatabase } = await import("./database.ts");
  return [checkStore, checkDatabase];
}

function report({ screen }: Session, { level, what, next }: Finding): void {
  const [colour, mark] = MARKS[level];
  screen.print(`${screen.paint(colour, mark)}  ${what}`);
  if (next !== undefined) screen.print(`    → ${next}`);
}
