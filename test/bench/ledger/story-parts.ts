/** The parts of a request's way measured alone, each with warm connections and nothing beside it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { recordedEvent } from "../../../functions/domain/events/statement-event.ts";
import { execute, recordRequest } from "../../../functions/domain/statement-request.ts";
import { makeCloudEventSink } from "../../../functions/platform/cloudevents/cloudevent-sink.ts";
import { readConfig } from "../../../functions/platform/settings/config.ts";
import { makeLog } from "../../../functions/platform/telemetry/log.ts";
import { claimRecord } from "../../../functions/statement-builder/claim.ts";
import { makeNarrator } from "../../../functions/statement-builder/steps.ts";
import { buildSettings } from "../../../functions/statement-builder/build-settings.ts";
import { builderConfig } from "../../../functions/statement-builder/config.ts";
import { makeBuildMeter } from "../../../functions/statement-builder/build-meter.ts";
import { holdLease } from "../../../functions/statement-builder/lease.ts";
import { reachObject } from "../../../functions/statement-builder/reach-object.ts";
import { makeStatementBucket } from "../../../functions/statement-builder/store/statement-bucket.ts";
import { makeStatementZip } from "../../../functions/statement-builder/zip/statement-zip.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import { makeTransactions } from "../../../functions/statement-builder/source/transactions.ts";
import { startLocalRouter } from "../../../infra/local/cluster/router/router.ts";
import type { Pipeline } from "../../support/functions/pipeline.ts";
import { CLAIM_SETTINGS } from "./loaded-ledger.ts";

const EVENTING = new URL("../../../eventing", import.meta.url).pathname;
export const NEVER = "0 0 0 1 1 *";

const log = makeLog({ name: "statement-builder", level: "warn" });

/** Milliseconds. */
export interface StoryTimes {
  readonly claim: number;
  readonly build: number;
  readonly settle: number;
}

/** Claim, build and settle of one request, one after the other. */
export type Story = (customerId: string) => Promise<StoryTimes>;

export async function openStory(pipeline: Pipeline, opened: AsyncDisposableStack): Promise<Story> {
  const { ledger, mariaDb, s3 } = pipeline;
  const env = {
    ...s3.env,
    DATABASE_URL: mariaDb.databaseUrl,
    K_SINK: "http://127.0.0.1:1",
    IDENTITY: "none",
  };
  const config = readConfig(builderConfig, env);
  const transactions = opened.use(
    makeTransactions({
      databaseUrl: config.DATABASE_URL,
      transactionView: config.STATEMENT_VIEW,
      accountView: config.ACCOUNT_VIEW,
      bookingOrderRows: 1_000_000,
      connections: 2,
      log,
    }),
  );
  const bucket = opened.use(
    makeStatementBucket({
      bucket: config.S3_BUCKET,
      endpoint: config.S3_ENDPOINT,
      region: s3.region,
      credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
      forcePathStyle: true,
      partBytes: config.UPLOAD_PART_BYTES,
      queue: config.UPLOAD_QUEUE,
      log,
    }),
  );
  const settings = {
    ...CLAIM_SETTINGS,
    bucket: config.S3_BUCKET,
    renewMs: 20_000,
    ...(await buildSettings(config)),
  };
  const contents = { write: makeStatementZip, verify: verifyStatement };
  const story = makeNarrator([]);
  const build = { transactions, bucket, contents, settings, story, now: Date.now };
  const { signal } = new AbortController();
  // Not the names of requests that are posted meanwhile.
  let lastTime = Date.now() - 86_400_000;

  return async (customerId) => {
    const request = newRequest(customerId, (lastTime += 1));
    await ledger.create(request);
    const deps = { ledger, settings, now: Date.now, log };
    const began = performance.now();
    const claimed = await claimRecord(request.facts.name, deps);
    if (claimed.kind !== "claimed") throw new Error(`a claim ended ${claimed.kind}`);
    const built = performance.now();
    await using lease = holdLease(claimed.stored, claimed.sentAt, deps);
    const { claimId, purpose, isFirst } = claimed;
    const claim = {
      lease,
      meter: makeBuildMeter(),
      claimId,
      purpose,
      isFirst,
      signal,
      log,
      onAbsent: () => undefined,
      onPublish: () => undefined,
    };
    const ending = await reachObject(claim, build);
    if (ending.kind !== "executed") throw new Error(`a build ended ${ending.kind}`);
    const settled = performance.now();
    await lease.settle((now) => execute(now, ending.object, ending.result, Date.now()));
    return {
      claim: built - began,
      build: settled - built,
      settle: performance.now() - settled,
    };
  };
}

/** From the moment an event is posted to the router to the moment its Trigger's subscriber has it. */
export async function openHop(opened: AsyncDisposableStack): Promise<() => Promise<number>> {
  const arrivals = Promise.withResolvers<number>();
  let arrived = arrivals;
  const subscriber = createServer((request, response) => {
    request.resume().on("end", () => {
      arrived.resolve(performance.now());
      response.writeHead(204).end();
    });
  });
  subscriber.listen(0, "127.0.0.1");
  await once(subscriber, "listening");
  opened.defer(() => {
    subscriber.close();
    subscriber.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}`;
  const names = ["request-intake", "pending-scanner", "statement-builder"];
  const router = opened.use(
    await startLocalRouter({
      eventing: EVENTING,
      services: Object.fromEntries(names.map((name) => [name, url])),
      schedule: NEVER,
    }),
  );
  const sink = makeCloudEventSink({
    url: router.environmentOf("request-intake")["K_SINK"] ?? "",
    log,
  });
  let lastTime = Date.now();
  return async () => {
    arrived = Promise.withResolvers();
    const event = recordedEvent(newRequest("customer-000001", (lastTime += 1)));
    const began = performance.now();
    const [ended] = await Promise.all([arrived.promise, sink.send(event)]);
    return ended - began;
  };
}

function newRequest(customerId: string, time: number) {
  return recordRequest({
    customerId,
    startDate: "2025-01-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    name: `transaction-request-${customerId}-${time}`,
    options: {},
    event: { source: "/bench", id: String(time), type: "bench", time },
    recordedAt: time,
  });
}
