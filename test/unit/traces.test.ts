/** What a trace may hold, how it is named, and where an installation sends it. */
import { readFile } from "node:fs/promises";
import { SPAN_ATTRIBUTES, SPANS } from "../../functions/platform/telemetry/spans.ts";
import {
  readTraceparent,
  writeTraceparent,
} from "../../functions/platform/telemetry/traceparent.ts";
import { NO_TRACER } from "../../functions/platform/telemetry/tracing.ts";
import { renderInstallation } from "../support/cluster/installation.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;

describe("traceparent", () => {
  test("is read and written as W3C has it", () => {
    const context = { traceId: TRACE, spanId: SPAN, flags: 1 };
    expect(readTraceparent(TRACEPARENT)).toEqual(context);
    expect(writeTraceparent(context)).toBe(TRACEPARENT);
  });

  test.each([
    undefined,
    "",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}`,
    `${TRACEPARENT}\n`,
  ])("%j is none", (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });
});

describe("without a collector", () => {
  test("what came goes on unchanged, and names the lines of the log", async () => {
    const seen = await NO_TRACER.span({ name: "process", parent: TRACEPARENT }, (span) =>
      Promise.resolve([span.traceparent, span.logFields]),
    );
    expect(seen).toEqual([TRACEPARENT, { trace_id: TRACE }]);
  });

  test("nothing is begun", async () => {
    const seen = await NO_TRACER.span({ name: "process" }, (span) =>
      Promise.resolve([span.traceparent, span.logFields]),
    );
    expect(seen).toEqual([undefined, {}]);
  });
});

describe("the tables of infra/kubernetes/monitoring.md", () => {
  const rows = async (): Promise<readonly string[][]> => {
    const page = await readFile(
      new URL("../../infra/kubernetes/monitoring.md", import.meta.url),
      "utf8",
    );
    const [, section = ""] = /\n## Traces\n(.*?)\n## /s.exec(page) ?? [];
    return [...section.matchAll(/^\| `([^`]+)` *\|(.*)\|$/gm)].map(([, name = "", rest = ""]) => [
      name,
      ...rest.split("|").map((cell) => cell.trim()),
    ]);
  };

  test("have every span, and no other", async () => {
    const listed = (await rows()).filter((row) => row.length === 3);
    const made = Object.entries(SPANS).map(([name, span]) => [
      "of" in span ? `${name} <${span.of}>` : name,
      span.kind,
      span.says,
    ]);
    expect(listed).toEqual(made);
  });

  test("have every attribute, and no other", async () => {
    const listed = (await rows()).filter((row) => row.length === 2);
    expect(listed).toEqual(Object.entries(SPAN_ATTRIBUTES));
  });
});

test("the component sends the spans of the three functions, and so of the Job, to one collector", async () => {
  const components = ["jobs", "network-policies", "tracing"];
  const rendered = await renderInstallation({ on: "base", components });
  const settings = (name: string) =>
    rendered.find((one) => new RegExp(`^${name}-[a-z0-9]{10}$`).test(one.metadata.name))?.[
      "data"
    ] as Readonly<Record<string, string>>;
  const endpoints = ["request-intake", "pending-scanner", "statement-builder"].map(
    (name) => settings(name)["OTEL_EXPORTER_OTLP_ENDPOINT"],
  );
  const [endpoint = ""] = endpoints;
  expect(new Set(endpoints)).toEqual(
    new Set(["http://opentelemetry-collector.observability.svc:4318"]),
  );
  const job = rendered.find((one) => one.kind === "JobSink");
  expect(JSON.stringify(job)).toMatch(/"configMapRef":\{"name":"statement-builder-[a-z0-9]{10}"\}/);
  expect(settings("statement-builder-job")).not.toHaveProperty("OTEL_EXPORTER_OTLP_ENDPOINT");

  const policy = rendered.find((one) => one.metadata.name === "functions-egress");
  const { egress } = policy?.["spec"] as { egress: readonly Egress[] };
  const { hostname, port: text } = new URL(endpoint);
  const [service, namespace] = hostname.split(".");
  const port = Number(text);
  expect(egress.filter(({ ports }) => ports.some((one) => one.port === port))).toEqual([
    {
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          podSelector: { matchLabels: { "app.kubernetes.io/name": service } },
        },
      ],
      ports: [{ protocol: "TCP", port }],
    },
  ]);
});

interface Egress {
  readonly ports: readonly { readonly port: number }[];
}
