/** Whether two builders on two cores make twice the statements of one on one. */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import type { Bench } from "../bench.ts";
import { smallCustomer } from "../bank/customers.ts";
import { startSmallBuilder, type SmallBuilder } from "../candidates/small-statements.ts";
import type { Sample } from "../measure.ts";
import { spread } from "../ratio.ts";
import { openStage } from "../stage.ts";

const STATEMENTS = { full: 400, quick: 80 };

/**
 * Everything, the database and the sink included, is kept to as many cores as there are builders,
 * so that one builder does not have the other's core beside its own. A builder makes one statement
 * at a time, as a pod does.
 */
export const bench: Bench = {
  name: "scale-out",
  about:
    "statements a second: two builders on two cores against one on one, the servers on the same cores",
  quick: false,
  ratios: [{ name: "scale-out-2-vs-1", op: ">=", value: 1.6, of: "rate" }],
  async run(context) {
    if (cpus().length < 2) {
      context.say("  takes two cores");
      return;
    }
    const stage = await context.shared(openStage);
    const builders: SmallBuilder[] = [];
    for (let i = 0; i < 2; i++)
      builders.push(context.resources.use(await startSmallBuilder(stage)));
    const count = context.quick ? STATEMENTS.quick : STATEMENTS.full;
    const customers = Array.from({ length: count }, (_, i) =>
      smallCustomer(1 + (i % stage.bank.size.small)),
    );
    const pids = [stage.bank.pid, stage.sink.process.pid, ...builders.map(({ pid }) => pid)];
    context.resources.defer(() => keepToCores(pids, cpus().length));
    const samples = await context.rounds(
      [1, 2].map((n) => ({
        name: `builders-${n}`,
        servers: () => ({
          ...Object.fromEntries(
            builders.slice(0, n).map(({ pid }, i) => [`builder-${i + 1}`, pid]),
          ),
          mariadbd: stage.bank.pid,
          sink: stage.sink.process.pid,
        }),
        async prepare() {
          keepToCores(pids, n);
          await Promise.resolve();
        },
        async run() {
          const share = Math.ceil(count / n);
          await Promise.all(
            builders.slice(0, n).map(async (builder, i) => {
              const mine = customers.slice(i * share, (i + 1) * share);
              await builder.make({ customers: mine, concurrency: 1 });
            }),
          );
          return { statements: count };
        },
      })),
    );
    const rate = (n: number) =>
      (samples[`builders-${n}`] ?? []).map((one: Sample) => count / one.wall);
    for (const n of [1, 2]) context.figure(`builders-${n}`, spread(rate(n)), "statements a second");
    context.ratio("scale-out-2-vs-1", rate(2), rate(1));
  },
};

/** All threads of each process, to the first `cores` of the machine. */
function keepToCores(pids: readonly number[], cores: number): void {
  for (const pid of pids) {
    execFileSync("taskset", ["-a", "-c", "-p", `0-${cores - 1}`, String(pid)], { stdio: "ignore" });
  }
}
