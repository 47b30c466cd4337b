/** Tries every mutant until it is found, and says in a table how soon and by which rule. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutant.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** @returns how many were not found that should be, or the other way round */
export function tryMutants(mutants: readonly Mutant[], minutes: string): number {
  let wrong = 0;
  console.log("| mutant | seeds | faults | found as |\n| --- | --- | --- | --- |");
  for (const { name, survives } of mutants) {
    const env = { ...process.env, MUTANT: name, MUTANTS: "", MINUTES: minutes };
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN], { env, encoding: "utf8" });
    const [, seeds = ""] = /^seeds (\d+)/m.exec(stdout) ?? [];
    const [, faults] = /requests and (\d+) faults/.exec(stdout) ?? [];
    const [, rule = stderr] = /^broken at \S+ s: (.*)$/m.exec(stdout) ?? [];
    const isFound = faults !== undefined;
    if (isFound === (survives !== undefined) || seeds === "") wrong++;
    console.log(
      `| ${name} | ${seeds} | ${faults ?? ""} | ${isFound ? rule : `survives: ${survives ?? "?"}`} |`,
    );
  }
  return wrong;
}
