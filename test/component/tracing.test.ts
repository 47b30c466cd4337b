/** The tracer with a real collector, and with one that is away or never answers. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { freePort } from "../../infra/local/programs/free-port.ts";
import type { EventHandler } from "../../functions/platform/server/event-handler.ts";
import { observedLedger } from "../../functions/platform/ledger/observed-ledger.ts";
import { makeMetricsRegistry } from "../../functions/platform/telemetry/metrics-registry.ts";
import { openTracer } from "../../functions/platform/telemetry/open-tracer.ts";
import type { Tracer } from "../../functions/platform/telemetry/tracing.ts";
import type { SamplerName } from "../../functions/platform/settings/tracing-variables.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import {
  makeTestLog,
  postBatch,
  postStructured,
  startEventServer,
  type LogLine,
} from "../support/functions/event-server.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { startOtlpCollector, type OtlpCollector } from "../support/servers/otlp-collector.ts";
import { requested } from "../support/functions/requested.ts";

const run = promisify(execFile);
const BUNDLE = join(import.meta.dirname, "../../infra/kubernetes/images/bundle.ts");
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";

describe("a tracer", () => {
  let collector: OtlpCollector;
  beforeEach(async () => {
    collector = await startOtlpCollector();
    process.env[ENDPOINT] = collector.endpoint;
  });
  afterEach(async () => {
    delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
    await collector[Symbol.asyncDispose]();
  });

  async function open(sampler: SamplerName = "parentbased_always_on", arg = 1): Promise<Tracer> {
    const config = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
      OTEL_BSP_SCHEDULE_DELAY: 60_000,
      OTEL_TRACES_SAMPLER: sampler,
      OTEL_TRACES_SAMPLER_ARG: arg,
      DRAIN_SECONDS: 20,
    };
    return await openTracer("request-intake", config, makeTestLog().log);
  }

  test("joins what is awaited within a span, and sends it at the end", async () => {
    const tracer = await open();
    await tracer.span(
      { name: "process", of: "tick", parent: `00-${TRACE}-${SPAN}-01` },
      async () => {
        await tracer.span({ name: "claim" }, async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          tracer.past({ name: "sql", of: "count" }, 0.003);
        });
      },
    );
    expect(collector.spans).toEqual([]);
    await tracer[Symbol.asyncDispose]();
    const [sql, claim, root] = collector.spans;
    expect([sql?.name, claim?.name, root?.name]).toEqual(["sql count", "claim", "process tick"]);
    expect([sql?.parentSpanId, claim?.parentSpanId, root?.parentSpanId]).toEqual([
      claim?.spanId,
      root?.spanId,
      SPAN,
    ]);
    expect(collector.spans.every((one) => one.traceId === TRACE)).toBe(true);
    expect((sql?.end ?? 0) - (sql?.start ?? 0)).toBeCloseTo(3, 2);
  });

  test("begins a trace with an event alone", async () => {
    const tracer = await open();
    await tracer.span({ name: "ledger", of: "read" }, () => Promise.resolve());
    tracer.past({ name: "sql", of: "count" }, 0.003);
    await tracer.span({ name: "send", of: "due" }, () => Promise.resolve());
    await tracer[Symbol.asyncDispose]();
    expect(collector.bodies).toEqual([]);
  });

  test("names the record that a call of the ledger is about, as it is called there", async () => {
    const tracer = await open();
    await using local = await startLocalLedger();
    const ledger = observedLedger(local.ledger, makeMetricsRegistry(), tracer);
    const fields = { received_at: "2026-01-15T12:00:00.000Z" };
    const park = () => ledger.keepRejected({ hash: "1".repeat(64), sharer: "/bank", fields });
    const seen = await tracer.span({ name: "process", of: "other" }, async () => {
      await ledger.read("transaction-request-customer-000001-1768478400000");
      return [await park(), await park()];
    });
    await tracer[Symbol.asyncDispose]();
    const told = collector.spans.filter(({ name }) => name.startsWith("ledger "));
    const [first] = seen;
    expect(seen).toEqual([first, { ...first, outcome: "exists" }]);
    expect(
      told.map(({ name, attributes }) => [name, attributes["transactions_collector.record"]]),
    ).toEqual([
      ["ledger read", "transaction-request-customer-000001-1768478400000"],
      ["ledger keep-rejected", first?.name],
      ["ledger keep-rejected", first?.name],
    ]);
  });

  test("puts a span into its own cause's trace, linked to what runs", async () => {
    const tracer = await open();
    await tracer.span({ name: "process", of: "tick" }, () =>
      tracer.span({ name: "send", of: "due", parent: `00-${TRACE}-${SPAN}-01` }, () =>
        Promise.resolve(),
      ),
    );
    await tracer[Symbol.asyncDispose]();
    const [send, tick] = collector.spans;
    expect(send).toMatchObject({ name: "send due", traceId: TRACE, parentSpanId: SPAN });
    expect(send?.links).toEqual([{ traceId: tick?.traceId, spanId: tick?.spanId }]);
  });

  test("takes the event's own trace before that of its last hop, which is linked", async () => {
    const tracer = await open();
    const seen: (string | undefined)[] = [];
    const handle: EventHandler = ({ traceparent }) => {
      seen.push(traceparent);
      return Promise.resolve({ kind: "accepted" });
    };
    await using server = await startEventServer({ tracer, routes: { "/": { handle } } });
    const hop = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
    const headers = { traceparent: `00-${hop.traceId}-${hop.spanId}-01` };
    const event = { specversion: "1.0", id: "1", source: "/bank", type: "t" };
    const own = { traceparent: `00-${TRACE}-${SPAN}-01` };
    expect((await postStructured(server.url, { ...event, ...own }, headers)).status).toBe(202);
    expect((await postStructured(server.url, event, headers)).status).toBe(202);
    expect((await postBatch(server.url, [event, { ...event, ...own }])).status).toBe(202);
    await tracer[Symbol.asyncDispose]();
    const spans = collector.spans;
    expect(spans.map((one) => [one.name, one.parentSpanId, one.links])).toEqual([
      ["process other", SPAN, [hop]],
      ["process other", hop.spanId, []],
      ["process other", undefined, []],
      ["process other", SPAN, []],
    ]);
    // What an event brings about goes on from its span.
    expect(seen).toEqual(spans.map((one) => `00-${one.traceId}-${one.spanId}-01`));
  });

  test("tells the code of an error or its class, and never its message", async () => {
    const tracer = await open();
    const errors = [
      Object.assign(new Error("of Erika"), { code: "ECONNRESET" }),
      new TypeError("4711"),
    ];
    for (const error of errors) {
      const failing = tracer.span({ name: "process" }, () => Promise.reject(error));
      await expect(failing).rejects.toBe(error);
    }
    await tracer[Symbol.asyncDispose]();
    expect(collector.spans.map(({ failed, attributes }) => [failed, attributes])).toEqual([
      [true, { "error.type": "ECONNRESET" }],
      [true, { "error.type": "TypeError" }],
    ]);
    expect(collector.bodies.join("")).not.toMatch(/Erika|4711/);
  });

  test.each([
    ["parentbased_always_on", 1, "00", false],
    ["parentbased_always_on", 1, "01", true],
    ["parentbased_traceidratio", 0, "01", true],
    ["parentbased_always_off", 1, "01", true],
    ["always_off", 1, "01", false],
    ["traceidratio", 0, "01", false],
    ["traceidratio", 1, "00", true],
    ["always_on", 1, "00", true],
  ] as const)(
    "with %s %d and upstream's flags %s recorded: %s",
    async (sampler, arg, flags, is) => {
      const tracer = await open(sampler, arg);
      const parent = `00-${TRACE}-${SPAN}-${flags}`;
      const onward = await tracer.span({ name: "process", parent }, (span) =>
        Promise.resolve(span.traceparent),
      );
      await tracer[Symbol.asyncDispose]();
      // What nobody can look up is not named as a parent.
      expect(onward).toBe(is ? `00-${TRACE}-${collector.spans[0]?.spanId ?? ""}-01` : parent);
      expect(collector.spans.length).toBe(is ? 1 : 0);
    },
  );

  test("keeps the decision that a trace that begins here is not recorded", async () => {
    const tracer = await open("parentbased_traceidratio", 0);
    const onward = await tracer.span({ name: "process" }, ({ traceparent }) =>
      tracer.span({ name: "claim" }, () => Promise.resolve(traceparent)),
    );
    await tracer[Symbol.asyncDispose]();
    expect(onward).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(collector.bodies).toEqual([]);
  });
});

const SOURCE = join(import.meta.dirname, "../../functions/request-intake/index.ts");

/** Intake as a process with this environment, one request, SIGTERM. */
async function serveOne(env: Readonly<Record<string, string>>, entry = SOURCE) {
  await using local = await startLocalLedger();
  await using sink = await startEventSink();
  const child = spawn(process.execPath, [entry], {
    env: {
      PORT: "0",
      METRICS_PORT: "0",
      IDENTITY: "none",
      K_SINK: sink.url,
      KUBECONFIG: local.kubeconfig,
      OTEL_BSP_SCHEDULE_DELAY: "10",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const loaded: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => loaded.push(line));
  const lines: LogLine[] = [];
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(JSON.parse(line) as LogLine));
  const exited = once(child, "exit");
  try {
    while (!lines.some((line) => line.msg === "listening")) await once(output, "line");
    const { port } = lines.find((line) => line.msg === "listening") ?? {};
    const asked = requested({ customer_id: "c", start_date: "2025-01-01", end_date: "2025-01-31" });
    const answer = await fetch(`http://127.0.0.1:${String(port)}/`, asked);
    await answer.text();
    child.kill("SIGTERM");
    const toldAt = performance.now();
    const [code] = (await exited) as [number];
    const stoppedMs = performance.now() - toldAt;
    return { status: answer.status, code, stoppedMs, lines, loaded, event: sink.events[0] };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Names each module of OpenTelemetry that the process loads. */
const WATCHED = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) {
      if (url.includes("opentelemetry")) process.stderr.write(url + "\\n");
      return next(url, context);
    } });
  `)}`,
};

