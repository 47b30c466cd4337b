/** Clocks decide only how soon: builders whose clocks are twenty minutes apart still make one file. */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { offerEvent } from "../../functions/domain/events/statement-event.ts";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeLog } from "../../functions/platform/telemetry/log.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";

const TEN_MINUTES = 600_000;
const PRELOAD = new URL("../support/storm/clock-offset.js", import.meta.url).href;

function clock(offset: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_OFFSET_MS: String(offset) };
}

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline({ bank: { customers: 4, rows: 20_000, seed: 11 } });
  await pipeline.start("request-intake", { env: clock(-TEN_MINUTES) });
  await pipeline.start("statement-builder", { env: clock(-TEN_MINUTES) });
  await pipeline.start("pending-scanner", { env: clock(TEN_MINUTES) });
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

async function objectsOf(key: string): Promise<number> {
  const client = pipeline.s3.client();
  const Prefix = key.slice(0, key.lastIndexOf("-") + 1);
  const { KeyCount } = await client.send(
    new ListObjectsV2Command({ Bucket: pipeline.s3.bucket, Prefix }),
  );
  client.destroy();
  return KeyCount ?? 0;
}

test("one late and one early builder take each other's leases, and each request has one file", async () => {
  const early = await pipeline.start("statement-builder", {
    port: await freePort(),
    env: { ...clock(TEN_MINUTES), MAX_FAILURES: "100" },
  });
  const log = makeLog({ name: "pending-scanner", level: "silent" });
  const sinks = [pipeline.urlOf("statement-builder"), early.url].map((url) =>
    makeCloudEventSink({ url, log }),
  );
  const names = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      pipeline.request({
        customer_id: `customer-00000${(n % 4) + 1}`,
        start_date: `2024-0${1 + (n % 6)}-0${1 + Math.floor(n / 4)}`,
        end_date: "2025-12-31",
      }),
    ),
  );
  for (const name of names) {
    const stored = await pipeline.ledger.read(name);
    if (!stored) throw new Error("not recorded");
    const offer = offerEvent(stored.request, "pending-scanner", Date.now());
    await Promise.all([...sinks, ...sinks].map((sink) => sink.send(offer)));
  }
  for (const name of names) {
    const { request } = await pipeline.until(name, "executed", 60);
    expect(await objectsOf(request.object?.key ?? "none")).toBe(1);
  }
}, 150_000);
