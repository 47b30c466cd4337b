/** An event that was parked is found with one command, and replayed with another. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventType } from "../../functions/domain/events/event-types.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";

const run = promisify(execFile);
const CLI = new URL("../../infra/operator/statements.ts", import.meta.url).pathname;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline();
  await pipeline.start("request-intake");
  await pipeline.start("statement-builder");
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

async function statements(...args: readonly string[]) {
  const env = {
    PATH: process.env["PATH"],
    KUBECONFIG: pipeline.kube.kubeconfig,
    LEDGER_NAMESPACE: pipeline.namespace,
    INTAKE_URL: pipeline.urlOf("request-intake"),
  };
  return await run("node", [CLI, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
}

async function park(headers: Readonly<Record<string, string>>, body: string): Promise<number> {
  const answer = await fetch(new URL("/dead-letter", pipeline.urlOf("request-intake")), {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  await answer.body?.cancel();
  return answer.status;
}

function attributes(id: string, type: string) {
  return {
    "ce-specversion": "1.0",
    "ce-type": type,
    "ce-source": "/tests",
    "ce-id": id,
    "ce-time": new Date().toISOString(),
    "ce-knativeerrorcode": "503",
  };
}

test("a parked request is kept, listed, replayed to its end, and leaves the list", async () => {
  const data = { customer_id: "customer-000001", start_date: "2025-01-01", end_date: "2025-01-31" };
  const event = attributes("parked", eventType("requested"));
  expect(await park(event, JSON.stringify(data))).toBe(202);
  expect(await park(event, JSON.stringify(data))).toBe(202);
  const listed = (await statements("rejected")).stdout.trim().split("\n");
  expect(listed).toHaveLength(1);
  expect(listed[0]).toMatch(
    /^rejected-event-\d{4} .*requested\.v1 {2}source \/tests {2}customer customer-000001 {2}HTTP 503$/,
  );
  const { code, stdout, stderr } = await statements("replay", "--all", "--yes");
  expect(code).toBe(0);
  const name = /transaction-request-customer-000001-\d{13}/.exec(stdout)?.[0] ?? "";
  expect(stderr).toMatch(
    new RegExp(`^\\{"audit":"replay","request_id":"${name}","by":"[^"]+@`, "m"),
  );
  await pipeline.until(name, "executed");
  expect((await statements("rejected")).stdout).toBe("");
});

test("what is no event stays, and says so", async () => {
  expect(await park({}, "{")).toBe(202);
  const { code, stdout } = await statements("replay", "--all", "--yes");
  expect(code).toBe(1);
  expect(stdout).toContain("is no CloudEvent");
  expect((await statements("rejected")).stdout).toContain("not an event");
});

test("our own wake-ups are dropped: the ledger still owes them", async () => {
  const before = (await statements("rejected")).stdout;
  expect(await park(attributes("own", eventType("due")), "{}")).toBe(204);
  expect((await statements("rejected")).stdout).toBe(before);
});

test("wrong use says how", async () => {
  expect(await statements("replay")).toMatchObject({ code: 2 });
  const missing = await statements("replay", "rejected-event-none");
  expect(missing.code).toBe(1);
  expect(missing.stdout).toContain("not found");
});
