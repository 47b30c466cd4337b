/** What Prometheus sees of one statement that was made, and of one that could not be. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import type { FunctionName } from "../../functions/domain/function-names.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { promtool } from "../support/programs/promtool.ts";

const PERIOD = { start_date: "2025-01-01", end_date: "2025-12-31" };
const NAMES = ["request-intake", "pending-scanner", "statement-builder"] as const;

let pipeline: Pipeline;
const running = new Map<FunctionName, RunningFunction>();

beforeAll(async () => {
  pipeline = await startPipeline();
  for (const name of NAMES) running.set(name, await pipeline.start(name));
}, 300_000);
afterAll(() => pipeline[Symbol.asyncDispose]());

async function scrape(name: FunctionName): Promise<string> {
  const log = await readFile(running.get(name)?.logFile ?? "", "utf8");
  const port = /"metrics_port":(\d+)/.exec(log)?.[1] ?? "";
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

/** The value of a series, without the prefix; NaN when it is not there. */
function valueOf(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`transactions_collector_${series} `));
  return Number(line?.split(" ").at(-1) ?? NaN);
}

/** The series once it has this value. */
async function until(name: FunctionName, series: string, value: number): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const text = await scrape(name);
    if (valueOf(text, series) === value) return text;
    if (Date.now() > deadline) throw new Error(`${series} is not ${value}:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("requests, attempts, rows, times and the state of the ledger", async () => {
  const executed = await pipeline.request({ customer_id: "customer-000001", ...PERIOD });
  const failed = await pipeline.request({ customer_id: "nobody", ...PERIOD });
  const { request } = await pipeline.until(executed, "executed");
  await pipeline.until(failed, "failed");
  if (request.status !== "executed") throw new Error("not executed");

  const intake = await scrape("request-intake");
  expect(valueOf(intake, 'events_total{path="/",answer="event",code=""}')).toBe(2);
  expect(valueOf(intake, 'http_request_duration_seconds_count{path="/",status="200"}')).toBe(2);
  const create = 'ledger_call_duration_seconds_count{operation="create",outcome="created"}';
  expect(valueOf(intake, create)).toBe(2);
  expect(valueOf(intake, 'events_sent_total{event="recorded",result="accepted"}')).toBe(2);

  await until("statement-builder", 'endings_total{ending="executed",code=""}', 1);
  const unknown = 'endings_total{ending="failed",code="unknown_customer"}';
  const builder = await until("statement-builder", unknown, 1);
  expect(valueOf(builder, 'claims_total{outcome="claimed"}')).toBe(2);
  expect(valueOf(builder, "statement_rows_total")).toBe(request.rows);
  expect(valueOf(builder, "statement_bytes_total")).toBe(request.bytes);
  const seconds = (request.executedAt - request.facts.recordedAt) / 1000;
  expect(valueOf(builder, "recorded_to_executed_seconds_sum")).toBeCloseTo(seconds, 6);
  expect(valueOf(builder, "request_attempts_count")).toBe(2);
  const put = 's3_call_duration_seconds_count{operation="PutObject",status="200"}';
  // The statement, and before it the probe that shows that the store overwrites nothing.
  expect(valueOf(builder, put)).toBe(2);
  const balances = 'sql_query_duration_seconds_count{query="balances",outcome="ok"}';
  expect(valueOf(builder, balances)).toBe(1);

  await until("pending-scanner", 'records{status="executed"}', 1);
  const scanner = await until("pending-scanner", 'records{status="failed"}', 1);
  expect(valueOf(scanner, 'records{status="pending"}')).toBe(0);
  expect(valueOf(scanner, "oldest_pending_age_seconds")).toBe(0);
  expect(valueOf(scanner, "last_tick_timestamp_seconds")).toBeGreaterThan(1.7e9);
}, 120_000);

test("the names and forms are as Prometheus' own checker wants them, and nobody's name is in them", async () => {
  for (const name of NAMES) {
    const text = await scrape(name);
    const checker = execFile(await promtool(), ["check", "metrics"]);
    let complaints = "";
    checker.stderr?.on("data", (chunk: string) => (complaints += chunk));
    checker.stdin?.end(text);
    await once(checker, "close");
    const ours = complaints.split("\n").filter((line) => /transactions_collector|error/.test(line));
    expect(ours).toEqual([]);
    expect(text).not.toMatch(/customer-000001|nobody|transaction-request-/);
  }
});
