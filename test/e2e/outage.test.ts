/**
 * An outage of what a build needs spends no failure, however long it lasts. Five failures are a request's budget: as
 * shipped they are spent after eight minutes (30 + 60 + 120 + 240 s between them), with the times of this file after seven
 * seconds (1 + 2 + 2 + 2). So its 28 seconds are half an hour.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { offerEvent } from "../../functions/domain/events/statement-event.ts";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeTestLog } from "../support/functions/event-server.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";

const OUTAGE_MS = 28_000;
const JANUARY = { start_date: "2025-01-01", end_date: "2025-01-31" };

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline();
  for (const name of ["request-intake", "pending-scanner", "statement-builder"] as const)
    await pipeline.start(name);
}, 180_000);
afterAll(() => pipeline[Symbol.asyncDispose]());

/** As the kubelet asks. */
async function isReady(): Promise<boolean> {
  const answer = await fetch(`${pipeline.urlOf("statement-builder")}/health/readiness`);
  await answer.body?.cancel();
  return answer.status === 200;
}

test.each(["database", "store"] as const)(
  "of the %s: requests of that time are built when it is back, with their whole budget",
  async (what) => {
    const server = what === "database" ? pipeline.mariaDb : pipeline.s3;
    expect(await isReady()).toBe(true);
    await server.stop();
    while (await isReady()) await sleep(100);
    const customers = [1, 2, 3].map((number) => `customer-00000${number}`);
    const names = await Promise.all(
      customers.map((customer_id) =>
        pipeline.request({ ...JANUARY, customer_id, language: what === "store" ? "de" : "fr" }),
      ),
    );
    // Beside the ticks, whoever offers them is told to come again, and nothing is claimed.
    const sink = makeCloudEventSink({
      url: pipeline.urlOf("statement-builder"),
      log: makeTestLog().log,
    });
    const over = performance.now() + OUTAGE_MS;
    while (performance.now() < over) {
      for (const name of names) {
        const stored = await pipeline.ledger.read(name);
        if (!stored) throw new Error("not recorded");
        const sent = await sink.send(offerEvent(stored.request, "pending-scanner", Date.now()));
        expect(sent).toMatchObject({ kind: "refused", status: 503 });
        expect(stored.request).toMatchObject({ status: "pending", attempt: 0, failures: 0 });
      }
      await sleep(500);
    }
    await server.start();
    for (const name of names) {
      const { request } = await pipeline.until(name, "executed", 60);
      expect(request).toMatchObject({ attempt: 1, failures: 0 });
    }
  },
  150_000,
);

test("of a view: what only a statement's own queries are refused claims nothing, with the whole budget left", async () => {
  const { mariaDb } = pipeline;
  expect(await isReady()).toBe(true);
  await mariaDb.execute("RENAME TABLE accounts TO moved");
  while (await isReady()) await sleep(100);
  const name = await pipeline.request({ ...JANUARY, customer_id: "customer-000005" });
  const sink = makeCloudEventSink({
    url: pipeline.urlOf("statement-builder"),
    log: makeTestLog().log,
  });
  for (let offers = 0; offers < 5; offers++) {
    const stored = await pipeline.ledger.read(name);
    if (!stored) throw new Error("not recorded");
    const sent = await sink.send(offerEvent(stored.request, "pending-scanner", Date.now()));
    expect(sent).toMatchObject({ kind: "refused", status: 503 });
    expect(stored.request).toMatchObject({ status: "pending", attempt: 0, failures: 0 });
  }
  await mariaDb.execute("RENAME TABLE moved TO accounts");
  const { request } = await pipeline.until(name, "executed", 60);
  expect(request).toMatchObject({ attempt: 1, failures: 0 });
}, 150_000);

const OUTAGES = {
  database: { begin: () => pipeline.mariaDb.kill(), end: () => pipeline.mariaDb.start() },
  // A first attempt asks it nothing before its one write.
  store: { begin: () => pipeline.s3.stop(), end: () => pipeline.s3.start() },
};

test.each(["database", "store"] as const)(
  "of the %s: what was being built when it began has one failure, and waits without another",
  async (what) => {
    await OUTAGES[what].begin();
    const name = await pipeline.request({ ...JANUARY, customer_id: "customer-000004" });
    for (;;) {
      const request = (await pipeline.ledger.read(name))?.request;
      if (request?.status === "pending" && request.failures === 1) break;
      await sleep(50);
    }
    // Its pause is over long before.
    await sleep(4_000);
    const waiting = await pipeline.ledger.read(name);
    expect(waiting?.request).toMatchObject({ status: "pending", attempt: 1, failures: 1 });
    await OUTAGES[what].end();
    const { request } = await pipeline.until(name, "executed", 60);
    expect(request).toMatchObject({ attempt: 2, failures: 1 });
  },
);
