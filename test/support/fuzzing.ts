import { chosenNumber } from "./chosen-number.ts";

/** How many inputs nobody chose are tried, and from which seed: printed, so that a run can be had again. */
const INPUTS = chosenNumber("FUZZ_INPUTS", 5_000, 1);
const SEED = chosenNumber("SEED", Date.now() % 2 ** 31);

/** An input that takes longer hangs. */
const LONGEST_MS = 30_000;

/** Parameters of a property that takes this part of all inputs. */
export function fuzzing(part: number) {
  const numRuns = Math.ceil(INPUTS * part);
  console.log(`${numRuns} inputs, SEED=${SEED}`);
  return { numRuns, seed: SEED, timeout: LONGEST_MS };
}
