/** One large statement: the shipped builder, a Go program, the shell line and the database alone. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Bench, BenchContext, Candidate, Round } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder, type BuilderOptions } from "../candidates/builder.ts";
import { BEFORE_TABLE_DEFLATE, earlierBuilder } from "../candidates/earlier-builder.ts";
import { startFloor } from "../candidates/floor.ts";
import { goCandidate, startGoOpponent } from "../candidates/go-opponent.ts";
import { cPipeline, referenceSha256 } from "../candidates/shell.ts";
import type { Sample } from "../measure.ts";
import { openStage, type Stage } from "../stage.ts";

const ROWS = { full: 1_000_000, quick: 200_000 };
const EVENT_LOOP_DELAY = join(import.meta.dirname, "../candidates/event-loop-delay.js");
const WITHOUT_CHECK = join(import.meta.dirname, "../candidates/without-check.js");

export const bench: Bench = {
  name: "builder",
  about:
    "one large statement, against a Go program, `mariadb | zip -6 | curl`, the database alone, and the builder as it was",
  quick: true,
  ratios: [
    { name: "builder-cpu-vs-go", op: "<=", value: 1, of: "cpu", reached: 1.4 },
    { name: "builder-unchecked-cpu-vs-go", op: "<=", value: 0.9, of: "cpu", reached: 1.4 },
    { name: "builder-wall-vs-go", op: "<=", value: 0.9, of: "wall" },
    { name: "builder-zip-vs-go", op: "<=", value: 1, of: "size" },
    { name: "builder-cpu-vs-before", op: "<=", value: 0.55, of: "cpu", reached: 0.75 },
    { name: "builder-unchecked-cpu-vs-before", op: "<=", value: 0.48, of: "cpu", reached: 0.75 },
    { name: "builder-wall-vs-c-pipeline", op: "<=", value: 0.75, of: "wall" },
    { name: "builder-cpu-vs-c-pipeline", op: "<=", value: 0.42, of: "cpu", reached: 0.69 },
    { name: "builder-zip-vs-c-pipeline", op: "<=", value: 1.01, of: "size" },
    { name: "builder-wall-vs-mysql-floor", op: "<=", value: 1.15, of: "wall" },
    { name: "builder-mysql-cpu-vs-floor", op: "<=", value: 1.2, of: "cpu" },
  ],
  async run(context) {
    const stage = await context.shared(openStage);
    const rows = context.quick ? ROWS.quick : ROWS.full;
    const customerId = largeCustomer(rows);
    const sha256 = await referenceSha256(stage, customerId);
    const builder = async (name: string, options: BuilderOptions = {}): Promise<Candidate> => {
      const started = context.resources.use(await startBuilder(stage, options));
      const expected = { rows, sha256 };
      return builderCandidate({ name, stage, builder: started, customerId, expected });
    };
    const believed = join(context.folder, "believed");
    const entry = await earlierBuilder(BEFORE_TABLE_DEFLATE, join(context.folder, "before"));
    if (entry === undefined) {
      context.say(
        `no commit ${BEFORE_TABLE_DEFLATE} in this clone: nothing to compare before with`,
      );
    }
    const samples = await context.rounds([
      context.resources.use(await startFloor(stage, customerId)),
      cPipeline(stage, customerId, sha256),
      goCandidate(stage, context.resources.use(await startGoOpponent(stage)), {
        customerId,
        sha256,
      }),
      await builder("builder"),
      await builder("builder-unchecked", {
        env: { BELIEVED: believed },
        nodeOptions: ["--import", WITHOUT_CHECK],
      }),
      ...(entry === undefined ? [] : [await builder("builder-before", { entry })]),
    ]);
    if (!existsSync(believed)) throw new Error("builder-unchecked was checked all the same");
    await eventLoopDelay(context, stage, { customerId, rows, sha256 });
    const of = (name: string, value: (one: Sample) => number) => (samples[name] ?? []).map(value);
    const wall = (name: string) => of(name, (one) => one.wall);
    const cpu = (name: string) => of(name, (one) => one.cpu);
    const bytes = (name: string) => of(name, (one) => one.figures["zipBytes"] ?? 0);
    const cpuOf = (process: string, name: string) => of(name, (one) => one.cpuOf[process] ?? 0);
    context.ratio("builder-cpu-vs-go", cpu("builder"), cpu("go"));
    context.ratio("builder-unchecked-cpu-vs-go", cpu("builder-unchecked"), cpu("go"));
    context.ratio("builder-wall-vs-go", wall("builder"), wall("go"));
    context.ratio("builder-zip-vs-go", bytes("builder"), bytes("go"));
    if (entry !== undefined) {
      const before = cpuOf("builder", "builder-before");
      context.ratio("builder-cpu-vs-before", cpuOf("builder", "builder"), before);
      const unchecked = cpuOf("builder", "builder-unchecked");
      context.ratio("builder-unchecked-cpu-vs-before", unchecked, before);
    }
    context.ratio("builder-wall-vs-c-pipeline", wall("builder"), wall("c-pipeline"));
    context.ratio("builder-cpu-vs-c-pipeline", cpu("builder"), cpu("c-pipeline"));
    context.ratio("builder-zip-vs-c-pipeline", bytes("builder"), bytes("c-pipeline"));
    context.ratio("builder-wall-vs-mysql-floor", wall("builder"), wall("floor"));
    context.ratio(
      "builder-mysql-cpu-vs-floor",
      cpuOf("mariadbd", "builder"),
      cpuOf("mariadbd", "floor"),
    );
  },
};

interface Large {
  readonly customerId: string;
  readonly rows: number;
  readonly sha256: string;
}

/** While the second of two large statements is made: the first has compiled what is hot. */
async function eventLoopDelay(
  context: BenchContext,
  stage: Stage,
  { customerId, ...expected }: Large,
): Promise<void> {
  const file = join(context.folder, "delay.json");
  await using builder = await startBuilder(stage, {
    env: { DELAY_FILE: file },
    nodeOptions: ["--import", EVENT_LOOP_DELAY],
  });
  const name = "builder-delay";
  const candidate = builderCandidate({ name, stage, builder, customerId, expected });
  const prepare = async (round: Round): Promise<void> => {
    await candidate.prepare?.(round);
    process.kill(builder.process.pid, "SIGUSR2");
  };
  await context.rounds([{ ...candidate, prepare }], { rounds: 1 });
  await setTimeout(500);
  const { p99, max } = JSON.parse(await readFile(file, "utf8")) as { p99: number; max: number };
  context.figure("event loop of the builder, 99th percentile of its delay", p99, "ms");
  context.figure("event loop of the builder, longest delay", max, "ms");
}
