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

const { SEED = "1", SEEDS, MINUTES, STORY, MUTANT, MUTANTS: ALL, WEATHER } = process.env;
const { EXHAUST, BUILDERS = "2", SCENE, ORDERS = "0", STATES = "100000", PLACE } = process.env;
const { PROCESSES = "1", STEP = "1" } = process.env;
const seed = Number(SEED);
const minutes = Number(MINUTES || Infinity);
const seeds = Number(SEEDS || (MINUTES ? Infinity : 200));
const isShared = Number(PROCESSES) > 1 && !STORY && !EXHAUST && !PLACE;

if (ALL) process.exitCode = tryMutants(MUTANTS, ALL);
else if (isShared)
  process.exitCode = await searchInProcesses(Number(PROCESSES), { seed, seeds, minutes });
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
      faults: Number(EXHAUST),
      builders: Number(BUILDERS),
      scene: SCENE,
      minutes,
      orders: Number(ORDERS),
      states: Number(STATES),
    });
    if (!holds) process.exitCode = 1;
    return;
  }
  if (PLACE) {
    const { placeFaults } = await import("./placed-faults.ts");
    const isOver = (): boolean => cpuSeconds() > minutes * 60;
    const { failure, ...found } = await placeFaults(Number(PLACE), isOver);
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
  const options = { seed, seeds, step: Number(STEP), weather, seconds: minutes * 60, onProgress };
  const { failure, ...sum } = await search(options);
  const story = failure && storyOf(failure);
  if (failure) process.exitCode = 1;
  if (onProgress) onProgress(sum, { story });
  else
    console.log(
      [...(story === undefined ? [] : [story]), sumLine(sum, failure ? 1 : 0)].join("\n"),
    );
}
