/**
 * SIGKILL of intake between record and answer, and of the scanner in mid-tick. Both hand an event
 * to their sink at that moment, so it is the sink of these tests that kills them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startEventSink } from "../support/event-sink.ts";
import { startPipeline, type Pipeline, type RunningFunction } from "../support/pipeline.ts";
import { requested } from "../support/requested.ts";
import { auditStatements } from "../support/statement-audit.ts";
import type { FunctionName } from "../../functions/domain/events.ts";

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

function asked(id: string, customer: string): RequestInit {
  return requested({ customer_id: customer, ...PERIOD }, { id });
}

async function recordNames(): Promise<readonly string[]> {
  const { records } = await auditStatements(pipeline);
  return [...records.keys()];
}

test("intake killed between record and answer: the event again is the same record", async () => {
  await using intake = await startDoomed("request-intake");
  const event = asked("killed-before-the-answer", "customer-000002");
  const url = pipeline.urlOf("request-intake");
  await expect(fetch(url, event)).rejects.toThrow("fetch failed");
  expect(await intake.died).toBe("SIGKILL");
  const [name, ...others] = await recordNames();
  expect(others).toEqual([]);

  const restarted = await pipeline.start("request-intake");
  const builder = await pipeline.start("statement-builder");
  const answer = await fetch(url, event);
  expect([answer.status, answer.headers.get("ce-subject")]).toEqual([200, name]);
  await pipeline.until(name ?? "", "executed");
  expect(await recordNames()).toEqual([name]);
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
