/** One request is one trace, over the three functions, as a collector gets it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import type { ExecutedRequest } from "../../functions/domain/statement-request.ts";
import { SPAN_ATTRIBUTES, SPANS } from "../../functions/platform/telemetry/spans.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { ServerExited } from "../../infra/local/programs/server-process.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import type { LogLine } from "../support/functions/event-server.ts";
import {
  startOtlpCollector,
  type CollectedSpan,
  type OtlpCollector,
} from "../support/servers/otlp-collector.ts";
import {
  startPipeline,
  type Pipeline,
  type RunningFunction,
} from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";

const PERIOD = { start_date: "2025-01-01", end_date: "2025-12-31" };
/** More than the rows of a customer's year, fewer than those of two. */
const OVERSIZED_ROWS = "300";
const PERSON = "Erika Mustermann";
const KINDS = { internal: 1, client: 3, producer: 4, consumer: 5 };

let collector: OtlpCollector;
let sink: EventSink;
let pipeline: Pipeline;
const running: RunningFunction[] = [];

beforeAll(async () => {
  collector = await startOtlpCollector();
  sink = await startEventSink();
  pipeline = await startPipeline({
    // A tick once a year: those that count are the test's own.
    schedule: "0 0 1 1 *",
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      // The second request of a customer waits for the tick.
      WAKEUPS_PER_CUSTOMER: "1",
    },
  });
  running.push(
    await pipeline.start("statement-builder", { env: { K_SINK: sink.url, OVERSIZED_ROWS } }),
  );
  running.push(await pipeline.start("pending-scanner"));
  running.push(await pipeline.start("request-intake"));
}, 300_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

/** An upstream service's own span. */
function upstream() {
  const hex = (digits: number) => crypto.randomUUID().replaceAll("-", "").slice(0, digits);
  const [traceId, spanId] = [hex(32), hex(16)];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
}

/** Posts a request; answers its record's name. */
async function ask(
  customer: string,
  headers: Readonly<Record<string, string>>,
  period: Partial<typeof PERIOD> = {},
): Promise<string> {
  const event = requested({ customer_id: customer, ...PERIOD, ...period });
  const answer = await fetch(pipeline.urlOf("request-intake"), {
    ...event,
    headers: { ...event.headers, "ce-subject": PERSON, ...headers },
  });
  expect(answer.status).toBe(200);
  await answer.body?.cancel();
  return answer.headers.get("ce-subject") ?? "";
}

async function sendTick(): Promise<void> {
  const answer = await fetch(pipeline.urlOf("pending-scanner"), {
    method: "POST",
    headers: {
      "ce-specversion": "1.0",
      "ce-id": crypto.randomUUID(),
      "ce-source": "/tests",
      "ce-type": "dev.knative.sources.ping",
    },
  });
  expect(answer.status).toBe(204);
}

/** The spans of a trace, once these are among them. */
async function traceOf(
  traceId: string,
  ...names: readonly string[]
): Promise<readonly CollectedSpan[]> {
  const ours = () => collector.spans.filter((one) => one.traceId === traceId);
  await collector.until(() => {
    const seen = new Set(ours().map((one) => one.name));
    return names.every((name) => seen.has(name));
  });
  return ours();
}

function find(spans: readonly CollectedSpan[], name: string, service?: string): CollectedSpan {
  const found = spans.find((one) => one.name === name && (service ?? one.service) === one.service);
  if (!found) throw new Error(`no ${name} among ${spans.map((one) => one.name).join(", ")}`);
  return found;
}

const childrenOf = (spans: readonly CollectedSpan[], { spanId }: CollectedSpan) =>
  spans.filter((one) => one.parentSpanId === spanId).toSorted((a, b) => a.start - b.start);

/** As it stands in a `traceparent`. */
const written = ({ traceId, spanId }: CollectedSpan) => `00-${traceId}-${spanId}-01`;

