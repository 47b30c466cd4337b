/** The figures of the last run of each bench, in one JSON file. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Sample } from "./measure.ts";
import type { Machine } from "./machine.ts";
import type { Settled, Spread } from "./ratio.ts";

export interface BenchResult {
  readonly date: string;
  readonly machine: Machine;
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Share of the machine's CPU that went to nobody of ours while samples were taken. */
  readonly othersShare: number;
  readonly stolenShare: number;
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  readonly ratios: readonly Settled[];
  readonly figures: Readonly<
    Record<string, { readonly value: number | Spread; readonly unit: string }>
  >;
  readonly kept: Readonly<Record<string, unknown>>;
}

/** By name of the bench. */
export type Results = Readonly<Record<string, BenchResult>>;

export async function readResults(file: string): Promise<Results> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** The other benches' figures stay. */
export async function keepResult(file: string, name: string, result: BenchResult): Promise<void> {
  const results = { ...(await readResults(file)), [name]: result };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, undefined, 1)}\n`);
}
