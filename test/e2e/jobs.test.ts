/**
 * A very large statement is handed over, and a Job builds it: the same program, told by its
 * environment as the JobSink does, and the exit codes that the Job's pod failure policy reads.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { offerEvent } from "../../functions/domain/events/statement-event.ts";
import type { StatementRequest } from "../../functions/domain/statement-request.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { ServerExited } from "../../infra/local/programs/server-process.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";

const PERIOD = { start_date: "2025-01-01", end_date: "2025-12-31", time_zone: "UTC" };
const LARGE = { customer_id: "customer-000001", ...PERIOD };

let pipeline: Pipeline;
let sink: EventSink;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobsink-event-"));
  sink = await startEventSink();
  // A tick once a year: what moves here is moved by the test.
  pipeline = await startPipeline({ schedule: "0 0 1 1 *" });
  await pipeline.start("request-intake");
  await pipeline.start("statement-builder", {
    env: { OVERSIZED_ROWS: "20", K_SINK: sink.url },
  });
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Its exit code. The event lies in the folder of `K_EVENT_PATH` as the file `event`. */
async function runJob(event: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
  await writeFile(join(folder, "event"), event);
  const job = { EXECUTION: "job", K_EVENT_PATH: folder, K_SINK: sink.url, OVERSIZED_ROWS: "20" };
  const started = await pipeline
    .start("statement-builder", { env: { ...job, ...env }, port: await freePort() })
    .catch((error: unknown) => error);
  if (!(started instanceof ServerExited)) throw new Error("the Job went on", { cause: started });
  return Number(/ended \(exit code (\d+)\)/.exec(started.message)?.[1]);
}

function eventFor(request: StatementRequest): string {
  const event = offerEvent(request, "statement-builder", Date.now());
  return JSON.stringify({ specversion: "1.0", ...event });
}

test("a statement with too many rows for the service becomes one proved file of a Job", async () => {
  const name = await pipeline.request(LARGE);
  // 1. The service counts, hands over, and says so with the event that starts a Job.
  const handedOver = await untilHandedOver(name);
  expect(handedOver).toMatchObject({ status: "pending", failures: 0, lastError: "oversized" });
  // Written first, then told.
  while (sink.events.length === 0) await sleep(20);
  expect(sink.events.map(({ headers }) => [headers["ce-type"], headers["ce-subject"]])).toEqual([
    ["io.transactions-collector.statement.oversized.v1", name],
  ]);
  // 2. The Job builds it, whatever its size, and tells the outcome.
  expect(await runJob(eventFor(handedOver))).toBe(0);
  const audit = await auditStatements(pipeline);
  expect(audit.problemsOf(name)).toEqual([]);
  expect(audit.objects.get(name)?.[0]?.attempt).toBe(2);
  expect(sink.events.at(-1)?.headers["ce-type"]).toBe(
    "io.transactions-collector.statement.executed.v1",
  );
  // 3. The same event once more finds its work done.
  expect(await runJob(eventFor(handedOver))).toBe(0);
  expect((await auditStatements(pipeline)).problemsOf(name)).toEqual([]);
});

test("the service leaves what waits for a Job alone", async () => {
  const name = await pipeline.request({ ...LARGE, start_date: "2025-02-01" });
  const waiting = await untilHandedOver(name);
  const answer = await fetch(pipeline.urlOf("statement-builder"), {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: eventFor(waiting),
  });
  expect(answer.status).toBe(204);
  expect((await pipeline.ledger.read(name))?.request).toEqual(waiting);
});

test("a request that has failed for good ends the Job with 42", async () => {
  // As when every request is a Job: it was offered to no service.
  const stored = await recordWithoutWakeUp({ ...PERIOD, customer_id: "nobody" });
  expect(await runJob(eventFor(stored))).toBe(42);
  const { request } = await pipeline.until(stored.facts.name, "failed");
  expect(request).toMatchObject({ errorCode: "unknown_customer", lane: "service" });
});

test("what is no event ends it with 42, a ledger that is away with 1, no setting with 78", async () => {
  expect(await runJob("{}")).toBe(42);
  const stored = await recordWithoutWakeUp({ ...LARGE, start_date: "2025-03-01" });
  const nobody = `https://127.0.0.1:${await freePort()}`;
  const KUBECONFIG = await pipeline.kube.serviceAccountKubeconfig(
    "statements",
    "statement-builder",
    nobody,
  );
  expect(await runJob(eventFor(stored), { KUBECONFIG })).toBe(1);
  expect(await runJob(eventFor(stored), { K_EVENT_PATH: "" })).toBe(78);
  // Nothing of it moved the request; the next Job does.
  expect((await pipeline.ledger.read(stored.facts.name))?.request).toMatchObject({ attempt: 0 });
  expect(await runJob(eventFor(stored))).toBe(0);
  expect((await auditStatements(pipeline)).problemsOf(stored.facts.name)).toEqual([]);
});

