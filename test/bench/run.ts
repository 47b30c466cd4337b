/** `make bench` and `make bench-quick`: runs the benches of `benches/`, or those of `BENCH`. */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, BenchContext } from "./bench.ts";
import { runBench } from "./context.ts";
import { failsCi, type Settled } from "./ratio.ts";
import { keepResult } from "./results.ts";

const BENCHES = join(import.meta.dirname, "benches");
const RESULTS = join(import.meta.dirname, "../../out/bench");

async function main(quick: boolean, wanted: readonly string[]): Promise<number> {
  const all = await loadBenches();
  const unknown = wanted.filter((name) => !all.some((bench) => namesOf(bench).includes(name)));
  if (unknown.length > 0) {
    const names = all.map(({ name }) => name).join(", ");
    console.error(`no bench is named ${unknown.join(" or ")}: there are ${names}`);
    return 1;
  }
  const benches = all.filter((bench) => isWanted(bench, quick, wanted));
  await using stack = new AsyncDisposableStack();
  const shared = makeShared(stack, quick);
  const file = join(RESULTS, quick ? "quick.json" : "last.json");
  const settled: Settled[] = [];
  const began = performance.now();
  let broken = 0;
  for (const bench of benches) {
    console.log(`\n${bench.name}: ${bench.about}`);
    try {
      const result = await runBench(bench, quick, shared);
      settled.push(...result.ratios);
      await keepResult(file, bench.name, result);
    } catch (error) {
      // The figures of the other benches are worth having all the same.
      broken += 1;
      console.error(`${bench.name} failed:`, error);
    }
  }
  const minutes = (performance.now() - began) / 60_000;
  console.log(
    `\n${benches.length} benches in ${minutes.toFixed(1)} minutes, figures in ${relative(".", file)}`,
  );
  for (const one of settled) console.log(`${one.verdict.padEnd(6)} ${one.goal.name}`);
  const tooSlow = quick ? settled.filter(failsCi) : [];
  for (const { goal } of tooSlow)
    console.log(`${goal.name} is worse than 1.5 times ${goal.reached ?? goal.value}`);
  return broken + tooSlow.length;
}

async function loadBenches(): Promise<Bench[]> {
  const files = (await readdir(BENCHES)).filter((name) => name.endsWith(".ts")).sort();
  const modules = await Promise.all(
    files.map(async (name) => (await import(join(BENCHES, name))) as { readonly bench: Bench }),
  );
  return modules.map(({ bench }) => bench);
}

/** By its own name or by a ratio's; unnamed, all that take part. */
function isWanted(bench: Bench, quick: boolean, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return !quick || bench.quick;
  return namesOf(bench).some((name) => wanted.includes(name));
}

function namesOf(bench: Bench): readonly string[] {
  return [bench.name, ...bench.ratios.map(({ name }) => name)];
}

/** What several benches use is opened by the first that asks. */
function makeShared(stack: AsyncDisposableStack, quick: boolean): BenchContext["shared"] {
  const opened = new Map<unknown, Promise<AsyncDisposable>>();
  return async <T extends AsyncDisposable>(open: (quick: boolean) => Promise<T>): Promise<T> => {
    let resource = opened.get(open) as Promise<T> | undefined;
    if (!resource) {
      resource = open(quick).then((one) => stack.use(one));
      opened.set(open, resource);
    }
    return await resource;
  };
}

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const names = (process.env["BENCH"] ?? "").split(",").filter(Boolean);
process.exitCode = Math.min(100, await main(values.quick, names));
