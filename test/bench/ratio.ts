/** Medians, ratios of medians, and whether a goal is met. */
import type { Goal } from "./bench.ts";

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export type Verdict = "met" | "unsure" | "missed";

export interface Settled {
  readonly goal: Goal;
  /** Ratio of the medians. */
  readonly value: number;
  /** Of the ratios of each round. */
  readonly rounds: Spread;
  readonly verdict: Verdict;
}

/** @throws Error for no values */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => {
    const value = sorted[index];
    if (value === undefined) throw new Error("no values to take a median of");
    return value;
  };
  const half = sorted.length / 2;
  const median = (at(Math.ceil(half) - 1) + at(Math.floor(half))) / 2;
  return { min: at(0), median, max: at(sorted.length - 1) };
}

/** Sure only when every round says the same, and `quiet`: the machine did nothing else. */
export function settle(
  goal: Goal,
  numerators: readonly number[],
  denominators: readonly number[],
  quiet: boolean,
): Settled {
  const value = spread(numerators).median / spread(denominators).median;
  const rounds = spread(perRound(numerators, denominators));
  const meets = (ratio: number): boolean =>
    goal.op === "<=" ? ratio <= goal.value : ratio >= goal.value;
  const all = [value, rounds.min, rounds.max].map(meets);
  // How large a zip is, and how much memory was held, does not hang on who else was busy.
  const steady = goal.of === "size" || goal.of === "memory";
  const sure = (quiet || steady) && all.every((one) => one === all[0]);
  return { goal, value, rounds, verdict: !sure ? "unsure" : meets(value) ? "met" : "missed" };
}

function perRound(numerators: readonly number[], denominators: readonly number[]): number[] {
  const at = (list: readonly number[], round: number): number =>
    list[list.length === 1 ? 0 : round] ?? NaN;
  const rounds = Math.max(numerators.length, denominators.length);
  const all = Array.from({ length: rounds }, (_, i) => at(numerators, i) / at(denominators, i));
  return all.filter((ratio) => !Number.isNaN(ratio));
}

/** Far off even for a busy machine. */
export function failsCi({ goal, value }: Settled): boolean {
  if (goal.of !== "cpu") return false;
  const expected = goal.reached ?? goal.value;
  return goal.op === "<=" ? value > expected * 1.5 : value < expected / 1.5;
}

export function ratioLine({ goal, value }: Settled): string {
  return `ratio ${goal.name} ${significant(value)} (goal ${goal.op} ${goal.value})`;
}

/** Three digits that say something. */
export function significant(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}
