/**
 * `make simulate`: SEED, SEEDS, MINUTES of CPU; STORY=1 tells the world of one seed; MUTANT=name puts a
 * mutant into the product; MUTANTS=1 tries all of them, each in a process of its own.
 */
import { MUTANTS } from "./mutants/all.ts";
import { loadMutant } from "./mutants/mutant.ts";
import { tryMutants } from "./mutants/try-mutants.ts";

const { SEED = "1", SEEDS, MINUTES, STORY, MUTANT, MUTANTS: ALL } = process.env;
const seed = Number(SEED);

if (ALL) process.exitCode = tryMutants(MUTANTS, ALL);
else await simulate();

async function simulate(): Promise<void> {
  const mutant = MUTANTS.find(({ name }) => name === MUTANT);
  if (MUTANT && !mutant) throw new Error(`there is no mutant ${MUTANT}`);
  if (mutant) loadMutant(mutant);
  // Loaded only now, with the mutant in it.
  const { begin, search, worldOf } = await import("./simulate.ts");
  begin();
  if (STORY) {
    const { runWorld } = await import("./world.ts");
    const { story, broken } = await runWorld({ ...worldOf(seed), isTold: true });
    console.log([story, ...broken].join("\n"));
    return;
  }
  const seconds = MINUTES ? Number(MINUTES) * 60 : Infinity;
  const seeds = Number(SEEDS ?? (MINUTES ? Infinity : 200));
  const { failure, ...sum } = await search({ seed, seeds, seconds });
  if (failure) {
    const { end, requests, runs } = failure.reduced;
    console.log(
      `SEED=${failure.seed} breaks a rule; reduced to ${requests} requests and ` +
        `${end.faults.size} faults in ${runs} runs\n\n${end.story}\n`,
    );
    for (const rule of end.broken) console.log(`broken at ${rule}`);
    process.exitCode = 1;
  }
  const perSecond = Math.round(sum.lives / sum.seconds);
  console.log(
    `seeds ${sum.seeds} lives ${sum.lives} faults ${sum.faults} broken ${failure ? 1 : 0} ` +
      `in ${sum.seconds.toFixed(1)} s of CPU, ${perSecond} lives a second`,
  );
}
