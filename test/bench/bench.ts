/** What a bench is, and what it works with. One file of `benches/` exports one: `export const bench`. */
import type { Sample } from "./measure.ts";
import type { Spread } from "./ratio.ts";

export interface Goal {
  /** As printed: `builder-wall-vs-c-pipeline`. */
  readonly name: string;
  readonly op: "<=" | ">=";
  readonly value: number;
  /** CPU is steady enough to fail CI by: at worse than 1.5 times the goal, `make bench-quick` does. */
  readonly of: "cpu" | "wall" | "memory" | "rate" | "size";
  /** What small data gave last, where the goal is further off than that: CI fails by 1.5 times this. */
  readonly reached?: number;
}

export interface Bench {
  /** `BENCH=name` runs it alone; so does the name of one of its ratios. */
  readonly name: string;
  /** One line for people: what is compared with what. */
  readonly about: string;
  readonly ratios: readonly Goal[];
  /** Whether `make bench-quick` runs it too; then in seconds. */
  readonly quick: boolean;
  run(context: BenchContext): Promise<void>;
}

export interface Candidate {
  readonly name: string;
  /** What comes before the work and is not measured. */
  prepare?(round: Round): Promise<void>;
  /**
   * Does the work once; answers figures of its own (bytes, rows, milliseconds), which are kept
   * beside what is measured.
   * @throws Error when it fails: what is wrong has no time.
   */
  run(round: Round): Promise<Figures>;
  /** Looks at the outcome, unmeasured; answers more figures. @throws Error when it is wrong */
  check?(round: Round): Promise<Figures>;
  /** Processes that outlive a round and work for this candidate: their CPU time counts. */
  readonly servers: () => Readonly<Record<string, number>>;
  /** Of `servers`, those whose memory is the candidate's; processes that end in a round count anyway. */
  readonly memoryOf?: readonly string[];
}

export interface Round {
  /** A warm-up is not measured: there the outcome is checked in every detail. */
  readonly warmUp: boolean;
  /** From 1. */
  readonly number: number;
}

export type Figures = Readonly<Record<string, number>>;

export interface BenchContext {
  /** Small data and two rounds, in seconds. */
  readonly quick: boolean;
  /** Empty; removed after the bench. */
  readonly folder: string;
  /** Ended after the bench, in reverse. */
  readonly resources: AsyncDisposableStack;
  /** Opened by the first bench of a run that asks with this same function, ended after the last one. */
  shared<T extends AsyncDisposable>(open: (quick: boolean) => Promise<T>): Promise<T>;
  /** One line of progress or explanation. */
  say(line: string): void;
  /**
   * Runs the candidates one after the other, round by round, first as a warm-up: five rounds, two
   * in quick mode, unless told. Prints what each took and keeps it in the results.
   */
  rounds(
    candidates: readonly Candidate[],
    options?: { readonly rounds?: number; readonly warmUp?: boolean },
  ): Promise<Samples>;
  /**
   * Settles a goal: prints `ratio NAME VALUE (goal OP NUMBER)`, the ratio of the medians, and from
   * the ratios of each round whether it is sure. Both lists are in the order of the rounds; a list
   * of one is compared with every round of the other.
   */
  ratio(name: string, numerators: readonly number[], denominators: readonly number[]): void;
  /** Prints and keeps a figure that is no ratio. */
  figure(name: string, value: number | Spread, unit: string): void;
  /** Kept in the results without a line: points of a plot. */
  keep(name: string, value: unknown): void;
}

/** By candidate, in the order of the rounds. */
export type Samples = Readonly<Record<string, readonly Sample[]>>;