describe("a function", () => {
  test("loads nothing of OpenTelemetry without a collector, and begins no trace", async () => {
    const { status, code, loaded, event } = await serveOne(WATCHED);
    expect([status, code]).toEqual([200, 0]);
    expect(loaded).toEqual([]);
    expect(event?.headers).not.toHaveProperty("ce-traceparent");
  });

  test("sends at SIGTERM what still waits", async () => {
    await using collector = await startOtlpCollector();
    const env = { ...WATCHED, OTEL_BSP_SCHEDULE_DELAY: "600000" };
    const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/v1/traces` };
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20let-me-in" };
    const names = { OTEL_SERVICE_NAME: "intake" };
    const { code, loaded } = await serveOne({ ...env, ...traces, ...headers, ...names });
    expect(code).toBe(0);
    expect(loaded.length).toBeGreaterThan(0);
    expect(collector.spans.map((one) => [one.service, one.name])).toEqual([
      ["intake", "ledger index"],
      ["intake", "ledger create"],
      ["intake", "send recorded"],
      ["intake", "process requested"],
    ]);
    expect(collector.headers[0]).toMatchObject({ authorization: "Bearer let-me-in" });
  });

  test("sends them out of its bundle too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "traced-bundle-"));
    await using collector = await startOtlpCollector();
    try {
      const program = `import { bundle } from ${JSON.stringify(BUNDLE)};
        await bundle("request-intake", ${JSON.stringify(folder)});`;
      await run(process.execPath, ["--input-type=module", "-e", program]);
      await serveOne({ [ENDPOINT]: collector.endpoint }, join(folder, "index.mjs"));
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(collector.spans.map((one) => [one.service, one.name])).toContainEqual([
      "request-intake",
      "process requested",
    ]);
  });

  // Whoever waited for an export would wait longer than intake may take (504) and than a test may.
  const PATIENT = { OTEL_EXPORTER_OTLP_TIMEOUT: "600000", DRAIN_SECONDS: "1" };

  test("serves and ends as ever when the collector is away", async () => {
    const env = { [ENDPOINT]: `http://127.0.0.1:${await freePort()}`, ...PATIENT };
    const { status, code } = await serveOne(env);
    expect([status, code]).toEqual([200, 0]);
  });

  test("serves and ends as ever when the collector refuses, and says so once", async () => {
    await using collector = await startOtlpCollector((response) => response.writeHead(400).end());
    const { status, code, lines } = await serveOne({ [ENDPOINT]: collector.endpoint });
    expect([status, code]).toEqual([200, 0]);
    const said = lines.filter((line) => line.msg === "the collector does not accept spans");
    expect(said.map((line) => line["level"])).toEqual(["warn"]);
  });

  test("serves and ends as ever when the collector never answers", async () => {
    await using collector = await startOtlpCollector(() => undefined);
    const env = { [ENDPOINT]: collector.endpoint, ...PATIENT };
    const { status, code, stoppedMs } = await serveOne(env);
    expect([status, code]).toEqual([200, 0]);
    expect(collector.bodies.length).toBeGreaterThan(0);
    // The SDK itself would wait for thirty seconds.
    expect(stoppedMs).toBeLessThan(25_000);
  });
});
