/** `make simulate EXHAUST=1`: a line for each search, and the story of a rule that broke. */
import { cpuSeconds } from "../cpu-seconds.ts";
import { exhaust, SCENES, type ExhaustOptions } from "./exhaust.ts";
import type { Searched } from "./search.ts";

export interface PrintOptions {
  readonly faults: number;
  readonly builders: number;
  /** One of them; all when undefined. */
  readonly scene?: string | undefined;
  /** Of CPU, for all searches. */
  readonly minutes: number;
  /** Of each search. */
  readonly states: number;
  /** Drawn from all that there are, for each search that has ended. */
  readonly orders: number;
}

/** @returns whether every rule held */
export async function printExhaust({
  scene,
  minutes,
  states: most,
  ...counts
}: PrintOptions): Promise<boolean> {
  const names = Object.keys(SCENES) as (keyof typeof SCENES)[];
  const scenes = scene === undefined ? names : names.filter((name) => name === scene);
  if (scenes.length === 0) throw new Error(`SCENE is one of ${names.join(", ")}`);
  const isOver = (found: number): boolean => found >= most || cpuSeconds() > minutes * 60;
  let before = cpuSeconds();
  const onSearched: ExhaustOptions["onSearched"] = (name, faults, searched, drawn) => {
    const { states, ends, outcomes, runs, cut, depth } = searched;
    const seconds = (cpuSeconds() - before).toFixed(1);
    before = cpuSeconds();
    console.log(
      `${name}, ${counts.builders} builders, ${faults} faults: states ${states} ends ${ends} ` +
        `runs ${runs} (${cut} cut where another had been) depth ${depth} in ${seconds} s of CPU, ` +
        endOf(searched),
    );
    if (drawn)
      console.log(
        `${counts.orders} orders drawn from all there are end in ${drawn.outcomes} of its ` +
          `${outcomes.size} outcomes, and ${drawn.others} in others`,
      );
  };
  const searched = await exhaust({ ...counts, scenes, isOver, onSearched });
  if (!searched) return true;
  if (!searched.failure) return false;
  const { end, steps, faults } = searched.failure;
  const chosen = steps.length === 0 ? "nothing but the first choices" : steps.join("; ");
  console.log(`\n${faults} faults at ${chosen}\n\n${end.story}\n`);
  for (const rule of end.broken) console.log(`broken at ${rule}`);
  return false;
}

function endOf({ isWhole, failure }: Searched): string {
  if (failure) return "a rule broke";
  return isWhole ? "ended" : "NOT ended: so far, and no rule broke";
}