test("upstream's event, record, build, object and executed event are one trace", async () => {
  const { traceId, spanId, traceparent } = upstream();
  const name = await ask("customer-000001", { "ce-traceparent": traceparent });
  const { request } = await pipeline.until(name, "executed");
  const executed = request as ExecutedRequest;
  const spans = await traceOf(traceId, "process requested", "process recorded");

  const intake = find(spans, "process requested", "request-intake");
  expect(intake.parentSpanId).toBe(spanId);
  expect(intake.attributes).toMatchObject({
    "cloudevents.event_source": "/tests",
    "transactions_collector.record": name,
    "transactions_collector.outcome": "event",
  });
  expect(childrenOf(spans, intake).map((one) => one.name)).toEqual(
    expect.arrayContaining(["ledger create", "send recorded", "process recorded"]),
  );
  const builder = find(spans, "process recorded", "statement-builder");
  expect(builder.parentSpanId).toBe(intake.spanId);
  expect(builder.attributes).toMatchObject({
    "cloudevents.event_subject": name,
    "transactions_collector.attempt": 1,
    "transactions_collector.status": "executed",
    "transactions_collector.rows": executed.rows,
    "transactions_collector.bytes": executed.bytes,
  });
  const steps = childrenOf(spans, builder);
  expect(steps.filter((one) => one.kind === KINDS.internal).map((one) => one.name)).toEqual([
    "claim",
    // Of a first attempt there is nothing to fence.
    "open snapshot",
    "build",
    "publish",
    "settle",
    "announce",
  ]);
  expect(childrenOf(spans, find(steps, "claim")).map((one) => one.name)).toEqual([
    "ledger read",
    "ledger replace",
  ]);
  expect(childrenOf(spans, find(steps, "open snapshot")).map((one) => one.name)).toEqual([
    "sql connect",
    "sql snapshot",
    "sql accounts",
    "sql balances",
  ]);
  const put = childrenOf(spans, find(steps, "publish")).find((one) => one.name === "s3 PutObject");
  expect(put?.attributes).toEqual({ "http.response.status_code": 200 });
  expect(find(spans, "send executed").parentSpanId).toBe(find(steps, "announce").spanId);

  // Whoever takes the record, the object or the event can go on with the trace.
  expect(executed.facts.traceparent).toBe(written(intake));
  expect(await metadataOf(executed.object.key)).toMatchObject({ traceparent: written(intake) });
  const told = sink.events.find(({ headers }) => headers["ce-id"] === `${name}.executed`);
  expect(told?.headers).toMatchObject({
    "ce-traceparent": written(intake),
    traceparent: written(find(spans, "send executed")),
  });
}, 120_000);

async function metadataOf(key: string) {
  const client = pipeline.s3.client();
  const { Metadata } = await client.send(
    new HeadObjectCommand({ Bucket: pipeline.s3.bucket, Key: key }),
  );
  client.destroy();
  return Metadata;
}

test("a request that waits for the tick is offered in its own trace, linked to the tick", async () => {
  const { traceId, spanId, traceparent } = upstream();
  // The customer's one wake-up of this minute.
  await ask("customer-000001", {});
  const name = await ask("customer-000001", { traceparent });
  await sendTick();
  const { request } = await pipeline.until(name, "executed");
  const spans = await traceOf(traceId, "process requested", "send due", "process due");

  const intake = find(spans, "process requested", "request-intake");
  expect(intake.parentSpanId).toBe(spanId);
  expect(spans.filter((one) => one.name === "send recorded")).toEqual([]);
  const offer = find(spans, "send due", "pending-scanner");
  expect(offer.parentSpanId).toBe(intake.spanId);
  const builder = find(spans, "process due", "statement-builder");
  expect(builder.parentSpanId).toBe(offer.spanId);
  expect(request.facts.traceparent).toBe(written(intake));

  const [link] = offer.links;
  const ticks = await collector.until((all) => all.some((one) => one.spanId === link?.spanId));
  const tick = ticks.find((one) => one.spanId === link?.spanId);
  expect(tick).toMatchObject({ service: "pending-scanner", name: "process tick" });
  expect(tick?.traceId).not.toBe(traceId);
}, 120_000);

