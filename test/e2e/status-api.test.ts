/**
 * A sender cancels and takes its statement, with status-api in its own account, on real servers: while a
 * builder is at work, before one is, after the end; and with status-api killed before and behind its
 * one write, and the scanner before the wish is deleted.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startFaultProxy, type FaultProxy } from "../support/wire/fault-proxy.ts";
import { startHttpFaultProxy, type HttpFault } from "../support/wire/http-fault-proxy.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";
import { startStatusApi, type RunningStatusApi } from "../support/functions/status-api.ts";

const COMPONENT = join(import.meta.dirname, "../../infra/kubernetes/components/status-api");
const HOME = "statements";
const CUSTOMER = "customer-000001";

const opened = new AsyncDisposableStack();
let pipeline: Pipeline;
let database: FaultProxy;
let databaseUrl: string;
let intake: RunningFunction;

beforeAll(async () => {
  pipeline = opened.use(await startPipeline({ bank: { customers: 2, rows: 40_000, seed: 3 } }));
  for (const file of ["service-account", "role", "role-binding"])
    await pipeline.kube.apply(await readFile(join(COMPONENT, `${file}.yaml`), "utf8"));
  const through = new URL(pipeline.mariaDb.databaseUrl);
  const { hostname: host, port } = through;
  database = opened.use(await startFaultProxy({ host, port: Number(port) }));
  through.port = String(database.port);
  databaseUrl = through.href;
  // No wake-ups: the scanner offers, where a test has started one.
  intake = await pipeline.start("request-intake", { env: { WAKEUPS_PER_CUSTOMER: "0" } });
}, 240_000);
afterAll(() => opened.disposeAsync());
afterEach(async () => {
  await database.set({ kind: "pass" });
  for (const one of started.splice(0)) await one.stop();
});

const started: RunningFunction[] = [];

async function start(
  name: "statement-builder" | "pending-scanner",
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ofBuilder = { CANCEL_WISHES: "true", DATABASE_URL: databaseUrl };
  const told = name === "statement-builder" ? { ...ofBuilder, ...env } : env;
  started.push(await pipeline.start(name, { env: told }));
}

/** With the rights of its shipped Role only; `fault` meets its writes. */
async function startApi(fault?: HttpFault) {
  await using stack = new AsyncDisposableStack();
  const { kube } = pipeline;
  const ca = Buffer.from(kube.config().getCurrentCluster()?.caData ?? "", "base64");
  const proxy = stack.use(await startHttpFaultProxy({ url: kube.url, tls: { ca } }));
  const KUBECONFIG = await kube.serviceAccountKubeconfig(HOME, "status-api", proxy.url);
  const env = { ...pipeline.s3.env, KUBECONFIG, LEDGER_NAMESPACE: pipeline.namespace };
  const api = stack.use(await startStatusApi(env));
  const rule = fault && proxy.fail({ method: "POST", path: /\/configmaps$/, fault });
  const resources = stack.move();
  return { api, rule, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

let days = 0;
/** Each is of another period. */
async function recorded(): Promise<string> {
  const start_date = new Date(Date.UTC(2024, 0, 1 + days++)).toISOString().slice(0, 10);
  const asked = { customer_id: CUSTOMER, start_date, end_date: "2025-12-31" };
  const answer = await fetch(intake.url, requested(asked, { source: "/billing" }));
  const name = answer.headers.get("ce-subject");
  if (name === null) throw new Error(await answer.text());
  await answer.body?.cancel();
  return name;
}

async function cancelIt(api: RunningStatusApi, name: string) {
  return await api.ask(`/requests/${name}/cancel`, { method: "PUT" });
}

async function untilNoWish(name: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; ;) {
    if (!(await pipeline.ledger.readWish(name))) return;
    if (Date.now() > deadline) throw new Error("the wish is still there");
    await sleep(50);
  }
}

async function filesOf(name: string): Promise<number> {
  const { objects } = await auditStatements(pipeline);
  return objects.get(name)?.length ?? 0;
}

test("in mid-build: its builder hears of it within seconds, there is no file, and the wish goes", async () => {
  await using asking = await startApi();
  await start("statement-builder");
  await start("pending-scanner");
  await database.set({ kind: "stall", direction: "down", afterBytes: 100_000 });
  const name = await recorded();
  await pipeline.until(name, "processing");
  const told = await cancelIt(asking.api, name);
  expect([told.status, told.body["status"]]).toEqual([202, "processing"]);
  const { request } = await pipeline.until(name, "cancelled");
  expect(request).toMatchObject({
    attempt: 1,
    failures: 0,
    cancelRequestedAt: Date.parse(String(told.body["cancel_requested_at"])),
  });
  await untilNoWish(name);
  expect(await filesOf(name)).toBe(0);
  expect((await cancelIt(asking.api, name)).status).toBe(200);
});

test("before a builder came: cancelled by its first claim, though status-api is gone", async () => {
  const name = await recorded();
  {
    await using asking = await startApi();
    expect((await cancelIt(asking.api, name)).status).toBe(202);
  }
  await start("statement-builder");
  await start("pending-scanner");
  const { request } = await pipeline.until(name, "cancelled");
  expect(request).toMatchObject({ attempt: 1 });
  await untilNoWish(name);
  expect(await filesOf(name)).toBe(0);
});

test("a builder that was told of no wishes builds: then the wish has come too late", async () => {
  const name = await recorded();
  await using asking = await startApi();
  expect((await cancelIt(asking.api, name)).status).toBe(202);
  await start("statement-builder", { CANCEL_WISHES: "false" });
  await start("pending-scanner");
  await pipeline.until(name, "executed");
  await untilNoWish(name);
  expect(await filesOf(name)).toBe(1);
});

test("after the end: nothing changes, and the link gives the very file", async () => {
  await start("statement-builder");
  await start("pending-scanner");
  const name = await recorded();
  const { request } = await pipeline.until(name, "executed");
  await using asking = await startApi();
  const late = await cancelIt(asking.api, name);
  expect([late.status, late.body["status"]]).toEqual([200, "executed"]);
  expect(await pipeline.ledger.readWish(name)).toBeUndefined();
  const { body } = await asking.api.ask(`/requests/${name}/link`, { method: "POST" });
  const file = await fetch(String(body["url"]));
  const sha256 = createHash("sha256")
    .update(await file.bytes())
    .digest("hex");
  expect(request).toMatchObject({ status: "executed", sha256 });
  const listed = await asking.api.ask(`/requests?customer=${CUSTOMER}&limit=1`);
  expect(listed.body["requests"]).toMatchObject([{ request_id: name, statement: { sha256 } }]);
});

describe("status-api is killed", () => {
  async function killedAt(fault: HttpFault, name: string): Promise<void> {
    await using doomed = await startApi(fault);
    const asked = cancelIt(doomed.api, name).then(
      () => "answered",
      () => "not answered",
    );
    while (doomed.rule?.hits === 0) await sleep(20);
    process.kill(doomed.api.process.pid, "SIGKILL");
    expect([await doomed.api.process.ended, await asked]).toEqual(["SIGKILL", "not answered"]);
  }

  test("before its wish is written: asked again, it is", async () => {
    const name = await recorded();
    await killedAt({ kind: "drop" }, name);
    expect(await pipeline.ledger.readWish(name)).toBeUndefined();
    await using asking = await startApi();
    expect((await cancelIt(asking.api, name)).status).toBe(202);
    await start("statement-builder");
    await start("pending-scanner");
    await pipeline.until(name, "cancelled");
    await untilNoWish(name);
  });

  test("behind its wish, before its answer: asked again, it is the same wish", async () => {
    const name = await recorded();
    await killedAt({ kind: "stall-answer", afterBytes: 0 }, name);
    const wish = await pipeline.ledger.readWish(name);
    await using asking = await startApi();
    const told = await cancelIt(asking.api, name);
    expect([told.status, told.body["cancel_requested_at"]]).toEqual([
      202,
      new Date(wish?.wish.requestedAt ?? 0).toISOString(),
    ]);
    expect(await pipeline.ledger.readWish(name)).toEqual(wish);
    await start("statement-builder");
    await start("pending-scanner");
    await pipeline.until(name, "cancelled");
    await untilNoWish(name);
  });
});

test("the scanner is killed before the wish is deleted: the next one deletes it", async () => {
  const name = await recorded();
  await using asking = await startApi();
  await cancelIt(asking.api, name);
  const { kube } = pipeline;
  const ca = Buffer.from(kube.config().getCurrentCluster()?.caData ?? "", "base64");
  await using proxy = await startHttpFaultProxy({ url: kube.url, tls: { ca } });
  const KUBECONFIG = await pipeline.kubeconfigOf("pending-scanner", proxy.url);
  const rule = proxy.fail({ method: "DELETE", path: /\/cancel-/, fault: { kind: "drop" } });
  await start("statement-builder");
  const doomed = await pipeline.start("pending-scanner", { env: { KUBECONFIG } });
  await pipeline.until(name, "cancelled");
  while (rule.hits === 0) await sleep(20);
  process.kill(doomed.pid, "SIGKILL");
  expect(await doomed.ended).toBe("SIGKILL");
  expect(await pipeline.ledger.readWish(name)).toBeDefined();
  await start("pending-scanner");
  await untilNoWish(name);
});
