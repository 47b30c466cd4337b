/**
 * `make simulate`: SEED, SEEDS, MINUTES of CPU, PROCESSES=2 that share them; STORY=1 tells the world of one
 * seed; WEATHER=roll-out has worlds of this kind alone; MUTANT=name puts a mutant into the product;
 * MUTANTS=minutes tries all of them, each for so long in a process of its own. EXHAUST=1 BUILDERS=2
 * SCENE="in parts" searches every order and every place of up to one fault in a small world, STATES=100000 in
 * each at most (ORDERS=300 holds it against drawn ones); PLACE=2 places up to two faults in every way on the
 * times of one seed.
 */
import { takeOverClocks } from "./clocks.ts";
import { cpuSeconds } from "./cpu-seconds.ts";
import { progressTo, searchInProcesses, sumLine } from "./in-processes.ts";
import { MUTANTS } from "./mutants/all.ts";
import { loadMutant } from "./mutants/mutant.ts";
import { tryMutants } from "./mutants/try-mutants.ts";
import { chosenNumber } from "../support/chosen-number.ts";

const { STORY, MUTANT, MUTANTS: ALL, WEATHER, EXHAUST, SCENE, PLACE } = process.env;
const seed = chosenNumber("SEED", 1);
const minutes = chosenNumber("MINUTES", Infinity);
const seeds = chosenNumber("SEEDS", minutes === Infinity ? 200 : Infinity);
const processes = chosenNumber("PROCESSES", 1, 1);
const isShared = processes > 1 && !STORY && !EXHAUST && !PLACE;

if (ALL) process.exitCode = tryMutants(MUTANTS, chosenNumber("MUTANTS", 0));
else if (isShared) process.exitCode = await searchInProcesses(processes, { seed, seeds, minutes });
else await simulate();

async function simulate(): Promise<void> {
  const mutant = MUTANTS.find(({ name }) => name === MUTANT);
  if (MUTANT && !mutant) throw new Error(`there is no mutant ${MUTANT}`);
  if (mutant) loadMutant(mutant);
  takeOverClocks();
  // Loaded only now, with the mutant and the simulated clock in it.
  const { begin, search, storyOf, worldOf } = await import("./simulate.ts");
  const { WEATHERS } = await import("./world.ts");
  begin();
  const weather = WEATHER ? WEATHERS.find((one) => one === WEATHER) : mutant?.weather;
  if (WEATHER && !weather) throw new Error(`WEATHER is one of ${WEATHERS.join(", ")}`);
  if (STORY) {
    const { runWorld } = await import("./world.ts");
    const { story, broken } = await runWorld({ ...worldOf(seed), weather, isTold: true });
    console.log([story, ...broken].join("\n"));
    if (broken.length > 0) process.exitCode = 1;
    return;
  }
  if (EXHAUST) {
    const { printExhaust } = await import("./exhaustive/print.ts");
    const holds = await printExhaust({
      faults: chosenNumber("EXHAUST", 0),
      builders: chosenNumber("BUILDERS", 2, 1),
      scene: SCENE,
      minutes,
      orders: chosenNumber("ORDERS", 0),
      states: chosenNumber("STATES", 100_000, 1),
    });
    if (!holds) process.exitCode = 1;
    return;
  }
  if (PLACE) {
    const { placeFaults } = await import("./placed-faults.ts");
    const isOver = (): boolean => cpuSeconds() > minutes * 60;
    const { failure, ...found } = await placeFaults(chosenNumber("PLACE", 0), isOver);
    if (failure) {
      const fates = [...failure.fates].map(
        ([call, { fault, before }]) => `${fault} (${before}) at ${call}`,
      );
      console.log(`${failure.fates.size} faults at ${fates.join(", ")}\n\n${failure.end.story}\n`);
      for (const rule of failure.end.broken) console.log(`broken at ${rule}`);
      process.exitCode = 1;
    }
    const cut = found.isWhole ? "all of them" : `cut by the time`;
    console.log(
      `runs ${found.runs} (by faults ${found.byFaults.join(", ")}; ${cut}) ` +
        `orders of calls ${found.orders} broken ${failure ? 1 : 0} in ${cpuSeconds().toFixed(1)} s of CPU`,
    );
    return;
  }
  const onProgress = progressTo(process);
  const step = chosenNumber("STEP", 1, 1);
  const options = { seed, seeds, step, weather, seconds: minutes * 60, onProgress };
  const { failure, ...sum } = await search(options);
  const story = failure && storyOf(failure);
  if (failure) process.exitCode = 1;
  if (onProgress) onProgress(sum, { story });
  else
    console.log(
      [...(story === undefined ? [] : [story]), sumLine(sum, failure ? 1 : 0)].join("\n"),
    );
}
