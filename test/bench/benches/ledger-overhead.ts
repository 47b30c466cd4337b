/** What proof of ownership costs: the builder's CPU at the ledger beside its CPU for a small build. */
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { SMALL_ROWS, smallCustomer } from "../bank/customers.ts";
import { startSmallBuilder } from "../candidates/small-statements.ts";
import type { LedgerRounds } from "../ledger/ledger-rounds.ts";
import { startLoadedLedger } from "../ledger/loaded-ledger.ts";
import { startWorker } from "../ledger/worker.ts";
import type { Sample } from "../measure.ts";
import { openStage } from "../stage.ts";

const PROGRAM = join(import.meta.dirname, "../ledger/ledger-rounds.ts");
const CONCURRENCY = 8;
const STATEMENTS = { full: 400, quick: 100 };

export const bench: Bench = {
  name: "ledger-overhead",
  about: `read, claim, executed and announced on a real kube-apiserver, against building ${SMALL_ROWS} rows`,
  quick: true,
  ratios: [{ name: "ledger-overhead", op: "<=", value: 0.5, of: "cpu" }],
  async run(context) {
    const { resources } = context;
    const count = context.quick ? STATEMENTS.quick : STATEMENTS.full;
    const stage = await context.shared(openStage);
    const builder = resources.use(await startSmallBuilder(stage));
    const loaded = resources.use(await startLoadedLedger());
    const ledger = resources.use(
      await startWorker<LedgerRounds>(PROGRAM, {
        PATH: process.env["PATH"],
        KUBECONFIG: loaded.kube.kubeconfig,
      }),
    );
    const customers = Array.from({ length: count }, (_, i) =>
      smallCustomer(1 + (i % stage.bank.size.small)),
    );
    let names: readonly string[] = [];
    context.say(`  ${count} statements a round, ${CONCURRENCY} at a time; CPU of the client alone`);
    const samples = await context.rounds([
      {
        name: "ledger",
        servers: () => ({ client: ledger.pid, "kube-apiserver": loaded.kube.pid }),
        memoryOf: ["client"],
        async prepare() {
          names = await loaded.add("pending", count);
        },
        async run() {
          await ledger.tell({ names, concurrency: CONCURRENCY });
          return { statements: count };
        },
      },
      {
        name: "build",
        servers: () => ({ client: builder.pid, mariadbd: stage.bank.pid }),
        memoryOf: ["client"],
        async run() {
          await builder.make({ customers, concurrency: CONCURRENCY });
          return { statements: count };
        },
      },
    ]);
    const cpu = (name: string) =>
      (samples[name] ?? []).map((one: Sample) => one.cpuOf["client"] ?? 0);
    for (const name of ["ledger", "build"]) {
      const [sum, rounds] = [cpu(name).reduce((a, b) => a + b, 0), cpu(name).length];
      context.figure(`${name}-client-cpu`, (sum / rounds / count) * 1000, "ms a statement");
    }
    context.ratio("ledger-overhead", cpu("ledger"), cpu("build"));
  },
};
