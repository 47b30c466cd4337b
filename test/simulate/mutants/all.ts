import type { Mutant } from "./mutant.ts";
import { MUTANTS_OF_BUILDER } from "./of-builder.ts";
import { MUTANTS_OF_RECORD } from "./of-record.ts";
import { MUTANTS_OF_SCANNER_AND_INTAKE } from "./of-scanner-and-intake.ts";
import { MUTANTS_OF_STATUS } from "./of-status.ts";
import { MUTANTS_OF_TELLING } from "./of-telling.ts";

export const MUTANTS: readonly Mutant[] = [
  ...MUTANTS_OF_BUILDER,
  ...MUTANTS_OF_RECORD,
  ...MUTANTS_OF_TELLING,
  ...MUTANTS_OF_STATUS,
  ...MUTANTS_OF_SCANNER_AND_INTAKE,
];
