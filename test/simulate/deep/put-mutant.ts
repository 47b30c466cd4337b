/** Loaded into a function's process in front of its entry: the mutant that MUTANT names is in it. */
import { MUTANTS } from "../mutants/all.ts";
import { loadMutant } from "../mutants/mutant.ts";

const mutant = MUTANTS.find(({ name }) => name === process.env["MUTANT"]);
if (mutant) loadMutant(mutant);
