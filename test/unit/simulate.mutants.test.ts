/** The mutants of the simulation follow the code: one whose text is gone is looked at again, or taken out. */
import { readFileSync } from "node:fs";
import { MUTANTS } from "../simulate/mutants/all.ts";
import { editsOf, mutate, urlOf } from "../simulate/mutants/mutant.ts";

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("%s applies", (_, mutant) => {
  for (const edit of editsOf(mutant)) {
    const source = readFileSync(urlOf(edit), "utf8");
    expect(mutate(edit, source)).not.toBe(source);
  }
});

test("there are enough of them, each with a name of its own", () => {
  const names = new Set(MUTANTS.map(({ name }) => name));
  expect(names.size).toBe(MUTANTS.length);
  expect(MUTANTS.filter(({ survives }) => survives === undefined).length).toBeGreaterThanOrEqual(
    25,
  );
});
