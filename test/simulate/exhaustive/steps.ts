/**
 * Which steps may come next. Not every order is one of its own: what nobody else can notice comes at once,
 * and alone; of all the rest, each may be the next.
 */
import type { SimulatedProcess } from "../simulated-process.ts";
import { cancel, type Subject } from "../virtual-time.ts";
import { begin, type Board, type Pending, type Sent, type Step } from "./board.ts";
import { isAbout } from "./places.ts";

/** In milliseconds, beside the times that matter to somebody: four leases. */
export const LONGEST_PAUSE_MS = 80_000;

/** Empty when the clock must go on first. */
export function nextSteps(board: Board): readonly Step[] {
  const due = dueEntries(board);
  // Node runs all timers that are over in one go, and nothing comes in between.
  const next = due.find(({ subject }) => isTimerOf(subject, board.inTimers));
  if (next) return [entryStep(board, next)];
  const ofWorld = due.find(
    ({ subject }) => !subject.process || subject.stream || subject.isConstant,
  );
  if (ofWorld) return [entryStep(board, ofWorld)];
  const alone = unnoticed(board, due);
  if (alone) return alone;
  const steps = withoutTwin(board.sent).flatMap(({ ways }) => ways());
  steps.push(...due.map((entry) => entryStep(board, entry)));
  return affordable(board, [...steps, ...landings(board), ...wakings(board, due.length)]);
}

/** By others. That the request is recorded first is a bound in any case. */
function unnoticed(board: Board, due: readonly Pending[]): readonly Step[] | undefined {
  const isAlone = (process: SimulatedProcess | undefined): boolean =>
    board.isReduced || process?.name.startsWith("intake") === true;
  const unseen = board.sent.find(({ process, place }) => place === undefined && isAlone(process));
  if (unseen) return affordable(board, unseen.ways());
  // Whoever has sent nothing sees what comes to it in some order, and nobody else can tell when.
  const own = due.find(({ subject: { process } }) => isAlone(process) && !hasSent(board, process))
    ?.subject.process;
  if (own)
    return due
      .filter(({ subject }) => subject.process === own)
      .map((entry) => entryStep(board, entry));
  return undefined;
}

/** Of two builders that have done nothing yet, it is the first one that begins: else their names are changed. */
function withoutTwin(sent: readonly Sent[]): readonly Sent[] {
  const fresh = sent.filter(
    ({ process }) => process.name.startsWith("builder") && process.calls === 1,
  );
  return sent.filter((one) => one === fresh[0] || !fresh.includes(one));
}

function affordable({ faultsLeft }: Board, steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ faults }) => faults <= faultsLeft);
}

/** Of each stream the first, and of the timers of each process the one that was over first. */
function dueEntries(board: Board): readonly Pending[] {
  const streams = new Set<object>();
  return board.entries.filter((entry) => {
    const { at, isUnderWay, subject } = entry;
    const { process, stream } = subject;
    if (!isUnderWay && at > board.now) return false;
    if (process && board.paused.has(process)) return false;
    if (isTimerOf(subject, process) && entry !== firstTimer(board, process)) return false;
    if (stream && streams.has(stream)) return false;
    if (stream) streams.add(stream);
    return true;
  });
}

/** Of one time, the one that was set first. */
function firstTimer(
  { entries }: Board,
  process: SimulatedProcess | undefined,
): Pending | undefined {
  return entries
    .filter(({ subject }) => isTimerOf(subject, process))
    .reduce<Pending | undefined>(
      (first, one) => (first && first.at <= one.at ? first : one),
      undefined,
    );
}

function isTimerOf({ isTimer, process }: Subject, whom: SimulatedProcess | undefined): boolean {
  return isTimer === true && process !== undefined && process === whom;
}

function hasSent({ sent }: Board, process: SimulatedProcess | undefined): boolean {
  return sent.some((one) => one.process === process);
}

function entryStep(board: Board, entry: Pending): Step {
  const { process, isTimer } = entry.subject;
  return {
    says: `${isTimer ? "a timer" : "what is on its way"} of ${process?.name ?? "the world"}`,
    faults: 0,
    take() {
      board.entries.splice(board.entries.indexOf(entry), 1);
      begin(board, entry.key);
      if (isTimer) board.inTimers = process;
      entry.run?.();
    },
  };
}

/** What is late comes before a call of somebody else that is about the same. */
function landings({ held, sent }: Board): readonly Step[] {
  return held
    .filter(({ place, process }) =>
      sent.some((other) => other.process !== process && isAbout(other.place, place)),
    )
    .map(({ what, process, land }) => ({
      says: `${what} of ${process.name} arrives only now`,
      faults: 0,
      take: land,
    }));
}

/**
 * Whoever is paused goes on when one of its own timers is over, or when somebody else has to do with what
 * it had to do with: once in an instant, since all that it does then may still be later than all the rest.
 */
function wakings(board: Board, due: number): readonly Step[] {
  const steps: Step[] = [];
  for (const [process, pause] of board.paused) {
    if (process.dead || pause.offeredAt === board.now) continue;
    const places = [...(board.touched.get(process) ?? [])];
    const isMet = board.sent.some(
      (other) =>
        other.process !== process &&
        places.some((place) => place === other.place) &&
        !other.what.startsWith("LIST"),
    );
    const hasTimer = board.entries.some(
      ({ subject, at }) => subject.process === process && subject.isTimer && at === board.now,
    );
    if (!isMet && !hasTimer) continue;
    pause.offeredAt = board.now;
    steps.push({
      says: `${process.name} goes on`,
      faults: 0,
      take: () => wake(board, process),
    });
  }
  // Nothing else is next: the other way is to let the time go on.
  if (steps.length > 0 && due === 0 && board.sent.length === 0)
    steps.push({ says: "the clock goes on", faults: 0, take: () => undefined });
  return steps;
}

export function wake(board: Board, process: SimulatedProcess): void {
  const pause = board.paused.get(process);
  if (pause) cancel(pause.longest);
  board.paused.delete(process);
  process.pausedUntil = board.now;
  begin(board, `${process.name} goes on at ${board.now}`);
}
