/**
 * SIGKILL between every two steps of a build. The points are the story's own step names, so a new
 * step that is not reached here, or leaves something else behind than the table says, fails.
 *
 * Every builder dies first, each at its own step of its own request; then one that lives and the
 * ticks are given what the dead have left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { BUILD_STEPS, type BuildStep } from "../../functions/statement-builder/steps.ts";
import {
  fillWithNoise,
  LARGE_CUSTOMER,
  LARGE_STATEMENT,
  offerTo,
} from "../support/bank/large-statement.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import {
  auditStatements,
  listOpenUploads,
  type StatementAudit,
} from "../support/functions/statement-audit.ts";

const ENTRY = new URL("../support/functions/killing-builder.ts", import.meta.url).pathname;

interface Remains {
  readonly end: string;
  /** Of the record, and whether its end was told. */
  readonly status: string | undefined;
  readonly announced: boolean;
  readonly objects: number;
  readonly openUpload: boolean;
}

const KILLED = { end: "SIGKILL", announced: false, objects: 0, openUpload: false };
const BEFORE_UPLOAD = { ...KILLED, status: "processing" };
const IN_UPLOAD = { ...BEFORE_UPLOAD, openUpload: true };
const REMAINS: Record<(typeof BUILD_STEPS)[number], Remains> = {
  claimed: BEFORE_UPLOAD,
  fenced: BEFORE_UPLOAD,
  "snapshot-opened": BEFORE_UPLOAD,
  "rows-streaming": BEFORE_UPLOAD,
  "part-uploaded": IN_UPLOAD,
  publishing: IN_UPLOAD,
  published: { ...KILLED, status: "processing", objects: 1 },
  settled: { ...KILLED, status: "executed", objects: 1 },
  announced: { ...KILLED, status: "executed", announced: true, objects: 1 },
};

let pipeline: Pipeline;
const names = new Map<BuildStep, string>();
const ends = new Map<BuildStep, string>();
let dead: StatementAudit;
let uploadsOfTheDead: readonly string[];
let rested: StatementAudit;

beforeAll(async () => {
  pipeline = await startPipeline(LARGE_STATEMENT);
  await fillWithNoise(pipeline);
  // No wake-ups: each request is offered to the builder that is to die of it, and to no other.
  await pipeline.start("request-intake", { env: { WAKEUPS_PER_CUSTOMER: "0" } });
  await Promise.all(BUILD_STEPS.map(dieAt));
  dead = await auditStatements(pipeline);
  uploadsOfTheDead = await listOpenUploads(pipeline.s3);
  await Promise.all([pipeline.start("statement-builder"), pipeline.start("pending-scanner")]);
  for (const name of names.values()) await untilAnnounced(name);
  rested = await auditStatements(pipeline);
}, 240_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

async function dieAt(step: BuildStep, index: number): Promise<void> {
  const builder = await pipeline.start("statement-builder", {
    entry: ENTRY,
    env: { KILL_AT: step },
    port: await freePort(),
  });
  const name = await pipeline.request({
    customer_id: LARGE_CUSTOMER,
    start_date: `2024-01-0${index + 1}`,
    end_date: "2025-12-31",
  });
  names.set(step, name);
  await offerTo(builder.url, pipeline, name);
  ends.set(step, await Promise.race([builder.ended, lives()]));
}

async function lives(): Promise<string> {
  return await sleep(2_000, "lives", { ref: false });
}

async function untilAnnounced(name: string): Promise<void> {
  await pipeline.until(name, "executed", 90);
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const stored = await pipeline.ledger.read(name);
    if (stored?.request.status === "executed" && stored.request.announced) return;
    await sleep(100);
  }
}

describe.each(BUILD_STEPS)("killed at %s", (step) => {
  const nameOf = () => names.get(step) ?? "";

  test("it died there and nowhere else", () => {
    const record = dead.records.get(nameOf());
    expect({
      end: ends.get(step),
      status: record?.status,
      announced: record?.status === "executed" && record.announced,
      objects: dead.objects.get(nameOf())?.length ?? 0,
      openUpload: record?.status === "processing" && uploadsOfTheDead.includes(record.object.key),
    }).toEqual(REMAINS[step]);
  });

  test("one proved file, announced", () => {
    expect(rested.problemsOf(nameOf())).toEqual([]);
  });

  test("what was published is adopted, what was not is built anew", () => {
    const published = REMAINS[step].objects === 1;
    const settled = REMAINS[step].status === "executed";
    expect(rested.objects.get(nameOf())).toMatchObject([{ attempt: published ? 1 : 2 }]);
    expect(rested.records.get(nameOf())).toMatchObject({ attempt: settled ? 1 : 2 });
  });
});

test("nothing is left at the store but the files", () => {
  expect(rested.openUploads).toEqual([]);
  expect([...rested.objects.keys()].sort()).toEqual([...names.values()].sort());
});