test("during an outage of the database a Job claims nothing, and is no failure", async () => {
  const stored = await recordWithoutWakeUp({ ...LARGE, start_date: "2025-04-01" });
  const DATABASE_URL = `mysql://reader:password@127.0.0.1:${await freePort()}/bank`;
  const told = sink.events.length;
  expect(await runJob(eventFor(stored), { DATABASE_URL })).toBe(0);
  expect((await pipeline.ledger.read(stored.facts.name))?.request).toEqual(stored);
  expect(sink.events.slice(told)).toEqual([]);
});

test("after a failure no Job starts before its time: the scanner offers it then", async () => {
  const name = await pipeline.request({ ...LARGE, start_date: "2025-05-01" });
  const waiting = await untilHandedOver(name);
  const told = sink.events.length;
  // Only rows show it: what any snapshot shows, a Job sees before it claims.
  await pipeline.mariaDb.execute(`CREATE VIEW out_of_range AS
    SELECT * FROM transactions WHERE CAST(9223372036854775807 AS SIGNED) + id > 0`);
  expect(await runJob(eventFor(waiting), { STATEMENT_VIEW: "out_of_range" })).toBe(0);
  const { request } = await pipeline.until(name, "pending");
  expect(request).toMatchObject({ lane: "job", failures: 1 });
  const ofIt = sink.events.slice(told).filter(({ headers }) => headers["ce-subject"] === name);
  // What the service has sent may come as late as now.
  expect(ofIt.map(({ headers }) => headers["ce-id"]).filter((id) => !isOf(waiting, id))).toEqual(
    [],
  );
});

/** Whether it is the offer of just this attempt. */
function isOf({ facts, attempt }: StatementRequest, id: unknown): boolean {
  return String(id).startsWith(`${facts.name}.${attempt}.`);
}

test.each([
  ["to cancel beside an upload that may land", { cancelRequestedAt: 1 }, "cancelled"],
  ["to give up beside one", { failures: 5 }, "failed"],
] as const)("a Job that comes too early %s waits for the time", async (what, over, end) => {
  const start_date = `2025-0${6 + Number(end === "failed")}-01`;
  const recorded = await recordWithoutWakeUp({ ...LARGE, start_date });
  const stored = await pipeline.ledger.read(recorded.facts.name);
  if (stored?.request.status !== "pending") throw new Error(what);
  const handedOver = {
    ...stored.request,
    ...over,
    lane: "job",
    leaseExpiresAt: Date.now(),
  } as const;
  await pipeline.ledger.replace(stored, handedOver);
  await runJob(eventFor(handedOver));
  expect((await pipeline.ledger.read(recorded.facts.name))?.request.status).toBe(end);
});

test("a Job leaves what has a live holder to that", async () => {
  const recorded = await recordWithoutWakeUp({ ...LARGE, start_date: "2025-08-01" });
  const stored = await pipeline.ledger.read(recorded.facts.name);
  if (stored?.request.status !== "pending") throw new Error("not recorded");
  const held = {
    ...stored.request,
    status: "processing",
    holder: "another",
    attempt: 1,
    leaseExpiresAt: Date.now() + 60_000,
    object: { bucket: "statements", key: "k" },
  } as const;
  await pipeline.ledger.replace(stored, held);
  expect(await runJob(eventFor(held))).toBe(0);
  const after = (await pipeline.ledger.read(recorded.facts.name))?.request;
  expect(after).toMatchObject({ holder: "another", attempt: 1, status: "processing" });
});

async function untilHandedOver(name: string): Promise<StatementRequest> {
  for (;;) {
    const { request } = await pipeline.until(name, "pending");
    if (request.lane === "job") return request;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A request whose customer has used up the wake-ups of this minute waits for a tick. */
async function recordWithoutWakeUp(data: Readonly<Record<string, string>>) {
  const intake = await pipeline.start("request-intake", {
    port: await freePort(),
    env: { WAKEUPS_PER_CUSTOMER: "0" },
  });
  const answer = await fetch(intake.url, requested(data));
  await answer.body?.cancel();
  await intake.stop();
  const stored = await pipeline.ledger.read(answer.headers.get("ce-subject") ?? "");
  if (!stored) throw new Error(`not recorded: ${answer.status}`);
  return stored.request;
}
