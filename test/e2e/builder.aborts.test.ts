/**
 * A build that is told to stop: the query is killed on the server, no upload is left, the record
 * goes back unharmed, and the request still ends with its one file.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { offerEvent } from "../../functions/domain/events/statement-event.ts";
import { type ErrorCode } from "../../functions/domain/failure.ts";
import {
  fail,
  recordRequest,
  type PendingRequest,
  type ProcessingRequest,
} from "../../functions/domain/statement-request.ts";
import type { Stored } from "../../functions/platform/ledger/configmap-ledger.ts";
import { startFaultProxy, type FaultProxy } from "../support/wire/fault-proxy.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { isStopped } from "../support/functions/process-table.ts";

const STOPPING_BUILDER = new URL("../support/functions/killing-builder.ts", import.meta.url)
  .pathname;

let pipeline: Pipeline;
let database: FaultProxy;
let databaseUrl: string;

beforeAll(async () => {
  // No ticks: every offer is this file's own.
  pipeline = await startPipeline({
    schedule: "0 0 1 1 *",
    bank: { customers: 2, rows: 40_000, seed: 3 },
  });
  const { hostname, port } = new URL(pipeline.mariaDb.databaseUrl);
  database = await startFaultProxy({ host: hostname, port: Number(port) });
  const through = new URL(pipeline.mariaDb.databaseUrl);
  through.port = String(database.port);
  databaseUrl = through.href;
}, 180_000);
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await pipeline[Symbol.asyncDispose]();
});
afterEach(async () => {
  await flowAgain();
  // One that a failed test has left would answer for the next one's.
  for (const builder of builders.splice(0)) await builder.stop();
});

const builders: RunningFunction[] = [];

async function startBuilder(
  env: Readonly<Record<string, string>> = {},
  entry?: string,
): Promise<RunningFunction> {
  const builder = await pipeline.start("statement-builder", {
    env: { DATABASE_URL: databaseUrl, ...env },
    ...(entry !== undefined && { entry }),
  });
  builders.push(builder);
  return builder;
}

async function flowAgain(): Promise<void> {
  await database.set({ kind: "pass" });
  database.reset();
}

/** Rows come up to here and then no further, without an end. */
async function stallInMidStream(): Promise<void> {
  await database.set({ kind: "stall", direction: "down", afterBytes: 100_000 });
}

async function recorded(): Promise<PendingRequest> {
  const now = Date.now();
  const request = recordRequest({
    name: `transaction-request-customer-000001-${now}`,
    customerId: "customer-000001",
    startDate: "2024-01-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/tests", id: String(now), type: "requested", time: now },
    recordedAt: now,
  });
  expect(await pipeline.ledger.create(request)).toBe("created");
  return request;
}

function offer(builder: RunningFunction, request: PendingRequest, signal?: AbortSignal) {
  const { data, ...attributes } = offerEvent(request, "pending-scanner", Date.now());
  return fetch(builder.url, {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify({ specversion: "1.0", ...attributes, data }),
    ...(signal ? { signal } : {}),
  });
}

/**
 * InnoDB shows the same transactions again to whoever asks within a tenth of a second of the last
 * one, so that joins are consistent (CACHE_MIN_IDLE_TIME_NS in its trx0i_s.cc): asked more often, it
 * never looks again, and shows a transaction forever that ended long ago.
 */
const INNODB_LOOKS_AGAIN_MS = 150;

/** A build reads in one transaction: while the server has it, the build's query is not dead. */
async function openTransactions(): Promise<number> {
  await sleep(INNODB_LOOKS_AGAIN_MS);
  const connection = await createConnection({ uri: pipeline.mariaDb.databaseUrl });
  const [rows] = await connection.query<RowDataPacket[]>(
    // Without a client's thread it is the server's own, as of its statistics after the seeding.
    "SELECT COUNT(*) AS n FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> 0",
  );
  await connection.end();
  return Number(rows[0]?.["n"]);
}

async function leftInBucket(key: string): Promise<{ objects: number; uploads: number }> {
  const client = pipeline.s3.client();
  const where = { Bucket: pipeline.s3.bucket, Prefix: key };
  const { Contents = [] } = await client.send(new ListObjectsV2Command(where));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(where));
  client.destroy();
  return { objects: Contents.length, uploads: Uploads.length };
}

async function untilStreaming(name: string): Promise<void> {
  await pipeline.until(name, "processing");
  for (let tries = 0; database.hits === 0; tries++) {
    if (tries === 200) throw new Error("the rows did not stall");
    await sleep(50);
  }
  expect(await openTransactions()).toBe(1);
}

async function endsWithOneFile(builder: RunningFunction, request: PendingRequest): Promise<Stored> {
  await flowAgain();
  for (let tries = 0; tries < 100; tries++) {
    const answer = await offer(builder, request);
    expect(answer.status).toBe(204);
    const stored = await pipeline.ledger.read(request.facts.name);
    if (stored?.request.status === "executed") {
      const key = stored.request.object.key;
      expect(await leftInBucket(key)).toEqual({ objects: 1, uploads: 0 });
      return stored;
    }
    await sleep(200);
  }
  throw new Error("not executed");
}

