/** How soon a function that was scaled to zero answers, as far as its process decides it. */
import type { Bench } from "../bench.ts";
import { emptyProcess, firstAnswer, openStarts, type Start } from "../candidates/first-answer.ts";

const STARTS = { full: 20, quick: 4 };

export const bench: Bench = {
  name: "cold-start",
  about: "from process start to the first answered event, against an empty Node process",
  quick: true,
  ratios: [
    { name: "cold-start-intake", op: "<=", value: 4, of: "wall" },
    { name: "cold-start-scanner", op: "<=", value: 4, of: "wall" },
    { name: "cold-start-builder", op: "<=", value: 6, of: "wall" },
    { name: "cold-start-bundled-vs-unbundled", op: "<=", value: 0.35, of: "wall" },
    // The same by CPU, start and end of the process included: what CI can hold on a busy machine.
    { name: "cold-start-bundled-vs-unbundled-cpu", op: "<=", value: 0.35, of: "cpu" },
  ],
  async run(context) {
    const starts = await openStarts(context);
    const start = (name: string, one: Start) => ({
      name,
      servers: () => ({}),
      run: async () => ({ answeredMs: await firstAnswer(one) }),
    });
    const samples = await context.rounds(
      [
        {
          name: "empty",
          servers: () => ({}),
          run: async () => ({ answeredMs: await emptyProcess(context.folder) }),
        },
        start("intake", starts.shipped("request-intake")),
        start("scanner", starts.shipped("pending-scanner")),
        start("builder", starts.shipped("statement-builder")),
        start("builder-unbundled", starts.unbundled("statement-builder")),
      ],
      { rounds: context.quick ? STARTS.quick : STARTS.full },
    );
    const answered = (name: string): number[] =>
      (samples[name] ?? []).map(({ figures }) => figures["answeredMs"] ?? NaN);
    const cpu = (name: string): number[] => (samples[name] ?? []).map((one) => one.cpu);
    context.ratio("cold-start-intake", answered("intake"), answered("empty"));
    context.ratio("cold-start-scanner", answered("scanner"), answered("empty"));
    context.ratio("cold-start-builder", answered("builder"), answered("empty"));
    const bundled = "builder";
    const whole = "builder-unbundled";
    context.ratio("cold-start-bundled-vs-unbundled", answered(bundled), answered(whole));
    context.ratio("cold-start-bundled-vs-unbundled-cpu", cpu(bundled), cpu(whole));
  },
};
