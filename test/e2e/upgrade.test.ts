/**
 * An upgrade while requests are open: functions of 0.1.0, kept built in test/kept/0.1.0, and those of
 * today on one ledger, one bucket and one database. What one version leaves, the other takes on, and
 * where that does not hold it is said here as it is.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail, isFinal } from "../../functions/domain/statement-request.ts";
import type { Stored } from "../../functions/platform/ledger/configmap-ledger.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { cancelRequest, retryRequest } from "../../infra/operator/act/operator-moves.ts";
import { unpackFunctions } from "../support/kept/kept-versions.ts";
import { offerTo, offerUntilEnded } from "../support/bank/large-statement.ts";
import { startLoadBalancer } from "../support/wire/load-balancer.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { requested, type Sender } from "../support/functions/requested.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";

const KEPT = new URL("../kept/0.1.0/", import.meta.url).pathname;
const KILLING_BUILDER = new URL("../support/functions/killing-builder.ts", import.meta.url)
  .pathname;
const V1 = "https://transactions-collector.io/schemas/manifest.v1.json";
const V2 = "https://transactions-collector.io/schemas/manifest.v2.json";
const CUSTOMER = "customer-000001";

type Version = "old" | "new";
const OTHER = { old: "new", new: "old" } as const;
const VERSIONS = ["old", "new"] as const;

/** What a builder that died has left behind, by the step it died at. */
const DEATHS = [
  ["old", "published"],
  ["old", "snapshot-opened"],
  ["new", "published"],
  ["new", "snapshot-opened"],
] as const;

let pipeline: Pipeline;
let folder: string;
const intakes = {} as Record<Version, RunningFunction>;
const builders = {} as Record<Version, RunningFunction>;
const left = new Map<string, string>();
let wished: string;
let days = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upgrade-"));
  await unpackFunctions(KEPT, folder);
  pipeline = await startPipeline({ env: { CALLBACK_HOSTS: "hooks.example.invalid" } });
  // No wake-ups: each request is offered to the builder of the version that is to have it.
  const env = { WAKEUPS_PER_CUSTOMER: "0" };
  const entry = entryOf("request-intake");
  intakes.new = await pipeline.start("request-intake", { env });
  intakes.old = await pipeline.start("request-intake", { env, entry, port: await freePort() });
  const deaths = DEATHS.map(async ([version, step]) => {
    left.set(`${version} ${step}`, await dieAt(version, step));
  });
  wished = await dieAt("old", "snapshot-opened");
  await Promise.all(deaths);
  for (const version of VERSIONS) builders[version] = await startBuilder(version);
}, 180_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function entryOf(name: string): string {
  return join(folder, `${name}.mjs`);
}

async function startBuilder(version: Version, killAt?: string): Promise<RunningFunction> {
  const today = killAt === undefined ? undefined : KILLING_BUILDER;
  const entry = version === "old" ? entryOf("statement-builder") : today;
  return await pipeline.start("statement-builder", {
    ...(entry === undefined ? {} : { entry }),
    env: {
      // Long enough that a request which waits is seen to wait.
      ...{ RETRY_BASE_SECONDS: "4", RETRY_MAX_SECONDS: "4" },
      CANCEL_WISHES: "true",
      ...(killAt === undefined ? {} : { KILL_AT: killAt }),
    },
    port: await freePort(),
  });
}

/** Records a request with an intake; each is of another period unless one is given. */
async function record(version: Version, data: object = {}, sender: Sender = {}): Promise<string> {
  const start_date = new Date(Date.UTC(2024, 0, 1 + days++)).toISOString().slice(0, 10);
  const asked = { customer_id: CUSTOMER, start_date, end_date: "2025-12-31", ...data };
  const answer = await fetch(intakes[version].url, requested(asked, sender));
  const name = answer.headers.get("ce-subject");
  if (answer.status !== 200 || name === null) throw new Error(await answer.text());
  await answer.body?.cancel();
  return name;
}

async function dieAt(version: Version, step: string): Promise<string> {
  const builder = await startBuilder(version, step);
  const name = await record(version);
  await offerTo(builder.url, pipeline, name);
  expect(await builder.ended).toBe("SIGKILL");
  expect(await read(name)).toMatchObject({ request: { status: "processing", attempt: 1 } });
  return name;
}

async function read(name: string): Promise<Stored> {
  const stored = await pipeline.ledger.read(name);
  if (!stored) throw new Error(`no record ${name}`);
  return stored;
}

async function endedBy(version: Version, name: string): Promise<Stored> {
  return await offerUntilEnded(builders[version].url, pipeline, name);
}

async function untilAnnounced(name: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const { request } = await read(name);
    if (isFinal(request) && request.announced) return;
    await sleep(50);
  }
}

/** What is wrong with each; the objects are read with the verifier of today. */
async function audited(names: readonly string[]) {
  const audit = await auditStatements(pipeline);
  const problems = names.flatMap((name) => audit.problemsOf(name));
  const schemas = names.flatMap((name) =>
    (audit.objects.get(name) ?? []).map(({ checked }) => checked.ok && checked.manifest.schema),
  );
  return { problems, schemas };
}

