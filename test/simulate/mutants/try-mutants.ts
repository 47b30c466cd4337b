/**
 * Tries every mutant until it is found: in worlds by seed, then with each fault at each call of a small
 * world; and says in a table after how many seeds, by how short a story, and by which rule.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutant.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** @returns how many were not found that should be, or the other way round */
export function tryMutants(mutants: readonly Mutant[], minutes: number): number {
  let wrong = 0;
  console.log(
    "| mutant: the product, but … | seeds | seconds of CPU | requests, faults | found as |\n" +
      "| --- | --- | --- | --- | --- |",
  );
  for (const { name, says, survives } of mutants) {
    const run = (variables: Readonly<Record<string, string>>): string => {
      const env = {
        ...process.env,
        MUTANT: name,
        MUTANTS: "",
        MINUTES: String(minutes),
        ...variables,
      };
      const { stdout, stderr } = spawnSync(process.execPath, [MAIN], {
        env,
        encoding: "utf8",
        maxBuffer: 2 ** 27,
      });
      return stdout + stderr;
    };
    let text = run({});
    const [, seeds = "?"] = /^seeds (\d+)/m.exec(text) ?? [];
    const isSought = !text.includes("broken at") && survives === undefined;
    if (isSought) text += run({ PLACE: "1" });
    const seconds = [...text.matchAll(/ in ([\d.]+) s of CPU/g)].map(([, each]) => Number(each));
    const took = seconds.reduce((sum, each) => sum + each, 0).toFixed(0);
    const [, requests = "1", faults = "0"] =
      /reduced to (\d+) requests and (\d+) faults/.exec(text) ??
      /^()(\d+) faults at/m.exec(text) ??
      [];
    const [, rule] = /^broken at \S+ s: (.*)$/m.exec(text) ?? [];
    if ((rule !== undefined) === (survives !== undefined)) wrong++;
    const found =
      rule === undefined
        ? `${seeds} | ${took} | | not found: ${survives ?? "a rule is redundant, or an invariant is missing"}`
        : `${seeds}${isSought ? ", then exhaustive" : ""} | ${took} | ${requests || "1"}, ${faults} | ${withoutNames(rule)}`;
    console.log(`| \`${name}\`: ${says} | ${found} |`);
  }
  return wrong;
}

/** The rule, whosever story it was. */
function withoutNames(rule: string): string {
  return rule
    .replaceAll(/transaction-request-\S+?(?=[,:]?(?: |$))/g, "a request")
    .replaceAll(/statement-event-\w+/g, "an index")
    .replaceAll(/undelivered-outcome-[\w-]+/g, "a note")
    .replaceAll(/\b(builder|scanner|intake|job)-[\d-]+/g, "$1")
    .replaceAll(/event-\d+/g, "an event")
    .replaceAll(/ for \d+ ms more/g, "");
}
