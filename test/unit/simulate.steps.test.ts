/** Which steps the exhaustive search may take next, of a process that goes on behind a pause. */
import { makeBoard, makeNames, type Step } from "../simulate/exhaustive/board.ts";
import { makeChosenTime } from "../simulate/exhaustive/chosen-time.ts";
import { wake } from "../simulate/exhaustive/steps.ts";
import { SimulatedProcess } from "../simulate/simulated-process.ts";

const PAUSE_MS = 30;

const TIMER = /a timer/;
const ANSWER = /what is on its way/;

/** @param first of what is there when it goes on; then the answer, as soon as it can */
async function afterPause(first: RegExp): Promise<readonly string[]> {
  const seen: string[] = [];
  const board = makeBoard(0, makeNames());
  let wanted = first;
  const choose = (steps: readonly Step[]): number => {
    const clock = steps.findIndex(({ says }) => /the clock goes on/.test(says));
    if (clock >= 0) return clock;
    const chosen = steps.findIndex(({ says }) => wanted.test(says));
    wanted = ANSWER;
    return chosen;
  };
  const time = makeChosenTime(board, choose);
  const process = new SimulatedProcess("builder-1", 1, time);
  process.setTimer(() => seen.push("later"), 20);
  process.setTimer(() => seen.push("sooner"), 10);
  const longest = time.put(PAUSE_MS, () => wake(board, process), { isTimer: true });
  board.paused.set(process, { offeredAt: 0, longest });
  process.pausedUntil = PAUSE_MS;
  process.deliver(0, () => seen.push("answer"));
  while (await time.turn());
  return seen;
}

test("its timers run by their times and in one go, and its answer comes before or behind them", async () => {
  expect(await afterPause(TIMER)).toEqual(["sooner", "later", "answer"]);
  expect(await afterPause(ANSWER)).toEqual(["answer", "sooner", "later"]);
});