test("without a trace from upstream intake begins one, and the record keeps it", async () => {
  const name = await ask("customer-000002", {});
  const { request } = await pipeline.until(name, "executed");
  const [, traceId = ""] = /^00-(\w{32})-\w{16}-01$/.exec(request.facts.traceparent ?? "") ?? [];
  const spans = await traceOf(traceId, "process requested", "process recorded");
  const intake = find(spans, "process requested", "request-intake");
  expect(intake.parentSpanId).toBeUndefined();
  expect(find(spans, "process recorded").parentSpanId).toBe(intake.spanId);
});

test("the same event again gets the very same answer, whatever trace it comes in", async () => {
  // The second request of a customer waits for the tick: it does not end meanwhile.
  await ask("customer-000003", {});
  const event = requested({ customer_id: "customer-000003", ...PERIOD });
  const post = async () => {
    const headers = { ...event.headers, "ce-traceparent": upstream().traceparent };
    const answer = await fetch(pipeline.urlOf("request-intake"), { ...event, headers });
    const attributes = [...answer.headers].filter(([header]) => header.startsWith("ce-"));
    return { status: answer.status, attributes, body: await answer.text() };
  };
  const recorded = await post();
  const { "ce-subject": name = "", "ce-traceparent": traceparent } = Object.fromEntries(
    recorded.attributes,
  );
  expect(traceparent).toBeDefined();
  expect(await post()).toEqual(recorded);

  await sendTick();
  await pipeline.until(name, "executed");
  const ended = await post();
  expect(Object.fromEntries(ended.attributes)).toMatchObject({
    "ce-id": `${name}.executed`,
    "ce-traceparent": traceparent,
  });
  expect(await post()).toEqual(ended);
});

test("a Job goes on where the service handed over", async () => {
  const { traceId, traceparent } = upstream();
  const name = await ask(
    "customer-000005",
    { "ce-traceparent": traceparent },
    { start_date: "2024-01-01" },
  );
  const handedOver = await traceOf(traceId, "send oversized");
  const event = sink.events.find(
    ({ headers }) => headers["ce-subject"] === name && /oversized/.test(String(headers["ce-type"])),
  );
  expect(await runJob(event?.headers ?? {})).toContain("exit code 0");
  await pipeline.until(name, "executed");
  const spans = await traceOf(traceId, "process oversized");
  const offer = find(handedOver, "send oversized", "statement-builder");
  expect(find(spans, "process oversized").parentSpanId).toBe(offer.spanId);
  expect(find(spans, "process oversized").attributes).toMatchObject({
    "transactions_collector.status": "executed",
    "transactions_collector.attempt": 2,
  });
  const steps = childrenOf(spans, find(spans, "process oversized"));
  for (const [step, call] of [
    ["fence", "s3 ListMultipartUploads"],
    ["look", "s3 HeadObject"],
  ] as const) {
    expect(childrenOf(spans, find(steps, step)).map((one) => one.name)).toEqual([call]);
  }
});

