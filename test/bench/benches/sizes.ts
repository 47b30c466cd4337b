/** From a thousand rows to five million: the curves of the plot, and the plain Node program's. */
import type { Bench } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder } from "../candidates/builder.ts";
import { naiveNode } from "../candidates/naive.ts";
import { cPipeline, referenceSha256 } from "../candidates/shell.ts";
import type { Sample } from "../measure.ts";
import { spread } from "../ratio.ts";
import { openStage } from "../stage.ts";

const NAIVE_AT_MOST = 1_000_000;
const ROUNDS = 3;
/** Of what takes half a minute. */
const LARGEST_ROUNDS = 2;

export interface Point {
  readonly candidate: "builder" | "c-pipeline" | "naive-node";
  readonly rows: number;
  readonly wall: number;
}

export const bench: Bench = {
  name: "sizes",
  about: "wall by number of rows: the builder, the shell line, a plain Node program",
  quick: false,
  ratios: [{ name: "builder-wall-vs-naive-node", op: "<=", value: 0.04, of: "wall" }],
  async run(context) {
    const stage = await context.shared(openStage);
    const builder = context.resources.use(await startBuilder(stage));
    const points: Point[] = [];
    for (const rows of [...stage.bank.size.large].sort((a, b) => a - b)) {
      context.say(`  ${rows.toLocaleString("en")} rows`);
      const customerId = largeCustomer(rows);
      const sha256 = await referenceSha256(stage, customerId);
      const expected = { rows, sha256 };
      const name = (candidate: string): string => `${candidate}-${rows}`;
      const samples = {
        ...(await context.rounds(
          [
            builderCandidate({ name: name("builder"), stage, builder, customerId, expected }),
            { ...cPipeline(stage, customerId, sha256), name: name("c-pipeline") },
          ],
          { rounds: rows > NAIVE_AT_MOST ? LARGEST_ROUNDS : ROUNDS },
        )),
        ...(rows <= NAIVE_AT_MOST &&
          (await context.rounds([naiveNode(stage, customerId, sha256, name("naive-node"))], {
            rounds: 1,
            warmUp: false,
          }))),
      };
      const wall = (candidate: string) =>
        (samples[name(candidate)] ?? []).map((one: Sample) => one.wall);
      for (const candidate of ["builder", "c-pipeline", "naive-node"] as const) {
        const walls = wall(candidate);
        if (walls.length > 0) points.push({ candidate, rows, wall: spread(walls).median });
      }
      if (rows === Math.min(NAIVE_AT_MOST, Math.max(...stage.bank.size.large))) {
        context.ratio("builder-wall-vs-naive-node", wall("builder"), wall("naive-node"));
      }
    }
    context.keep("points", points);
  },
};