test("the client disconnects: handed over, no failure counted, the query killed", async () => {
  const builder = await startBuilder();
  const request = await recorded();
  await stallInMidStream();
  const client = new AbortController();
  const answer = offer(builder, request, client.signal).catch((error: unknown) => error);
  await untilStreaming(request.facts.name);
  client.abort();
  await answer;
  const { request: given } = await pipeline.until(request.facts.name, "pending");
  expect(given).toMatchObject({ lastError: "client_disconnected", failures: 0, attempt: 1 });
  await expectNoQuery();
  await endsWithOneFile(builder, request);
});

test("SIGTERM: a build that cannot finish in time is handed over, and the process ends", async () => {
  const builder = await startBuilder({ DRAIN_SECONDS: "1" });
  const request = await recorded();
  await stallInMidStream();
  const answer = offer(builder, request);
  await untilStreaming(request.facts.name);
  await builder.stop();
  // Given back in the ledger, so there is nothing the sender should repeat.
  expect((await answer).status).toBe(204);
  const stored = await pipeline.ledger.read(request.facts.name);
  expect(stored?.request).toMatchObject({
    status: "pending",
    lastError: "shutting_down",
    failures: 0,
  });
  await expectNoQuery();
  await endsWithOneFile(await startBuilder(), request);
});

test("the own deadline: a failure the first time, too_large the second", async () => {
  const builder = await startBuilder({ BUILD_DEADLINE_SECONDS: "2" });
  const request = await recorded();
  await stallInMidStream();
  expect((await offer(builder, request)).status).toBe(204);
  const once = await pipeline.ledger.read(request.facts.name);
  expect(once?.request).toMatchObject({ status: "pending", lastError: "deadline_exceeded" });
  await expectNoQuery();
  await sleep(1_500);
  expect((await offer(builder, request)).status).toBe(204);
  const twice = await pipeline.ledger.read(request.facts.name);
  expect(twice?.request).toMatchObject({ status: "failed", errorCode: "too_large" });
});

test("the lease is lost in mid-build: nothing is written, nothing published, the next one does it", async () => {
  const builder = await startBuilder();
  const request = await recorded();
  await stallInMidStream();
  const answer = offer(builder, request);
  await untilStreaming(request.facts.name);
  const taken = { holder: "another/claim", attempt: 2, leaseExpiresAt: Date.now() };
  await change(request.facts.name, (held) => ({ ...held, ...taken }));
  expect((await answer).status).toBe(204);
  const stored = await pipeline.ledger.read(request.facts.name);
  expect(stored?.request).toMatchObject({ holder: "another/claim", attempt: 2 });
  await expectNoQuery();
  const { request: done } = await endsWithOneFile(builder, request);
  expect(done).toMatchObject({ attempt: 3, failures: 1 });
});

test("each renewal says how far the build is", async () => {
  const builder = await startBuilder();
  const request = await recorded();
  await stallInMidStream();
  const client = new AbortController();
  const answer = offer(builder, request, client.signal).catch((error: unknown) => error);
  await untilStreaming(request.facts.name);
  let stored = await pipeline.ledger.read(request.facts.name);
  while (stored?.request.status === "processing" && !stored.request.progress)
    stored = await pipeline.ledger.read(request.facts.name);
  client.abort();
  await answer;
  if (stored?.request.status !== "processing") throw new Error("not held");
  const { progress } = stored.request;
  expect(progress).toMatchObject({ phase: "transactions.csv", bytesSent: 0 });
  expect(progress?.rowsCounted).toBe(await countedRows());
  expect(progress?.rows).toBeGreaterThan(0);
  expect(progress?.rows).toBeLessThan(progress?.rowsCounted ?? 0);
  // 100 kB of rows have come, then nothing more.
  expect(progress?.rowsPerSecond).toBeLessThanOrEqual(progress?.rows ?? 0);
  const { request: given } = await pipeline.until(request.facts.name, "pending");
  expect(given).not.toHaveProperty("progress");
});

async function countedRows(): Promise<number> {
  const connection = await createConnection({ uri: pipeline.mariaDb.databaseUrl });
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS n FROM statement_transactions WHERE customer_id = 'customer-000001' " +
      "AND status = 'BOOK' AND posted_at >= '2024-01-01' AND posted_at < '2026-01-01'",
  );
  await connection.end();
  return Number(rows[0]?.["n"]);
}

test("overtaken while it was too slow to renew: the record does not say that it was gone", async () => {
  const builder = await startBuilder();
  const request = await recorded();
  await stallInMidStream();
  const answer = offer(builder, request);
  await untilStreaming(request.facts.name);
  process.kill(builder.pid, "SIGSTOP");
  const { leaseExpiresAt } = (await pipeline.ledger.read(request.facts.name))
    ?.request as ProcessingRequest;
  while (Date.now() < leaseExpiresAt) await sleep(100);
  const taken = { holder: "another/claim", attempt: 2, lastError: "lease_expired" };
  await change(request.facts.name, (held) => ({
    ...held,
    ...taken,
    leaseExpiresAt: Date.now() + 60_000,
  }));
  process.kill(builder.pid, "SIGCONT");
  expect((await answer).status).toBe(204);
  const stored = await pipeline.ledger.read(request.facts.name);
  expect(stored?.request).toMatchObject({ ...taken, lastError: "lease_late" });
  await expectNoQuery();
});

