/** Whether ticks alone keep builders busy, how late a lost wake-up makes a request, and whose turn it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { recordRequest, type PendingRequest } from "../../../functions/domain/statement-request.ts";
import { mapConcurrently } from "../../../functions/platform/limits/concurrency.ts";
import { startPipeline, type Pipeline } from "../../support/functions/pipeline.ts";
import type { Bench, Candidate } from "../bench.ts";
import { BUILDERS, startFourBuilders, type FourBuilders } from "../ledger/four-builders.ts";
import { NEVER } from "../ledger/story-parts.ts";

/** Others of the sample bank have other names. */
const CUSTOMERS = 9;
const REQUESTS = { full: 10_000, quick: 600 };
const WARM = 100;
const OF_ONE_CUSTOMER = { full: 5_000, quick: 500 };
const LONE = { full: 10, quick: 4 };
const OTHERS = { full: 6, quick: 1 };
/** As shipped: a tick every minute that offers for 50 s. */
const TICK_MS = 60_000;
/** For what is measured in ticks: the same shares of a shorter one. */
const SHORT_TICK_MS = 12_000;
const SHORT_DEADLINE_S = 10;
/** What a tick offers ahead at its end, a quarter of its time: nobody looks until the next one has come. */
const GAP_S = SHORT_DEADLINE_S / 4;
/** A wake-up has so long to arrive before a tick offers in its place. */
const GRACE_S = 3;

export const bench: Bench = {
  name: "backlog",
  about: `pending requests and ${BUILDERS} builders: nothing but ticks, against the same builders fed directly`,
  quick: false,
  ratios: [
    { name: "backlog-ticks-vs-fed", op: ">=", value: 0.85, of: "rate" },
    // What the first comes to where nobody else takes processors away in one of the two runs.
    { name: "backlog-fed-vs-ticks-cpu", op: ">=", value: 0.85, of: "cpu" },
    { name: "backlog-lone-request", op: "<=", value: 1, of: "wall" },
    { name: "backlog-fairness", op: "<=", value: 1, of: "rate" },
  ],
  async run(context) {
    const { resources, quick } = context;
    const pipeline = resources.use(
      await startPipeline({
        bank: { customers: CUSTOMERS, rows: CUSTOMERS * 200, seed: 7 },
        schedule: NEVER,
        env: {
          LOG_LEVEL: "info",
          LEASE_SECONDS: "60",
          LEASE_RENEW_SECONDS: "20",
          BUILDER_CAPACITY: String(BUILDERS),
        },
      }),
    );
    const builders = await startFourBuilders(pipeline, resources);
    const count = quick ? REQUESTS.quick : REQUESTS.full;
    for (const one of await owe(pipeline, WARM)) await builders.offer(one);

    const scanner = await pipeline.start("pending-scanner", {
      env: { TICK_DEADLINE_SECONDS: "50" },
    });
    const ticks = makeTicks(pipeline);
    resources.defer(() => ticks.stop());
    let owed: readonly PendingRequest[] = [];
    const servers = () => ({
      ...Object.fromEntries(builders.processes.map(({ pid }, i) => [`builder-${i + 1}`, pid])),
      scanner: scanner.pid,
      "kube-apiserver": pipeline.kube.pid,
      etcd: pipeline.kube.etcd.pid,
      mariadbd: pipeline.mariaDb.pid,
      s3: pipeline.s3.pid,
    });
    const candidate = (name: string, work: () => Promise<void>): Candidate => ({
      name,
      servers,
      async prepare() {
        owed = await owe(pipeline, count);
      },
      async run() {
        const done = countDone(builders, count);
        const began = performance.now();
        await work();
        const ended = await done;
        ticks.stop();
        return { "a-second": (count / (ended - began)) * 1000 };
      },
      async check() {
        await mapConcurrently(owed, 8, async ({ facts }) => {
          const request = (await pipeline.ledger.read(facts.name))?.request;
          if (request?.status !== "executed" || request.attempt !== 1)
            throw new Error(`${facts.name} is ${request?.status}, attempt ${request?.attempt}`);
        });
        return {};
      },
    });
    const fed = candidate("fed", async () => {
      await mapConcurrently(owed, BUILDERS, (one) => builders.offer(one));
    });
    const ticked = candidate("ticks", async () => {
      ticks.start(TICK_MS);
      await Promise.resolve();
    });
    const samples = await context.rounds([fed, ticked], { rounds: quick ? 2 : 1, warmUp: false });
    const rate = (name: string) =>
      (samples[name] ?? []).map(({ figures }) => figures["a-second"] ?? NaN);
    context.ratio("backlog-ticks-vs-fed", rate("ticks"), rate("fed"));
    const cpu = (name: string) => (samples[name] ?? []).map((one) => one.cpu);
    context.ratio("backlog-fed-vs-ticks-cpu", cpu("fed"), cpu("ticks"));
    await scanner.stop();

    await pipeline.start("pending-scanner", {
      env: { TICK_DEADLINE_SECONDS: String(SHORT_DEADLINE_S) },
    });
    const waits: number[] = [];
    ticks.start(SHORT_TICK_MS);
    for (let i = 0; i < (quick ? LONE.quick : LONE.full); i++) {
      await sleep(Math.random() * SHORT_TICK_MS);
      const done = countDone(builders, 1);
      const began = performance.now();
      await owe(pipeline, 1, Date.now());
      waits.push((await done) - began);
    }
    const worst = Math.max(...waits);
    context.figure("a lone request, at worst", worst / 1000, "s of ticks 12 s apart");
    context.ratio("backlog-lone-request", [worst], [SHORT_TICK_MS]);

    // One customer's many are under way when others ask for one each, at any time of a tick.
    const many = quick ? OF_ONE_CUSTOMER.quick : OF_ONE_CUSTOMER.full;
    await owe(pipeline, many, undefined, 1);
    await countDone(builders, many / 5);
    const rounds: number[] = [];
    for (let customer = 2; customer < 2 + (quick ? OTHERS.quick : OTHERS.full); customer++) {
      await sleep(Math.random() * 2_000);
      const [other] = await owe(pipeline, 1, Date.now(), 1, customer);
      const { behind, aSecond } = await doneBefore(builders, other?.facts.name ?? "");
      // What is out at a time at most: the builders, what they finish in a second, and in the gap between two ticks.
      const round = BUILDERS + aSecond * (1 + GAP_S);
      rounds.push((behind - GRACE_S * aSecond) / round);
      context.figure(
        "others' requests before it",
        behind,
        `statements, ${aSecond.toFixed(1)} a second`,
      );
    }
    context.ratio("backlog-fairness", [Math.max(...rounds)], [2]);
  },
};

