import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeMetricsRegistry } from "../../functions/platform/telemetry/metrics-registry.ts";
import { startMetricsServer } from "../../functions/platform/server/metrics-server.ts";
import { makeTestLog } from "../support/functions/event-server.ts";

async function startMetrics() {
  const registry = makeMetricsRegistry();
  const server = await startMetricsServer({ port: 0, registry, log: makeTestLog().log });
  const url = `http://127.0.0.1:${String(server.port)}`;
  return { registry, url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test("serves what was counted in Prometheus' text format, and the process beside it", async () => {
  await using metrics = await startMetrics();
  const counter = metrics.registry.counter({ name: "x_total", help: "X.", labels: ["kind"] });
  counter.inc({ kind: "a" }, 3);
  const response = await fetch(`${metrics.url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      "# HELP transactions_collector_x_total X.",
      "# TYPE transactions_collector_x_total counter",
      'transactions_collector_x_total{kind="a"} 3',
      "# TYPE process_resident_memory_bytes gauge",
      "# TYPE process_cpu_seconds_total counter",
      "# TYPE nodejs_eventloop_lag_p99_seconds gauge",
    ]),
  );
});

test("two scrapes at once are answered", async () => {
  await using metrics = await startMetrics();
  const both = await Promise.all([1, 2].map(() => fetch(`${metrics.url}/metrics`)));
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
});

test("a gauge says nothing until it is set", async () => {
  const registry = makeMetricsRegistry();
  const gauge = registry.gauge({ name: "level", help: "Level." });
  expect(await registry.scrape()).not.toMatch(/^transactions_collector_level /m);
  gauge.set(0);
  expect(await registry.scrape()).toMatch(/^transactions_collector_level 0$/m);
});

test("has one path and takes no events", async () => {
  await using metrics = await startMetrics();
  const statuses = await Promise.all([
    fetch(`${metrics.url}/`).then(({ status }) => status),
    fetch(`${metrics.url}/metrics`, { method: "POST", body: "{}" }).then(({ status }) => status),
    fetch(`${metrics.url}/metrics`, { method: "HEAD" }).then(({ status }) => status),
  ]);
  expect(statuses).toEqual([404, 405, 200]);
});

test("a port that is taken is logged, and the function goes on", async () => {
  const other = createServer().listen(0);
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const { log, lines } = makeTestLog();
  await using server = await startMetricsServer({ port, registry: makeMetricsRegistry(), log });
  expect(server.port).toBeUndefined();
  expect(lines).toMatchObject([
    { level: "error", msg: "metrics are not served", metrics_port: port },
  ]);
  other.close();
});

test("closes although a scraper keeps its connection", async () => {
  const registry = makeMetricsRegistry();
  const server = await startMetricsServer({ port: 0, registry, log: makeTestLog().log });
  const url = `http://127.0.0.1:${String(server.port)}/metrics`;
  await (await fetch(url)).text();
  await server[Symbol.asyncDispose]();
  await expect(fetch(url)).rejects.toThrow();
});
