/** What a builder holds in memory, for one million rows and for five: each in a process of its own. */
import type { Bench, Candidate } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder, type RunningBuilder } from "../candidates/builder.ts";
import { referenceSha256 } from "../candidates/shell.ts";
import { memoryMb } from "../process-figures.ts";
import { openStage, type Stage } from "../stage.ts";

const ROWS = { full: [1_000_000, 5_000_000], quick: [10_000, 200_000] } as const;
const LOOK_EVERY_MS = 100;

export interface MemoryCurve {
  readonly rows: number;
  /** Seconds since the event, and MB. */
  readonly points: readonly (readonly [number, number])[];
}

export const bench: Bench = {
  name: "memory",
  about: "peak resident memory of a new builder, one million rows and five",
  quick: false,
  ratios: [
    { name: "builder-rss-5m-vs-1m", op: "<=", value: 1.03, of: "memory" },
    { name: "builder-peak-mb", op: "<=", value: 130, of: "memory" },
  ],
  async run(context) {
    const stage = await context.shared(openStage);
    const [fewer, more] = context.quick ? ROWS.quick : ROWS.full;
    const curves: MemoryCurve[] = [];
    const [small, large] = await Promise.all(
      [fewer, more].map(async (rows) => {
        const sha256 = await referenceSha256(stage, largeCustomer(rows));
        return newBuilderEachRound(stage, rows, sha256, (curve) => curves.push(curve));
      }),
    );
    if (!small || !large) return;
    const samples = await context.rounds([small, large]);
    const peak = ({ name }: Candidate) => (samples[name] ?? []).map((one) => one.peakMb);
    context.ratio("builder-rss-5m-vs-1m", peak(large), peak(small));
    context.ratio("builder-peak-mb", peak(large), [1]);
    // Of each size the last round's.
    context.keep(
      "curves",
      [fewer, more].map((rows) => curves.findLast((one) => one.rows === rows)),
    );
  },
};

/** The peak of a process that has built before would be that of the build before. */
function newBuilderEachRound(
  stage: Stage,
  rows: number,
  sha256: string,
  onCurve: (curve: MemoryCurve) => void,
): Candidate {
  const options = {
    name: `builder-${rows}`,
    stage,
    customerId: largeCustomer(rows),
    expected: { rows, sha256 },
  };
  let builder: RunningBuilder | undefined;
  let candidate: Candidate | undefined;
  return {
    name: options.name,
    memoryOf: ["builder"],
    servers: () => candidate?.servers() ?? {},
    async prepare(round) {
      builder = await startBuilder(stage);
      candidate = builderCandidate({ ...options, builder });
      await candidate.prepare?.(round);
    },
    async run(round) {
      const pid = builder?.process.pid ?? 0;
      const began = performance.now();
      const points: [number, number][] = [];
      const timer = setInterval(
        () => points.push([(performance.now() - began) / 1000, memoryMb(pid)]),
        LOOK_EVERY_MS,
      );
      try {
        return (await candidate?.run(round)) ?? {};
      } finally {
        clearInterval(timer);
        onCurve({ rows, points });
      }
    },
    async check(round) {
      try {
        return (await candidate?.check?.(round)) ?? {};
      } finally {
        await builder?.[Symbol.asyncDispose]();
      }
    },
  };
}
