/** Walks through the orders of one scene. */
import { runWorld, type Scene, type Scenery, type WorldEnd } from "../world.ts";
import { makeBoard, makeNames, type Name, type Step } from "./board.ts";
import { hashOf, outcomeHash } from "./board-hash.ts";
import { makeChosenCalls } from "./chosen-calls.ts";
import { makeChosenTime } from "./chosen-time.ts";
import { walk, type Walked } from "./depth-first.ts";

export interface SearchOptions {
  readonly scene: Scene;
  readonly seed: number;
  /** At most. */
  readonly faults: number;
  /** Not each order of steps between which nobody can tell; so unless told otherwise. */
  readonly isReduced?: boolean;
  /** The search is cut short. */
  readonly isOver: (states: number) => boolean;
}

export interface Searched extends Omit<Walked<WorldEnd>, "found"> {
  /** What there may be in the end: ledger, store, and what the rules remember. */
  readonly outcomes: ReadonlySet<string>;
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
  const outcomes = new Set<string>();
  const { found, ...walked } = await walk(async (steering) => {
    const pilot = {
      choose: (steps: readonly Step[], hash: () => string) => steering.choose(steps.length, hash),
      end(hash: () => string, outcome: () => string) {
        steering.end(hash);
        outcomes.add(outcome());
      },
    };
    const end = await run(options, name, pilot);
    return end.broken.length > 0 ? end : undefined;
  }, options.isOver);
  return { ...walked, outcomes, failure: found && (await tell(options, found.choices)) };
}

/** One run. @returns what there is in the end; undefined when a rule broke */
export async function outcomeOf(
  options: Omit<SearchOptions, "isOver">,
  choose: (steps: readonly Step[]) => number,
): Promise<string | undefined> {
  let outcome: string | undefined;
  const end = (_: () => string, tell: () => string): void => void (outcome = tell());
  await run(options, makeNames(), { choose, end });
  return outcome;
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
  end(hash: () => string, outcome: () => string): void;
}

async function run(
  { scene, seed, faults, isReduced }: Omit<SearchOptions, "isOver">,
  name: Name,
  pilot: Pilot,
  isTold = false,
): Promise<WorldEnd> {
  const board = makeBoard(faults, name, isReduced);
  let scenery: Scenery | undefined;
  let hasEnded = false;
  const told =
    (tell: typeof hashOf): (() => string) =>
    () => {
      if (!scenery) throw new Error("nothing is set yet");
      return tell(board, scenery);
    };
  const hash = told(hashOf);
  const time = makeChosenTime(board, (steps) => (hasEnded ? 0 : pilot.choose(steps, hash)));
  const scope = { hasWishes: scene.ended?.by === "upstream" };
  const steered = {
    time,
    present: [PROBE],
    callsTold: (story: Parameters<typeof makeChosenCalls>[0]["story"]) =>
      makeChosenCalls({ board, time, story, scope }),
    onSet: (set: Scenery) => void (scenery = set),
    onRest() {
      pilot.end(hash, told(outcomeHash));
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
