/**
 * Tries every mutant until it is found, first with each fault at each call of a small world, then in worlds
 * by seed; and says in a table how soon and by which rule.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutant.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** @returns how many were not found that should be, or the other way round */
export function tryMutants(mutants: readonly Mutant[], minutes: string): number {
  let wrong = 0;
  console.log("| mutant | seeds | faults | found as |\n| --- | --- | --- | --- |");
  for (const { name, survives } of mutants) {
    const run = (variables: Readonly<Record<string, string>>): string => {
      const env = { ...process.env, MUTANT: name, MUTANTS: "", MINUTES: minutes, ...variables };
      const { stdout, stderr } = spawnSync(process.execPath, [MAIN], { env, encoding: "utf8" });
      return stdout + stderr;
    };
    let text = run({ EXHAUST: "1" });
    if (!text.includes("broken at")) text = run({});
    const [, seeds = "exhaustive"] = /^seeds (\d+)/m.exec(text) ?? [];
    const [, faults] = /(\d+) faults? (in|at)/.exec(text) ?? [];
    const [, rule] = /^broken at \S+ s: (.*)$/m.exec(text) ?? [];
    const isFound = rule !== undefined;
    if (isFound === (survives !== undefined)) wrong++;
    console.log(
      `| ${name} | ${seeds} | ${faults ?? ""} | ${isFound ? rule : `survives: ${survives ?? "?"}`} |`,
    );
  }
  return wrong;
}
