/** Walks through the orders of one scene. */
import { runWorld, type Scene, type Scenery, type WorldEnd } from "../world.ts";
import { makeBoard, makeNames, type Name, type Step } from "./board.ts";
import { hashOf } from "./board-hash.ts";
import { makeChosenCalls } from "./chosen-calls.ts";
import { makeChosenTime } from "./chosen-time.ts";
import { walk, type Walked } from "./depth-first.ts";

export interface SearchOptions {
  readonly scene: Scene;
  readonly seed: number;
  /** At most. */
  readonly faults: number;
  /** The search is cut short. */
  readonly isOver: () => boolean;
}

export interface Searched extends Omit<Walked<WorldEnd>, "found"> {
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly end: WorldEnd;
  /** What was chosen where it was not the first choice. */
  readonly steps: readonly string[];
  readonly faults: number;
}

export async function search(options: SearchOptions): Promise<Searched> {
  const name = makeNames();
  const { found, ...walked } = await walk(async (steering) => {
    const pilot = {
      choose: (steps: readonly Step[], hash: () => string) => steering.choose(steps.length, hash),
      end: (hash: () => string) => steering.end(hash),
    };
    const end = await run(options, name, pilot);
    return end.broken.length > 0 ? end : undefined;
  }, options.isOver);
  return { ...walked, failure: found && (await tell(options, found.choices)) };
}

/** The same run once more, with its story. */
async function tell(options: SearchOptions, choices: readonly number[]): Promise<Failure> {
  const names: string[] = [];
  let faults = 0;
  let at = 0;
  const choose = (steps: readonly Step[]): number => {
    const chosen = choices[at++] ?? 0;
    const step = steps[chosen];
    if (step && chosen > 0) names.push(step.says);
    faults += step?.faults ?? 0;
    return chosen;
  };
  const end = await run(options, makeNames(), { choose, end: () => undefined }, true);
  return { end, steps: names, faults };
}

interface Pilot {
  choose(steps: readonly Step[], hash: () => string): number;
  end(hash: () => string): void;
}

async function run(
  { scene, seed, faults }: SearchOptions,
  name: Name,
  pilot: Pilot,
  isTold = false,
): Promise<WorldEnd> {
  const board = makeBoard(faults, name);
  let scenery: Scenery | undefined;
  let hasEnded = false;
  const hash = (): string => {
    if (!scenery) throw new Error("nothing is set yet");
    return hashOf(board, scenery);
  };
  const time = makeChosenTime(board, (steps) => (hasEnded ? 0 : pilot.choose(steps, hash)));
  const scope = { hasWishes: scene.ended?.by === "upstream" };
  const steered = {
    time,
    present: [PROBE],
    callsTold: (story: Parameters<typeof makeChosenCalls>[0]["story"]) =>
      makeChosenCalls({ board, time, story, scope }),
    onSet: (set: Scenery) => void (scenery = set),
    onRest() {
      pilot.end(hash);
      hasEnded = true;
      board.faultsLeft = 0;
    },
  };
  const script = { ...scene, steered };
  return await runWorld({ seed, requests: 1, rate: 0, script, isTold });
}

/** The store was proved by a builder before these. */
const PROBE = {
  key: "create-only-probe",
  bytes: Buffer.from("a probe"),
  metadata: {},
  sha256: undefined,
};