describe("given up while its file was published", () => {
  const codes = ["retries_exhausted", "too_large", "unknown_customer", "balance_mismatch"] as const;

  test.each(codes)("as %s: the file is there, so the file counts", async (code) => {
    const { request } = await givenUpAs(code);
    expect(request).toMatchObject({ status: "executed", attempt: 1 });
    expect(request).not.toHaveProperty("errorCode");
    expect(await leftInBucket(request.object?.key ?? "none")).toEqual({ objects: 1, uploads: 0 });
  });

  test("as damaged: what somebody could not verify is no statement", async () => {
    const { request } = await givenUpAs("object_damaged");
    expect(request).toMatchObject({ status: "failed", errorCode: "object_damaged" });
  });

  /** The builder stands still between its creating write and the record's end. */
  async function givenUpAs(code: ErrorCode): Promise<Stored> {
    const builder = await startBuilder({ STOP_AT: "published" }, STOPPING_BUILDER);
    const request = await recorded();
    const answer = offer(builder, request);
    while (!(await isStopped(builder.pid))) await sleep(20);
    const held = (await pipeline.ledger.read(request.facts.name)) as Stored<ProcessingRequest>;
    await pipeline.ledger.replace(held, fail(held.request, code, Date.now()));
    process.kill(builder.pid, "SIGCONT");
    expect((await answer).status).toBe(204);
    return (await pipeline.ledger.read(request.facts.name)) as Stored;
  }
});

/** A write from outside, as of another builder or an operator; the holder renews beside it. */
async function change(
  name: string,
  move: (request: ProcessingRequest) => ProcessingRequest,
): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const stored = await pipeline.ledger.read(name);
    if (stored?.request.status !== "processing") throw new Error("not held");
    if ((await pipeline.ledger.replace(stored, move(stored.request))) !== "conflict") return;
  }
  throw new Error("not changed");
}

async function expectNoQuery(): Promise<void> {
  let open = await openTransactions();
  for (const deadline = Date.now() + 3_000; open > 0 && Date.now() < deadline;)
    open = await openTransactions();
  expect(open).toBe(0);
}

test("cancelled in mid-build: seen within seconds, settled by its builder, and never a file", async () => {
  const builder = await startBuilder();
  const request = await recorded();
  await stallInMidStream();
  const answer = offer(builder, request);
  await untilStreaming(request.facts.name);
  await cancelIt(request.facts.name);
  expect((await answer).status).toBe(204);
  const stored = await pipeline.ledger.read(request.facts.name);
  expect(stored?.request).toMatchObject({ status: "cancelled", attempt: 1, failures: 0 });
  await expectNoQuery();
  const key = stored?.request.object?.key ?? "none";
  expect(await leftInBucket(key)).toEqual({ objects: 0, uploads: 0 });
});

test("cancelled while an earlier attempt's upload may still land: given back, and cancelled after that", async () => {
  const builder = await startBuilder();
  const request = await recorded();
  // As a first attempt leaves it that was given back a moment ago.
  const fresh = (await pipeline.ledger.read(request.facts.name)) as Stored;
  await pipeline.ledger.replace(fresh, {
    ...request,
    attempt: 1,
    leaseExpiresAt: Date.now(),
    object: { bucket: pipeline.s3.bucket, key: KEY_OF_AN_EARLIER_ATTEMPT },
  });
  await stallInMidStream();
  const answer = offer(builder, request);
  await untilStreaming(request.facts.name);
  await cancelIt(request.facts.name);
  expect((await answer).status).toBe(204);
  const { request: waiting } = await pipeline.until(request.facts.name, "pending");
  expect(waiting.lastError).toBe("cancel_requested");
  // Not before nothing of the attempt can land any more: clock skew and publish time-out.
  await offer(builder, request);
  expect((await pipeline.ledger.read(request.facts.name))?.request.status).toBe("pending");
  for (let tries = 0; tries < 60; tries++) {
    await offer(builder, request);
    const stored = await pipeline.ledger.read(request.facts.name);
    if (stored?.request.status === "cancelled") break;
    await sleep(200);
  }
  const { request: ended } = await pipeline.until(request.facts.name, "cancelled", 1);
  expect(await leftInBucket(ended.object?.key ?? "none")).toEqual({ objects: 0, uploads: 0 });
});

const KEY_OF_AN_EARLIER_ATTEMPT = "customer-000001-1704067200-1767139200-1768478400000.zip";

const cancelIt = (name: string): Promise<void> =>
  change(name, (held) => ({ ...held, cancelRequestedAt: Date.now() }));
