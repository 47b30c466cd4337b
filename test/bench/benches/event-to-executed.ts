/** How long a customer waits: one small request after the other, through the whole pipeline. */
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { startPipeline } from "../../support/functions/pipeline.ts";
import { startEventSink, accept } from "../../support/functions/event-sink.ts";
import type { Bench, Round } from "../bench.ts";
import { followRequests, postRequest, type Asked } from "../ledger/posted-requests.ts";
import { NEVER, openHop, openStory } from "../ledger/story-parts.ts";

const CUSTOMERS = ["customer-000001", "customer-000002", "customer-000003", "customer-000004"];
/** About 500 of them a customer in the year that is asked for. */
const BANK = { customers: 5, rows: 5_000, seed: 7 };
const REQUESTS = { full: 500, quick: 60 };
const WARM_UP = 30;
const ROUNDS = { full: 5, quick: 2 };
const PARTS = ["intake", "hop", "claim", "build", "settle"] as const;

/**
 * `intake`: posted to its answer, its wake-up taken by a sink that does nothing. `hop`: an event posted
 * to the router until its Trigger's subscriber has it. `claim`, `build`, `settle`: the builder's code in
 * the bench's own process; read and compare-and-swap; fence, query, zip and object; the last write.
 */
export const bench: Bench = {
  name: "event-to-executed",
  about: "event posted to status executed, all warm, against the sum of the parts measured alone",
  quick: false,
  ratios: [
    { name: "event-to-executed", op: "<=", value: 2, of: "wall" },
    { name: "event-to-executed-p99", op: "<=", value: 2, of: "wall" },
  ],
  async run(context) {
    const { resources } = context;
    const rounds = context.quick ? ROUNDS.quick : ROUNDS.full;
    const perRound = (context.quick ? REQUESTS.quick : REQUESTS.full) / rounds;
    const pipeline = resources.use(
      await startPipeline({
        bank: BANK,
        schedule: NEVER,
        env: {
          LOG_LEVEL: "info",
          LEASE_SECONDS: "60",
          LEASE_RENEW_SECONDS: "20",
          WAKEUPS_PER_CUSTOMER: "100000",
        },
      }),
    );
    const intake = await pipeline.start("request-intake");
    const builder = await pipeline.start("statement-builder");
    const drain = resources.use(await startEventSink(accept));
    const alone = await pipeline.start("request-intake", {
      port: await freePort(),
      env: { K_SINK: drain.url },
    });
    const story = await openStory(pipeline, resources);
    const hop = await openHop(resources);
    const requests = await followRequests(pipeline, resources);

    const { kube, s3, mariaDb } = pipeline;
    const servers = () => ({
      intake: intake.pid,
      builder: builder.pid,
      "kube-apiserver": kube.pid,
      etcd: kube.etcd.pid,
      mariadbd: mariaDb.pid,
      s3: s3.pid,
    });
    const taken = new Map<string, number[][]>();
    /** A round of one candidate: the times of each of its parts are kept, but for a warm-up's. */
    const candidate = (
      name: string,
      once: (customer: string) => Promise<Record<string, number>>,
    ) => ({
      name,
      servers,
      async run({ warmUp }: Round) {
        const times: Record<string, number[]> = {};
        for (let i = 0; i < (warmUp ? WARM_UP : perRound); i++) {
          const parts = await once(CUSTOMERS[i % CUSTOMERS.length] ?? "");
          for (const [part, ms] of Object.entries(parts)) (times[part] ??= []).push(ms);
        }
        if (warmUp) return {};
        for (const [part, list] of Object.entries(times))
          taken.set(part, [...(taken.get(part) ?? []), list]);
        return Object.fromEntries(
          Object.entries(times).map(([part, list]) => [`${part}-p50-ms`, quantile(list, 0.5)]),
        );
      },
    });
    await context.rounds(
      [
        candidate("whole", async (customer) => ({
          whole: await requests.run(asked(customer)),
        })),
        candidate("alone", async (customer) => ({
          intake: await timeOf(() => postRequest(alone.url, asked(customer))),
          hop: await hop(),
          ...(await story(customer)),
        })),
      ],
      { rounds },
    );

    const roundsOf = (part: string): readonly (readonly number[])[] => taken.get(part) ?? [];
    for (const part of ["whole", ...PARTS]) {
      context.figure(`${part}-p50`, quantile(roundsOf(part).flat(), 0.5), "ms");
      context.figure(`${part}-p99`, quantile(roundsOf(part).flat(), 0.99), "ms");
    }
    context.ratio(
      "event-to-executed",
      roundsOf("whole").map((list) => quantile(list, 0.5)),
      roundsOf("whole").map((_, i) => sum(PARTS.map((part) => quantile(roundsOf(part)[i], 0.5)))),
    );
    context.ratio(
      "event-to-executed-p99",
      [quantile(roundsOf("whole").flat(), 0.99)],
      [sum(PARTS.map((part) => quantile(roundsOf(part).flat(), 0.99)))],
    );
  },
};

function asked(customerId: string): Asked {
  return { customerId, startDate: "2025-01-01", endDate: "2025-12-31" };
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}

function quantile(values: readonly number[] = [], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