function desk(name: string) {
  return {
    ledger: pipeline.ledger,
    find: () => read(name),
    now: Date.now,
    by: "operator@here",
    signal: AbortSignal.timeout(10_000),
  };
}

describe.each(VERSIONS)("recorded by the %s intake", (version) => {
  const other = OTHER[version];

  test(`built by the ${other} builder`, async () => {
    const name = await record(version);
    expect((await endedBy(other, name)).request).toMatchObject({ status: "executed", attempt: 1 });
    expect(await audited([name])).toEqual({
      problems: [],
      schemas: [other === "old" ? V1 : V2],
    });
  });

  test(`the same event at the ${other} intake is the same record`, async () => {
    const [data, sender] = [{ start_date: "2025-11-01" }, { id: `twice-${version}` }];
    const time = new Date().toISOString();
    const name = await record(version, data, { ...sender, time });
    expect(await record(other, data, { ...sender, time })).toBe(name);
  });
});

describe("an event that comes again with another time", () => {
  const data = { start_date: "2025-10-01" };
  const again = async (first: Version, then: Version, id: string) => [
    await record(first, data, { id, time: new Date(Date.now() - 60_000).toISOString() }),
    await record(then, data, { id }),
  ];

  test("is the same request for the new intake, and its index is nothing to the old one", async () => {
    const [name, same] = await again("new", "new", "timed-anew");
    expect(same).toBe(name);
    const { request } = await endedBy("old", name ?? "");
    expect(request).toMatchObject({ status: "executed", attempt: 1 });
  });

  test.each(VERSIONS)(
    "is a second request where the %s intake was first, and the other is next",
    async (first) => {
      const [name, second] = await again(first, OTHER[first], `timed-anew-${first}`);
      expect(second).not.toBe(name);
    },
  );
});

describe("two events of one customer and millisecond", () => {
  const both = async (first: Version, again: Version, time: string) => {
    const data = { start_date: "2025-12-01", customer_id: "customer-000002" };
    await record(first, data, { id: `${time}-1`, time });
    const second = { id: `${time}-2`, time };
    return [await record(first, data, second), await record(again, data, second)];
  };

  test("the second one, recorded by the old intake, is found by the new one", async () => {
    const [name, again] = await both("old", "new", new Date(Date.now() - 60_000).toISOString());
    expect(again).toBe(name);
  });

  test("the second one, recorded by the new intake, is recorded again by the old one", async () => {
    const [name, again] = await both("new", "old", new Date(Date.now() - 30_000).toISOString());
    expect(name).toMatch(/-\d{13}-[0-9a-f]{16}$/);
    expect(again).toMatch(/-\d{13}$/);
    for (const one of [name, again]) await endedBy("new", one ?? "");
    expect(await audited([name ?? "", again ?? ""])).toEqual({ problems: [], schemas: [V2, V2] });
  });
});

describe("left by a builder that died", () => {
  const nameOf = (version: Version, step: string) => left.get(`${version} ${step}`) ?? "";

  test.each(VERSIONS)("before its object: the %s one's is built by the other", async (version) => {
    const name = nameOf(version, "snapshot-opened");
    const { request } = await endedBy(OTHER[version], name);
    expect(request).toMatchObject({ status: "executed", attempt: 2, failures: 1 });
    expect(await audited([name])).toEqual({
      problems: [],
      schemas: [version === "old" ? V2 : V1],
    });
  });

  test("with its object: the new one adopts what the old one published", async () => {
    const name = nameOf("old", "published");
    const { request } = await endedBy("new", name);
    expect(request).toMatchObject({ status: "executed", attempt: 2 });
    expect(await audited([name])).toEqual({ problems: [], schemas: [V1] });
  });

  test("with its object: the old one refuses the new one's; owed again, the new one adopts it", async () => {
    const name = nameOf("new", "published");
    const refused = await endedBy("old", name);
    expect(refused.request).toMatchObject({ status: "failed", errorCode: "object_damaged" });
    expect(await retryRequest(desk(name))).toMatchObject({ kind: "moved" });
    expect((await endedBy("new", name)).request).toMatchObject({ status: "executed" });
    expect(await audited([name])).toEqual({ problems: [], schemas: [V2] });
  });

  test("with a wish to cancel: the new one cancels it, and no file comes", async () => {
    expect(await cancelRequest(desk(wished))).toMatchObject({ kind: "moved" });
    expect((await endedBy("new", wished)).request).toMatchObject({ status: "cancelled" });
    expect((await audited([wished])).schemas).toEqual([]);
  });

  test("with a wish beside it, which it does not know: the new one cancels it, and no file comes", async () => {
    const name = await record("old");
    const wish = {
      record: name,
      customerId: CUSTOMER,
      requestedAt: Date.now(),
      requestedBy: "system:serviceaccount:billing:api",
    };
    await pipeline.ledger.wish(wish);
    expect((await endedBy("new", name)).request).toMatchObject({
      status: "cancelled",
      cancelRequestedAt: wish.requestedAt,
    });
    expect((await audited([name])).schemas).toEqual([]);
    // While the old builder is about, it builds what has a wish only: too late, and nothing is lost.
    const taken = await record("old");
    await pipeline.ledger.wish({ ...wish, record: taken });
    expect((await endedBy("old", taken)).request).toMatchObject({ status: "executed" });
    // The days of the requests behind these stay as they were: not every one has rows that both bases count alike.
    days -= 2;
  });
});

