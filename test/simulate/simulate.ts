/** Worlds by seed, one after the other, until one breaks a rule or there have been enough. */
import { Upload } from "@aws-sdk/lib-storage";
import { PART_BYTES } from "./bank.ts";
import { draw } from "./chance.ts";
import { cpuSeconds } from "./cpu-seconds.ts";
import { reduce, type Reduced } from "./reduce.ts";
import { runWorld, type Weather, type WorldOptions } from "./world.ts";

export interface Search {
  readonly seed: number;
  readonly seeds: number;
  readonly weather?: Weather | undefined;
  /** Of CPU time. */
  readonly seconds: number;
}

export interface Found {
  readonly seeds: number;
  readonly lives: number;
  readonly faults: number;
  readonly turns: number;
  /** Of CPU. */
  readonly seconds: number;
  readonly failure: { readonly seed: number; readonly reduced: Reduced } | undefined;
}

/** Runs to make a story shorter; each costs what a world does. */
const REDUCING_RUNS = 150;

export function begin(): void {
  // lib-storage cuts no smaller parts than Amazon takes.
  Object.assign(Upload, { MIN_PART_SIZE: PART_BYTES });
  // Errors are values here, and there are many.
  Error.stackTraceLimit = 0;
}

/** Worlds differ in size and in weather. */
export function worldOf(seed: number): WorldOptions {
  return {
    seed,
    requests: 1 + Math.floor(draw(seed, 90) * 8),
    rate: 1 + draw(seed, 91) * 7,
  };
}

export async function search({ seed, seeds, weather, seconds }: Search): Promise<Found> {
  const began = process.cpuUsage();
  const used = (): number => cpuSeconds(began);
  const sum = { seeds: 0, lives: 0, faults: 0, turns: 0 };
  for (let at = seed; at < seed + seeds && used() < seconds; at++) {
    const options = { ...worldOf(at), weather };
    const end = await runWorld(options);
    sum.seeds++;
    sum.lives += end.lives;
    sum.faults += end.faults.size;
    sum.turns += end.turns;
    if (end.broken.length === 0) continue;
    const reduced = await reduce(options, end, REDUCING_RUNS);
    return { ...sum, seconds: used(), failure: { seed: at, reduced } };
  }
  return { ...sum, seconds: used(), failure: undefined };
}
