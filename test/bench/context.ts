/** Runs one bench: gives it its context, prints what it finds, and gathers its result. */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchContext, Candidate, Samples } from "./bench.ts";
import { currentLoad, describeMachine } from "./machine.ts";
import { measure, type Sample } from "./measure.ts";
import { ratioLine, settle, significant, spread, type Settled, type Spread } from "./ratio.ts";
import type { BenchResult } from "./results.ts";

const ROUNDS = { full: 5, quick: 2 };

/** Of all processors' time: more of it in other hands, and no verdict is sure. */
const QUIET_SHARE = 0.1;

type Shared = BenchContext["shared"];

export async function runBench(bench: Bench, quick: boolean, shared: Shared): Promise<BenchResult> {
  const samples: Record<string, readonly Sample[]> = {};
  const ratios: Settled[] = [];
  const figures: Record<string, BenchResult["figures"][string]> = {};
  const kept: Record<string, unknown> = {};
  const before = currentLoad();
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));

  await bench.run({
    quick,
    folder,
    resources,
    shared,
    say: console.log,
    async rounds(candidates, { rounds = quick ? ROUNDS.quick : ROUNDS.full, warmUp = true } = {}) {
      const taken = await interleave(candidates, warmUp ? 0 : 1, rounds);
      for (const [name, list] of Object.entries(taken)) printSamples(name, list);
      Object.assign(samples, taken);
      return taken;
    },
    ratio(name, numerators, denominators) {
      const goal = bench.ratios.find((one) => one.name === name);
      if (!goal) throw new Error(`${bench.name} has no ratio ${name}`);
      const settled = settle(goal, numerators, denominators, othersShare(samples) < QUIET_SHARE);
      ratios.push(settled);
      printRatio(settled);
    },
    figure(name, value, unit) {
      figures[name] = { value, unit };
      console.log(
        `  ${name} ${typeof value === "number" ? significant(value) : range(value)} ${unit}`,
      );
    },
    keep(name, value) {
      kept[name] = value;
    },
  });
  const missing = bench.ratios.filter(({ name }) => !ratios.some(({ goal }) => goal.name === name));
  for (const { name } of missing)
    console.log(`  ratio ${name} was not measured${quick ? " in quick mode" : ""}`);
  return {
    date: new Date().toISOString(),
    machine: describeMachine(),
    loadBefore: before.load,
    loadAfter: currentLoad().load,
    othersShare: othersShare(samples),
    stolenShare: share(samples, (one) => one.stolenCpu),
    samples,
    ratios,
    figures,
    kept,
  };
}

/** Round 0 is the warm-up. */
async function interleave(
  candidates: readonly Candidate[],
  first: 0 | 1,
  rounds: number,
): Promise<Samples> {
  const taken: Record<string, Sample[]> = {};
  for (let number: number = first; number <= rounds; number++) {
    const warmUp = number === 0;
    for (const candidate of candidates) {
      const sample = await measure(candidate, { warmUp, number: Math.max(1, number) });
      if (!warmUp) (taken[candidate.name] ??= []).push(sample);
      const round = warmUp ? "warm-up" : `round ${number}`;
      console.log(
        `  ${round.padEnd(8)} ${candidate.name.padEnd(24)} ${significant(sample.wall)} s, ` +
          `${significant(sample.cpu)} CPU s, ${significant(sample.peakMb)} MB`,
      );
    }
  }
  return taken;
}

function printSamples(name: string, samples: readonly Sample[]): void {
  const of = (value: (one: Sample) => number): string => range(spread(samples.map(value)));
  console.log(`  ${name}`);
  console.log(`    wall ${of((one) => one.wall)} s`);
  console.log(`    CPU  ${of((one) => one.cpu)} s`);
  for (const process of new Set(samples.flatMap((one) => Object.keys(one.cpuOf)))) {
    console.log(`         ${of((one) => one.cpuOf[process] ?? 0)} s ${process}`);
  }
  console.log(`    peak ${of((one) => one.peakMb)} MB`);
  for (const figure of new Set(samples.flatMap((one) => Object.keys(one.figures)))) {
    console.log(`    ${figure} ${of((one) => one.figures[figure] ?? 0)}`);
  }
}

function printRatio(settled: Settled): void {
  const { rounds, verdict } = settled;
  console.log(ratioLine(settled));
  console.log(`      min ${significant(rounds.min)}, max ${significant(rounds.max)}: ${verdict}`);
}

/** min / median / max */
function range({ min, median, max }: Spread): string {
  return [min, median, max].map(significant).join(" / ");
}

function othersShare(samples: Samples): number {
  return share(samples, (one) => one.othersCpu);
}

function share(samples: Samples, seconds: (one: Sample) => number): number {
  const all = Object.values(samples).flat();
  const wall = all.reduce((sum, one) => sum + one.wall, 0);
  return wall === 0 ? 0 : all.reduce((sum, one) => sum + seconds(one), 0) / (wall * cpus().length);
}
