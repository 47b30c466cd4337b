/** How soon a build ends whose cancellation was requested: its builder looks, nobody tells it. */
import { setTimeout as sleep } from "node:timers/promises";
import { offerEvent } from "../../../functions/domain/events/statement-event.ts";
import {
  isFinal,
  recordRequest,
  requestCancel,
  type PendingRequest,
} from "../../../functions/domain/statement-request.ts";
import { toBinaryMessage } from "../../../functions/platform/cloudevents/cloudevent-binary.ts";
import { mapConcurrently } from "../../../functions/platform/limits/concurrency.ts";
import { startFaultProxy } from "../../support/wire/fault-proxy.ts";
import { startPipeline, type Pipeline } from "../../support/functions/pipeline.ts";
import type { Bench } from "../bench.ts";
import { NEVER } from "../ledger/story-parts.ts";

const CANCELS = { full: 100, quick: 24 };
/** As many as one builder works on. */
const AT_ONCE = 8;
const GOAL_MS = 5_000;
/** A builder looks every three seconds: at any moment between two looks. */
const WITHIN_MS = 3_000;

export const bench: Bench = {
  name: "cancel",
  about: "a wish to cancel a build under way, to the record that says cancelled; p99 against 5 s",
  quick: false,
  ratios: [{ name: "cancel-p99", op: "<=", value: 1, of: "wall" }],
  async run(context) {
    const { resources, quick } = context;
    const pipeline = resources.use(
      await startPipeline({
        schedule: NEVER,
        bank: { customers: 2, rows: 40_000, seed: 3 },
        env: { LEASE_SECONDS: "60", LEASE_RENEW_SECONDS: "20" },
      }),
    );
    const database = new URL(pipeline.mariaDb.databaseUrl);
    const proxy = resources.use(
      await startFaultProxy({ host: database.hostname, port: Number(database.port) }),
    );
    database.port = String(proxy.port);
    const builder = await pipeline.start("statement-builder", {
      env: { DATABASE_URL: database.href },
    });
    // Builds that would go on forever.
    await proxy.set({ kind: "stall", direction: "down", afterBytes: 100_000 });
    const waits: number[] = [];
    const cancels = Array.from({ length: quick ? CANCELS.quick : CANCELS.full }, (_, i) => i);
    await mapConcurrently(cancels, AT_ONCE, async (i) => {
      const request = await owe(pipeline, i);
      const answer = offer(builder.url, request);
      await pipeline.until(request.facts.name, "processing");
      await sleep(Math.random() * WITHIN_MS);
      waits.push(await cancel(pipeline, request.facts.name));
      await answer;
    });
    waits.sort((a, b) => a - b);
    const at = (share: number): number => waits[Math.ceil(share * waits.length) - 1] ?? NaN;
    for (const share of [0.5, 0.99, 1])
      context.figure(`p${share * 100} of ${waits.length} cancels`, at(share) / 1000, "s");
    context.ratio("cancel-p99", [at(0.99)], [GOAL_MS]);
  },
};

async function owe(pipeline: Pipeline, i: number): Promise<PendingRequest> {
  const time = Date.now();
  const request = recordRequest({
    name: `transaction-request-customer-000001-${time}-${i}`,
    customerId: "customer-000001",
    startDate: "2024-01-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bench", id: String(i), type: "requested", time },
    recordedAt: time,
  });
  await pipeline.ledger.create(request);
  return request;
}

async function offer(url: string, request: PendingRequest): Promise<void> {
  const { headers, body } = toBinaryMessage(offerEvent(request, "pending-scanner", Date.now()));
  const answer = await fetch(url, { method: "POST", headers, body });
  await answer.body?.cancel();
}

/** As the operator's tool does it; answers how long it took. @throws Error unless it was cancelled */
async function cancel({ ledger }: Pipeline, name: string): Promise<number> {
  const began = performance.now();
  for (let isAsked = false; ;) {
    const stored = await ledger.read(name);
    if (!stored) throw new Error(`${name} is gone`);
    const { request } = stored;
    if (isFinal(request)) {
      if (request.status === "cancelled" && request.attempt === 1) return performance.now() - began;
      throw new Error(`${name} ended ${request.status}, attempt ${request.attempt}`);
    }
    if (request.status === "pending") throw new Error(`${name} was given back`);
    isAsked ||= (await ledger.replace(stored, requestCancel(request, Date.now()))) !== "conflict";
    await sleep(20);
  }
}
