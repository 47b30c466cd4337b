/** From a thousand rows to five million: the curves of the plot, and the short table. */
import type { Bench } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder } from "../candidates/builder.ts";
import { startFloor } from "../candidates/floor.ts";
import { goCandidate, startGoOpponent } from "../candidates/go-opponent.ts";
import { naiveNode } from "../candidates/naive.ts";
import { cPipeline, referenceSha256 } from "../candidates/shell.ts";
import type { Sample } from "../measure.ts";
import { spread } from "../ratio.ts";
import { openStage } from "../stage.ts";

const NAIVE_AT_MOST = 1_000_000;
const ROUNDS = 3;
/** Of what takes half a minute. */
const LARGEST_ROUNDS = 2;

const CANDIDATES = ["builder", "go", "c-pipeline", "floor", "naive-node"] as const;

export interface Point {
  readonly candidate: (typeof CANDIDATES)[number];
  readonly rows: number;
  readonly wall: number;
}

export const bench: Bench = {
  name: "sizes",
  about:
    "wall by number of rows: the builder, a Go program, the shell line, the database alone, a plain Node program",
  quick: false,
  ratios: [{ name: "builder-wall-vs-naive-node", op: "<=", value: 0.04, of: "wall" }],
  async run(context) {
    const stage = await context.shared(openStage);
    const builder = context.resources.use(await startBuilder(stage));
    const go = context.resources.use(await startGoOpponent(stage));
    const points: Point[] = [];
    for (const rows of [...stage.bank.size.large].sort((a, b) => a - b)) {
      context.say(`  ${rows.toLocaleString("en")} rows`);
      const customerId = largeCustomer(rows);
      const sha256 = await referenceSha256(stage, customerId);
      const expected = { rows, sha256 };
      await using floor = await startFloor(stage, customerId);
      const name = (candidate: string): string => `${candidate}-${rows}`;
      const samples = {
        ...(await context.rounds(
          [
            builderCandidate({ name: name("builder"), stage, builder, customerId, expected }),
            { ...goCandidate(stage, go, { customerId, sha256 }), name: name("go") },
            { ...floor, name: name("floor") },
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
      for (const candidate of CANDIDATES) {
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
