/** Statements of 500 rows, the most frequent kind, by the second. */
import type { Bench } from "../bench.ts";
import { SMALL_ROWS, smallCustomer } from "../bank/customers.ts";
import { startGoOpponent } from "../candidates/go-opponent.ts";
import {
  smallByBuilder,
  smallByGo,
  smallByShell,
  startSmallBuilder,
} from "../candidates/small-statements.ts";
import { spread } from "../ratio.ts";
import { openStage } from "../stage.ts";

/** As many as one process builds at a time. */
const CONCURRENCY = 8;
/** Statements before the first that counts. */
const WARM = 1_200;

export const bench: Bench = {
  name: "small-statements",
  about: `statements of ${SMALL_ROWS} rows a second, from query to object, ${CONCURRENCY} at a time, against the shell line and a Go program`,
  quick: true,
  ratios: [
    { name: "small-statements-vs-shell", op: ">=", value: 3.5, of: "rate" },
    { name: "small-statements-vs-go", op: ">=", value: 0.8, of: "rate" },
  ],
  async run(context) {
    const stage = await context.shared(openStage);
    const customers = Array.from({ length: stage.bank.size.small }, (_, i) => smallCustomer(i + 1));
    const builds = { customers, concurrency: CONCURRENCY };
    const builder = context.resources.use(await startSmallBuilder(stage));
    // As a builder is that has worked for a minute: its hot functions are compiled.
    for (let made = 0; made < WARM; made += customers.length) await builder.make(builds);
    const go = context.resources.use(await startGoOpponent(stage));
    const samples = await context.rounds([
      smallByBuilder(stage, builder, builds),
      smallByGo(stage, go, builds),
      smallByShell(stage, builds),
    ]);
    const rate = (name: string) => (samples[name] ?? []).map(({ wall }) => customers.length / wall);
    const cpuMs = (name: string) =>
      spread((samples[name] ?? []).map(({ cpu }) => (1_000 * cpu) / customers.length));
    for (const name of ["builder", "go", "shell"]) {
      context.figure(`${name}, statements`, spread(rate(name)), "a second");
      context.figure(`${name}, all CPU`, cpuMs(name), "ms a statement");
    }
    context.ratio("small-statements-vs-shell", rate("builder"), rate("shell"));
    context.ratio("small-statements-vs-go", rate("builder"), rate("go"));
  },
};
