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
  /** From one seed to the next. */
  readonly step?: number;
  readonly weather?: Weather | undefined;
  /** Of CPU time. */
  readonly seconds: number;
  /** Told now and then how far it is. */
  readonly onProgress?: ((sum: Sum) => void) | undefined;
}

export interface Sum {
  readonly seeds: number;
  readonly lives: number;
  readonly faults: number;
  readonly turns: number;
  /** Of CPU. */
  readonly seconds: number;
}

export interface Found extends Sum {
  readonly failure: { readonly seed: number; readonly reduced: Reduced } | undefined;
}

/** Worlds between two looks at how much CPU was used: a look costs a tenth of a world. */
const WORLDS_A_LOOK = 8;

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

export async function search(options: Search): Promise<Found> {
  const { seed, seeds, step = 1, weather, seconds, onProgress } = options;
  const began = process.cpuUsage();
  const used = (): number => cpuSeconds(began);
  const sum = { seeds: 0, lives: 0, faults: 0, turns: 0 };
  while (sum.seeds < seeds) {
    if (sum.seeds % WORLDS_A_LOOK === 0) {
      if (used() >= seconds) break;
      onProgress?.({ ...sum, seconds: used() });
    }
    const world = { ...worldOf(seed + sum.seeds * step), weather };
    const end = await runWorld(world);
    sum.seeds++;
    sum.lives += end.lives;
    sum.faults += end.faults.size;
    sum.turns += end.turns;
    if (end.broken.length === 0) continue;
    const reduced = await reduce(world, end, REDUCING_RUNS);
    return { ...sum, seconds: used(), failure: { seed: world.seed, reduced } };
  }
  return { ...sum, seconds: used(), failure: undefined };
}

/** A world that breaks a rule, as it is told. */
export function storyOf({ seed, reduced }: NonNullable<Found["failure"]>): string {
  const { end, requests, runs } = reduced;
  return [
    `SEED=${seed} breaks a rule; reduced to ${requests} requests and ` +
      `${end.faults.size} faults in ${runs} runs\n\n${end.story}\n`,
    ...end.broken.map((rule) => `broken at ${rule}`),
  ].join("\n");
}
