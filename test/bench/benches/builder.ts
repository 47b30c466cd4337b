/** One large statement: the shipped builder, the shell line and the database alone. */
import type { Bench } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder } from "../candidates/builder.ts";
import { startFloor } from "../candidates/floor.ts";
import { cPipeline, referenceSha256 } from "../candidates/shell.ts";
import type { Sample } from "../measure.ts";
import { openStage } from "../stage.ts";

const ROWS = { full: 1_000_000, quick: 200_000 };

export const bench: Bench = {
  name: "builder",
  about: "one large statement, against `mariadb | zip -6 | curl` and against the database alone",
  quick: true,
  ratios: [
    { name: "builder-wall-vs-c-pipeline", op: "<=", value: 0.75, of: "wall" },
    { name: "builder-cpu-vs-c-pipeline", op: "<=", value: 0.8, of: "cpu" },
    { name: "builder-zip-vs-c-pipeline", op: "<=", value: 1.06, of: "size" },
    { name: "builder-wall-vs-mysql-floor", op: "<=", value: 1.3, of: "wall" },
    { name: "builder-fast-vs-mysql-floor", op: "<=", value: 1.15, of: "wall" },
    { name: "builder-mysql-cpu-vs-floor", op: "<=", value: 1.2, of: "cpu" },
  ],
  async run(context) {
    const stage = await context.shared(openStage);
    const rows = context.quick ? ROWS.quick : ROWS.full;
    const customerId = largeCustomer(rows);
    const sha256 = await referenceSha256(stage, customerId);
    const builders = await Promise.all(
      ["balanced", "fast"].map(async (COMPRESSION) =>
        context.resources.use(await startBuilder(stage, { env: { COMPRESSION } })),
      ),
    );
    const floor = context.resources.use(await startFloor(stage, customerId));
    const samples = await context.rounds([
      floor,
      cPipeline(stage, customerId, sha256),
      ...["builder", "builder-fast"].flatMap((name, i) =>
        builders
          .slice(i, i + 1)
          .map((builder) =>
            builderCandidate({ name, stage, builder, customerId, expected: { rows, sha256 } }),
          ),
      ),
    ]);
    const of = (name: string, value: (one: Sample) => number) => (samples[name] ?? []).map(value);
    const wall = (name: string) => of(name, (one) => one.wall);
    const cpu = (name: string) => of(name, (one) => one.cpu);
    const mysqlCpu = (name: string) => of(name, (one) => one.cpuOf["mariadbd"] ?? 0);
    const bytes = (name: string) => of(name, (one) => one.figures["zipBytes"] ?? 0);
    context.ratio("builder-wall-vs-c-pipeline", wall("builder"), wall("c-pipeline"));
    context.ratio("builder-cpu-vs-c-pipeline", cpu("builder"), cpu("c-pipeline"));
    context.ratio("builder-zip-vs-c-pipeline", bytes("builder"), bytes("c-pipeline"));
    context.ratio("builder-wall-vs-mysql-floor", wall("builder"), wall("floor"));
    context.ratio("builder-fast-vs-mysql-floor", wall("builder-fast"), wall("floor"));
    context.ratio("builder-mysql-cpu-vs-floor", mysqlCpu("builder"), mysqlCpu("floor"));
  },
};