describe("left by the old builder as it should be", () => {
  test("failed: stays failed", async () => {
    const name = await record("old", { customer_id: "nobody" });
    const failed = await endedBy("old", name);
    expect(failed.request).toMatchObject({ errorCode: "unknown_customer", announced: true });
    await offerTo(builders.new.url, pipeline, name);
    expect(await read(name)).toEqual(failed);
  });

  test("cancelled: stays cancelled", async () => {
    const name = await record("old");
    await cancelRequest(desk(name));
    const cancelled = await endedBy("old", name);
    expect(cancelled.request).toMatchObject({ status: "cancelled", announced: true });
    await offerTo(builders.new.url, pipeline, name);
    expect(await read(name)).toEqual(cancelled);
  });

  test("pending: waits for its next attempt, and is built then", async () => {
    const name = await record("old");
    await pipeline.s3.stop();
    await offerTo(builders.old.url, pipeline, name);
    await pipeline.s3.start();
    const waiting = await read(name);
    const { request } = waiting;
    if (request.status !== "pending") throw new Error(JSON.stringify(request));
    expect(request).toMatchObject({ attempt: 1, failures: 1, lastError: "storage_unavailable" });
    await offerTo(builders.new.url, pipeline, name);
    expect(await read(name)).toEqual(waiting);
    expect(Date.now()).toBeLessThan(request.nextAttemptAt);
    const built = await endedBy("new", name);
    if (built.request.status !== "executed") throw new Error(JSON.stringify(built.request));
    expect(built.request.executedAt).toBeGreaterThan(request.nextAttemptAt);
    expect((await audited([name])).problems).toEqual([]);
  });
});

describe("a callback, which only the new version knows", () => {
  const data = { callback_url: "https://hooks.example.invalid/" };

  test("is left out by the old builder, and its record rests", async () => {
    const name = await record("new", data);
    const ended = await endedBy("old", name);
    expect(ended.request).toMatchObject({ status: "executed", announced: true });
    await offerTo(builders.new.url, pipeline, name);
    expect(await read(name)).toEqual(ended);
  });

  test("that is owed does not keep the old builder from what it knows", async () => {
    const name = await record("new", data);
    await offerTo(builders.new.url, pipeline, name);
    // There is nobody of that name (RFC 6761, section 6.4).
    const owed = await read(name);
    expect(owed.request).toMatchObject({ announced: false, accepted: true });
    expect(owed.request).toMatchObject({ callback: { state: "owed", attempts: 1 } });
    await offerTo(builders.old.url, pipeline, name);
    expect((await read(name)).request).toMatchObject({ status: "executed", announced: true });
    expect((await audited([name])).problems).toEqual([]);
  });
});

test("an end that only the new version knows is left alone by the old one, and told by the new one", async () => {
  const name = await record("new");
  const stored = await read(name);
  const held = { holder: "a/b", leaseExpiresAt: Date.now(), object: { bucket: "b", key: "k" } };
  const failed = fail(
    { ...stored.request, ...held, status: "processing" },
    "unsupported_database",
    Date.now(),
  );
  const written = await pipeline.ledger.replace(stored, failed);
  await offerTo(builders.old.url, pipeline, name);
  expect(await read(name)).toEqual(written);
  await offerTo(builders.new.url, pipeline, name);
  expect((await read(name)).request).toEqual({ ...failed, announced: true });
});

test("both drain one ledger: each request is executed, with one proved file", async () => {
  const names: string[] = [];
  for (let i = 0; i < 20; i++) {
    const customer_id = `customer-00000${1 + (i % 5)}`;
    names.push(await record(i % 2 ? "old" : "new", { customer_id }));
  }
  const port = Number(new URL(pipeline.urlOf("statement-builder")).port);
  const pods = VERSIONS.map((version) => Number(new URL(builders[version].url).port));
  await using serving = new AsyncDisposableStack();
  serving.use(await startLoadBalancer(port, pods));
  await pipeline.start("pending-scanner");
  for (const name of names) {
    await pipeline.until(name, "executed");
    await untilAnnounced(name);
  }
  const { problems, schemas } = await audited(names);
  expect(problems).toEqual([]);
  expect(schemas).toHaveLength(names.length);
  expect(new Set(schemas)).toEqual(new Set([V1, V2]));
});