/** How it ended. The event is given as a JobSink gives it. */
async function runJob(headers: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "jobsink-event-"));
  try {
    const attributes = Object.entries(headers).flatMap(([header, value]) =>
      header.startsWith("ce-") ? [[header.slice("ce-".length), value] as const] : [],
    );
    await writeFile(join(folder, "event"), JSON.stringify(Object.fromEntries(attributes)));
    const job = { EXECUTION: "job", K_EVENT_PATH: folder, K_SINK: sink.url };
    const started = await pipeline
      .start("statement-builder", { env: job, port: await freePort() })
      .catch((error: unknown) => error);
    if (!(started instanceof ServerExited)) throw new Error("the Job went on", { cause: started });
    return started.message;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("what fails says so by its code", async () => {
  const { traceId, traceparent } = upstream();
  const name = await ask("nobody", { "ce-traceparent": traceparent });
  await pipeline.until(name, "failed");
  const spans = await traceOf(traceId, "process requested", "process recorded");
  for (const step of ["open snapshot", "process recorded"]) {
    expect(find(spans, step)).toMatchObject({
      failed: true,
      attributes: { "error.type": "unknown_customer" },
    });
  }
  expect(find(spans, "settle").failed).toBe(false);
});

test("every line about an event or a record names its trace", async () => {
  const { traceId, traceparent } = upstream();
  const name = await ask("customer-000004", { "ce-traceparent": traceparent });
  await pipeline.until(name, "executed");
  await traceOf(traceId, "process requested", "process recorded");
  const lines = (await Promise.all(running.map(linesOf))).flat();
  const about = lines.filter(
    (line) => "event_id" in line || "request_id" in line || "path" in line,
  );
  expect(about.filter((line) => line["path"] !== "/health/readiness" && !line["trace_id"])).toEqual(
    [],
  );
  const ours = lines.filter((line) => line["trace_id"] === traceId);
  expect(new Set(ours.map((line) => line["function"]))).toEqual(
    new Set(["request-intake", "statement-builder"]),
  );
  expect(ours.map((line) => line.msg)).toEqual(
    expect.arrayContaining(["request recorded", "request answered", "request executed"]),
  );
});

async function linesOf({ logFile }: RunningFunction): Promise<readonly LogLine[]> {
  const lines = (await readFile(logFile, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as LogLine);
}

describe("of all that was sent", () => {
  let spans: readonly CollectedSpan[] = [];
  // SIGTERM sends what still waits.
  beforeAll(async () => {
    const before = collector.bodies.length;
    await ask("customer-000003", {});
    await Promise.all(running.map((one) => one.stop()));
    expect(collector.bodies.length).toBeGreaterThan(before);
    ({ spans } = collector);
  });

  test("nothing is personal", async () => {
    const bodies = collector.bodies.join("\n");
    for (const value of [PERSON, ...(await valuesOfTheBank())]) {
      expect([value, bodies.includes(JSON.stringify(value).slice(1, -1))]).toEqual([value, false]);
    }
  });

  test("names, kinds and attributes are those of the list, and all of the list were seen", () => {
    const listed = Object.entries(SPANS).map(([name, { kind }]) => [name, KINDS[kind]] as const);
    const ofList = ({ name, kind }: CollectedSpan) =>
      listed.find(
        ([one, its]) => its === kind && (name === one || name.startsWith(`${one} `)),
      )?.[0];
    expect(spans.filter((span) => ofList(span) === undefined)).toEqual([]);
    expect(new Set(spans.map(ofList))).toEqual(new Set(Object.keys(SPANS)));
    const attributes = new Set(spans.flatMap((span) => Object.keys(span.attributes)));
    expect([...attributes].toSorted()).toEqual(Object.keys(SPAN_ATTRIBUTES).toSorted());
  });

  test("each says which function it is from", () => {
    expect(new Set(spans.map((one) => one.service))).toEqual(
      new Set(["request-intake", "pending-scanner", "statement-builder"]),
    );
    expect(spans[0]?.resource).toMatchObject({ "deployment.environment.name": "test" });
  });
});

/** What the customers' transactions hold: accounts, texts, names, references, amounts. */
async function valuesOfTheBank(): Promise<readonly string[]> {
  const connection = await createConnection(pipeline.mariaDb.databaseUrl);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT account_id, description, counterparty_name, counterparty_account, reference,
            CAST(CAST(amount AS DECIMAL(23,2)) AS CHAR) AS amount,
            CAST(CAST(balance_after AS DECIMAL(23,2)) AS CHAR) AS balance
     FROM statement_transactions`,
  );
  await connection.end();
  const values = new Set(rows.flatMap((row) => Object.values(row) as (string | null)[]));
  // Short ones, and such as look like ids of spans, would be found by chance.
  const found = [...values].flatMap((value) =>
    value && value.length >= 6 && !/^[0-9a-f]{6,9}$/.test(value) ? [value] : [],
  );
  expect(found.length).toBeGreaterThan(1_000);
  return found;
}
