/** `statements doctor`: whether everything an installation rests on is there; each finding with its next step. */
import { Command } from "commander";
import type { Check, Finding } from "./doctor/finding.ts";
import { EXIT } from "./exit.ts";
import type { Session } from "./session.ts";

const MARKS = { ok: ["green", "ok"], unknown: ["yellow", "??"], wrong: ["red", "no"] } as const;

export function doctorCommand(session: Session): Command {
  return new Command("doctor")
    .description(
      "Looks at cluster, rights, Knative, pods, ledger, store, database and clock; writes only the probe of the store.",
    )
    .addHelpText(
      "after",
      `
ok is as it should be, ?? could not be looked at, no is wrong; after ?? and no stands the next step.
Any no makes the exit code 1.

Examples:
  statements doctor
  statements --local doctor`,
    )
    .action(() => doctor(session));
}

async function doctor(session: Session): Promise<void> {
  for await (const finding of findings(await checks(), session)) {
    report(session, finding);
    if (finding.level === "wrong") session.exitCode = EXIT.unmet;
  }
}

async function checks(): Promise<readonly Check[]> {
  const { checkCluster } = await import("./doctor/cluster.ts");
  const { checkPods } = await import("./doctor/pods.ts");
  const { checkLedger } = await import("./doctor/ledger.ts");
  const { checkStore } = await import("./doctor/store.ts");
  const { checkDatabase } = await import("./doctor/database.ts");
  return [checkCluster, checkPods, checkLedger, checkStore, checkDatabase];
}

async function* findings(all: readonly Check[], session: Session): AsyncGenerator<Finding> {
  for (const check of all) {
    session.screen.progress("looking …");
    yield* check(session);
    session.signal.throwIfAborted();
  }
  session.screen.progress("");
}

function report({ screen }: Session, { level, what, next }: Finding): void {
  const [colour, mark] = MARKS[level];
  screen.print(`${screen.paint(colour, mark)}  ${what}`);
  if (next !== undefined) screen.print(`    → ${next}`);
}
