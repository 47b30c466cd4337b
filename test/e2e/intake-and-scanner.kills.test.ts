/**
 * SIGKILL of intake between index and record, and between record and answer, and of the scanner in
 * mid-tick. The first waits for an answer of the API server that never comes; the others hand an event to
 * their sink at that moment, so it is the sink of these tests that kills them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startHttpFaultProxy } from "../support/wire/http-fault-proxy.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";
import type { FunctionName } from "../../functions/domain/function-names.ts";

const PERIOD = { start_date: "2025-01-01", end_date: "2025-12-31" };

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await startPipeline();
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

/** A function that dies of the first event it sends; `died` resolves with the signal. */
async function startDoomed(
  name: FunctionName,
): Promise<AsyncDisposable & { died: Promise<string> }> {
  const doomed: { process?: RunningFunction } = {};
  const sink = await startEventSink((_request, response) => {
    if (doomed.process) process.kill(doomed.process.pid, "SIGKILL");
    response.destroy();
  });
  doomed.process = await pipeline.start(name, { env: { K_SINK: sink.url } });
  return { died: doomed.process.ended, [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
}

/** Each time with a time of its own, as an SDK sends it that builds the event anew. */
function asked(id: string, customer: string) {
  return requested({ customer_id: customer, ...PERIOD }, { id });
}

/** An intake whose record never comes to the API server, though its index does. */
async function startCutOff() {
  await using opened = new AsyncDisposableStack();
  const { kube } = pipeline;
  const ca = Buffer.from(kube.config().getCurrentCluster()?.caData ?? "", "base64");
  const proxy = opened.use(await startHttpFaultProxy({ url: kube.url, tls: { ca } }));
  const KUBECONFIG = await pipeline.kubeconfigOf("request-intake", proxy.url);
  const intake = await pipeline.start("request-intake", {
    env: { KUBECONFIG },
    port: await freePort(),
  });
  const created = /\/configmaps$/;
  const rule = proxy.fail({ method: "POST", path: created, skip: 1, fault: { kind: "drop" } });
  const resources = opened.move();
  return {
    url: intake.url,
    async killBehindIndex() {
      while (rule.hits === 0) await sleep(20);
      process.kill(intake.pid, "SIGKILL");
      expect(await intake.ended).toBe("SIGKILL");
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function indexNames(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { indexes } of pipeline.ledger.listIndexes())
    names.push(...indexes.map(({ name }) => name));
  return names;
}

async function recordNames(): Promise<readonly string[]> {
  const { records } = await auditStatements(pipeline);
  return [...records.keys()];
}

test("intake killed between index and record: the event again, with another time, gets its record", async () => {
  await using cutOff = await startCutOff();
  const first = asked("killed-behind-the-index", "customer-000001");
  const sent = fetch(cutOff.url, first).then(
    () => "answered",
    () => "not answered",
  );
  // Another instance comes to the same event while the first one stands behind its index.
  const other = await pipeline.start("request-intake");
  while ((await indexNames()).length === 0) await sleep(20);
  expect(await recordNames()).toEqual([]);
  await sleep(5);
  const url = pipeline.urlOf("request-intake");
  const healed = await fetch(url, asked("killed-behind-the-index", "customer-000001"));
  await cutOff.killBehindIndex();
  expect(await sent).toBe("not answered");
  const name = healed.headers.get("ce-subject");
  expect([healed.status, await recordNames()]).toEqual([200, [name]]);
  // The first event's time, though only its index has ever been written.
  const time = Date.parse(first.headers["ce-time"]);
  expect(name).toBe(`transaction-request-customer-000001-${time}`);

  const builder = await pipeline.start("statement-builder");
  const again = await fetch(url, asked("killed-behind-the-index", "customer-000001"));
  expect([again.status, again.headers.get("ce-subject")]).toEqual([200, name]);
  expect([await recordNames(), (await indexNames()).length]).toEqual([[name], 1]);
  await pipeline.until(name ?? "", "executed");
  await builder.stop();
  await other.stop();
});

test("intake killed between record and answer: the event again is the same record", async () => {
  await using intake = await startDoomed("request-intake");
  const before = await recordNames();
  const event = (): RequestInit => asked("killed-before-the-answer", "customer-000002");
  const url = pipeline.urlOf("request-intake");
  await expect(fetch(url, event())).rejects.toThrow("fetch failed");
  expect(await intake.died).toBe("SIGKILL");
  const added = async () => (await recordNames()).filter((one) => !before.includes(one));
  const [name, ...others] = await added();
  expect(others).toEqual([]);

  const restarted = await pipeline.start("request-intake");
  const builder = await pipeline.start("statement-builder");
  const answer = await fetch(url, event());
  expect([answer.status, answer.headers.get("ce-subject")]).toEqual([200, name]);
  await pipeline.until(name ?? "", "executed");
  expect(await added()).toEqual([name]);
  await builder.stop();
  await restarted.stop();
});

test("the scanner killed in mid-tick: the next tick offers what was left", async () => {
  const intake = await pipeline.start("request-intake", { env: { WAKEUPS_PER_CUSTOMER: "0" } });
  const names: string[] = [];
  for (const month of ["01", "02", "03", "04"]) {
    const asked = { ...PERIOD, start_date: `2025-${month}-01` };
    names.push(await pipeline.request({ customer_id: "customer-000003", ...asked }));
  }
  await using scanner = await startDoomed("pending-scanner");
  expect(await scanner.died).toBe("SIGKILL");
  for (const name of names) {
    expect((await pipeline.ledger.read(name))?.request).toMatchObject({ attempt: 0 });
  }

  await Promise.all([pipeline.start("statement-builder"), pipeline.start("pending-scanner")]);
  for (const name of names) await pipeline.until(name, "executed");
  await untilAnnounced(names);
  const audit = await auditStatements(pipeline);
  expect(names.flatMap((name) => audit.problemsOf(name))).toEqual([]);
  await intake.stop();
});

async function untilAnnounced(names: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const audit = await auditStatements(pipeline);
    if (names.every((name) => audit.problemsOf(name).length === 0)) return;
    await sleep(100);
  }
}