let sequence = 0;

/** Pending requests, their wake-ups lost, of the first customers of the bank. */
async function owe(
  pipeline: Pipeline,
  count: number,
  recordedAt = Date.now() - 3_600_000,
  customers = CUSTOMERS,
  firstCustomer = 1,
): Promise<readonly PendingRequest[]> {
  const requests = Array.from({ length: count }, (_, i) => {
    const time = recordedAt + i;
    const customerId = `customer-${String(firstCustomer + (i % customers)).padStart(6, "0")}`;
    return recordRequest({
      name: `transaction-request-${customerId}-${time}-${++sequence}`,
      customerId,
      startDate: "2025-01-01",
      endDate: "2025-03-31",
      timeZone: "UTC",
      options: {},
      event: { source: "/bench", id: String(sequence), type: "requested", time },
      recordedAt: time,
    });
  });
  await mapConcurrently(requests, 8, (one) => pipeline.ledger.create(one));
  return requests;
}

/** Resolves with the moment when so many were answered. */
async function countDone(builders: FourBuilders, count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const seen = new Set<string>();
  builders.onDone = (subject) => {
    seen.add(subject);
    if (seen.size === count) resolve(performance.now());
  };
  return await promise;
}

/** How many others were answered until this one was, and how many of them a second. */
async function doneBefore(
  builders: FourBuilders,
  name: string,
): Promise<{ behind: number; aSecond: number }> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const began = performance.now();
  let behind = 0;
  builders.onDone = (subject) => {
    if (subject === name) resolve(undefined);
    else behind++;
  };
  await promise;
  return { behind, aSecond: (behind / (performance.now() - began)) * 1000 };
}

/** A PingSource with a schedule that begins when it is told to. */
function makeTicks({ router }: Pipeline) {
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    router.tick().catch(() => undefined);
  };
  return {
    start(everyMs: number) {
      clearInterval(timer);
      timer = setInterval(tick, everyMs);
      tick();
    },
    stop: () => clearInterval(timer),
  };
}
