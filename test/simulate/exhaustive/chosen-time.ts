/** A clock whose next step is chosen. It goes on when nothing is under way any more but what is held up. */
import { setImmediate as realImmediate } from "node:timers";
import type { VirtualTime } from "../virtual-time.ts";
import type { Board, Pending, Step } from "./board.ts";
import { canonical } from "./canonical.ts";
import { memoryOf } from "./memory.ts";
import { nextSteps } from "./steps.ts";

/** Which of several. */
export type Choose = (steps: readonly Step[]) => number;

/** What comes within so long, and is nobody's timer, is on its way, and its time means nothing. */
const UNDER_WAY_MS = 60;

export function makeChosenTime(board: Board, choose: Choose): VirtualTime {
  let turns = 0;
  let stirs = 0;
  const keyOf = (what: string | undefined, says: object | undefined): string | undefined =>
    what && says ? `${what} ${canonical(board, says)}` : what;

  function takeNext(): boolean {
    for (;;) {
      board.entries = board.entries.filter(({ run, subject }) => run && !subject.process?.dead);
      const steps = nextSteps(board);
      const [only] = steps;
      if (only) {
        const step = steps.length === 1 ? only : steps[choose(steps)];
        if (!step) throw new Error("the choices are not those of the run before");
        board.faultsLeft -= step.faults;
        step.take();
        return true;
      }
      const later = board.entries.filter(({ at }) => at > board.now);
      if (later.length === 0) return false;
      board.inTimers = undefined;
      board.now = later.reduce((least, { at }) => Math.min(least, at), Infinity);
    }
  }

  return {
    get now() {
      return board.now;
    },
    get turns() {
      return turns;
    },
    put(at, run, subject = {}) {
      const { process, isTimer, stream, what, says } = subject;
      const isPaused = process !== undefined && board.paused.has(process);
      const isSoon = at - board.now < UNDER_WAY_MS;
      const entry: Pending = {
        at: Math.max(board.now, at),
        order: board.order++,
        run,
        subject,
        isUnderWay: isTimer !== true && (isSoon || isPaused || stream !== undefined),
        key: board.name(keyOf(what, says) ?? `${board.cause} ${board.put++}`),
      };
      board.entries.push(entry);
      return entry;
    },
    stir(process) {
      stirs++;
      const before = memoryOf(board, process);
      board.seen.set(process, board.name(`${before} ${board.now} ${board.cause}`));
    },
    async turn() {
      turns++;
      const stirredBefore = stirs;
      if (!takeNext()) return false;
      if (stirs > stirredBefore) await new Promise<void>((resolve) => realImmediate(resolve));
      return true;
    },
  };
}
