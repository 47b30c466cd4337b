/** `statements replay`: parked events go through intake once more; what it accepts leaves the list. */
import { Command } from "commander";
import type { Ledger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import type { StoredRejectedEvent } from "../../../functions/platform/ledger/rejected-event.ts";
import { isOutcome } from "../../../functions/domain/events/event-types.ts";
import { printAudit } from "../words/acts.ts";
import { confirm } from "./confirm.ts";
import { EXIT, unavailable, wrongUse } from "../words/exit.ts";
import { hostWords, postToIntake } from "../session/intake.ts";
import { readRefusal } from "./refusal.ts";
import { deskOf, recordAct } from "./operator-moves.ts";
import { lineOf, noneRejected, readRejected } from "../look/rejected.ts";
import type { Session } from "../session/session.ts";

export function replayCommand(session: Session): Command {
  return new Command("replay")
    .description("Runs rejected events through intake again.")
    .argument("[name...]", "as `rejected` shows them")
    .option("--all", "every one of them; shows them, and asks")
    .option("-y, --yes", "of --all: they are known, ask nothing")
    .addHelpText(
      "after",
      `
Examples:
  statements replay rejected-event-0417
  INTAKE_TOKEN=$(kubectl create token -n statements ACCOUNT --audience request-intake) statements replay --all --yes`,
    )
    .action(async (names: readonly string[], { all = false, yes = false }: ReplayOptions) => {
      if (all === names.length > 0)
        throw wrongUse("name the events, or give --all; --help shows how");
      // Read once: what somebody was asked about is what is sent, whatever is parked meanwhile.
      const events = await readRejected(session);
      if (all && !yes) await confirmAll(session, events);
      await replay(session, all ? events : named(session, events, new Set(names)));
    });
}

interface ReplayOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

/**
 * Whoever may park an event has it sent with the operator's own token: he sees first whose they are.
 * @throws CommandError unless he agrees
 */
async function confirmAll(session: Session, events: readonly StoredRejectedEvent[]): Promise<void> {
  for (const event of events) session.screen.note(lineOf(event));
  if (events.length === 0) {
    session.screen.note(noneRejected(session));
    return;
  }
  const which = events.length === 1 ? "this event" : `these ${events.length} events`;
  await confirm(session, {
    text: `Send ${which} to intake with your token?`,
    otherwise: "--all asks first; without a terminal, add --yes",
    refused: "nothing was sent",
  });
}

function named(
  session: Session,
  events: readonly StoredRejectedEvent[],
  wanted: ReadonlySet<string>,
): readonly StoredRejectedEvent[] {
  const chosen = events.filter(({ name }) => wanted.has(name));
  for (const name of wanted) {
    if (chosen.some((one) => one.name === name)) continue;
    session.screen.print(`${name}  not found: see the command \`rejected\``);
    session.exitCode = EXIT.unmet;
  }
  return chosen;
}

async function replay(session: Session, events: readonly StoredRejectedEvent[]): Promise<void> {
  const ledger = await session.ledger();
  for (const event of events)
    if (!(await replayOne(session, ledger, event))) session.exitCode = EXIT.unmet;
}

/** The stored event goes away only after intake has recorded it: a crash between repeats it. */
async function replayOne(
  session: Session,
  ledger: Ledger,
  stored: StoredRejectedEvent,
): Promise<boolean> {
  const { screen, signal } = session;
  const { event } = stored.fields;
  if (event === undefined) {
    screen.print(`${stored.name}  is no CloudEvent: it can be looked at, not replayed`);
    return false;
  }
  const { event_type: type = "", event_id: id = "" } = stored.fields;
  // Nothing for intake: a consumer was not told, however often it was tried.
  if (isOutcome(type)) {
    const request = id.slice(0, id.lastIndexOf("."));
    screen.print(`${stored.name}  is an outcome: statements announce ${request}`);
    return false;
  }
  const headers = { "content-type": "application/cloudevents+json" };
  const intake = await session.intake();
  const answer = await postToIntake(intake, { headers, body: event }, signal).catch(
    (cause: unknown) => {
      signal.throwIfAborted();
      throw unavailable(`intake cannot be reached at INTAKE_URL ${intake.INTAKE_URL}`, { cause });
    },
  );
  const isAccepted = answer.status >= 200 && answer.status < 300;
  screen.print(`${stored.name}  ${answer.status}  ${answer.subject ?? answer.text}`);
  if (!isAccepted) {
    if (!readRefusal(answer.text)) for (const line of hostWords(intake, answer)) screen.note(line);
    return false;
  }
  if (answer.subject !== undefined) await leaveTrace(session, answer.subject);
  await ledger.remove(stored);
  return true;
}

/** In the record that came of it, which may be an earlier one of the same event. */
async function leaveTrace(session: Session, name: string): Promise<void> {
  const traced = await recordAct(await deskOf(session, name), "replay");
  if (traced.kind === "moved") printAudit(session.screen, name, traced.act);
}
