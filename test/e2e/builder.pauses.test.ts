/**
 * A builder paused past its lease (SIGSTOP) that goes on as if nothing had been (SIGCONT), after
 * another one has taken its request over and ended it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../infra/local/programs/free-port.ts";
import type { BuildStep } from "../../functions/statement-builder/steps.ts";
import type { Stored } from "../../functions/platform/ledger/configmap-ledger.ts";
import {
  fillWithNoise,
  LARGE_CUSTOMER,
  LARGE_STATEMENT,
  offerTo,
} from "../support/bank/large-statement.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { isStopped } from "../support/functions/process-table.ts";
import { auditStatements, type StatementAudit } from "../support/functions/statement-audit.ts";

const ENTRY = new URL("../support/functions/killing-builder.ts", import.meta.url).pathname;

/** Where the builder pauses, and whose object the request ends with. */
const PAUSES = [
  { step: "rows-streaming", builtBy: 2 },
  { step: "part-uploaded", builtBy: 2 },
  { step: "publishing", builtBy: 2 },
  { step: "published", builtBy: 1 },
] as const satisfies readonly { step: BuildStep; builtBy: number }[];
type PausedAt = (typeof PAUSES)[number]["step"];

interface Paused {
  readonly name: string;
  readonly builder: RunningFunction;
  /** Resolves when the builder has answered the offer it paused over. */
  readonly answered: Promise<void>;
}

let pipeline: Pipeline;
const paused = new Map<PausedAt, Paused>();
const taken = new Map<PausedAt, Stored>();
let before: StatementAudit;
let after: StatementAudit;

beforeAll(async () => {
  pipeline = await startPipeline(LARGE_STATEMENT);
  await fillWithNoise(pipeline);
  // No wake-ups: each request is offered to the builder that is to pause over it, and to no other.
  await pipeline.start("request-intake", { env: { WAKEUPS_PER_CUSTOMER: "0" } });
  await Promise.all(PAUSES.map(({ step }, index) => pauseAt(step, index)));
  await Promise.all([pipeline.start("statement-builder"), pipeline.start("pending-scanner")]);
  for (const [step, { name }] of paused) taken.set(step, await untilAnnounced(name));
  before = await auditStatements(pipeline);
  for (const { builder } of paused.values()) process.kill(builder.pid, "SIGCONT");
  for (const { answered } of paused.values()) await answered;
  after = await auditStatements(pipeline);
}, 240_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

async function pauseAt(step: PausedAt, index: number): Promise<void> {
  const builder = await pipeline.start("statement-builder", {
    entry: ENTRY,
    env: { STOP_AT: step },
    port: await freePort(),
  });
  const name = await pipeline.request({
    customer_id: LARGE_CUSTOMER,
    start_date: `2024-01-0${index + 1}`,
    end_date: "2025-12-31",
  });
  paused.set(step, { name, builder, answered: offerTo(builder.url, pipeline, name) });
  while (!(await isStopped(builder.pid))) await sleep(20);
}

async function untilAnnounced(name: string): Promise<Stored> {
  await pipeline.until(name, "executed", 90);
  for (;;) {
    const stored = await pipeline.ledger.read(name);
    if (stored?.request.status === "executed" && stored.request.announced) return stored;
    await sleep(100);
  }
}

describe.each(PAUSES)("paused at $step", ({ step, builtBy }) => {
  const nameOf = () => paused.get(step)?.name ?? "";

  test("the successor ends with one proved file", () => {
    expect(before.problemsOf(nameOf())).toEqual([]);
    expect(before.records.get(nameOf())).toMatchObject({ attempt: 2 });
    expect(before.objects.get(nameOf())).toMatchObject([{ attempt: builtBy }]);
  });

  test("the one that wakes up makes no second file and writes nothing", async () => {
    expect(after.problemsOf(nameOf())).toEqual([]);
    expect(after.objects.get(nameOf())).toEqual(before.objects.get(nameOf()));
    const stored = await pipeline.ledger.read(nameOf());
    expect(stored).toEqual(taken.get(step));
  });

  test("it lives on and serves the next request", async () => {
    const { builder } = paused.get(step) ?? {};
    expect((await fetch(`${builder?.url}/health/readiness`)).status).toBe(200);
  });
});

test("nothing is left at the store but the files", () => {
  expect(after.openUploads).toEqual([]);
  expect([...after.objects.values()].flat()).toHaveLength(PAUSES.length);
});
