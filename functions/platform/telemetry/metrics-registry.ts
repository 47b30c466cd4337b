/**
 * What Prometheus is told. A registry is made once a process and handed to whoever counts; all its
 * names have one prefix, and infra/kubernetes/monitoring.md lists them.
 *
 * Labels come from closed sets in this code: never a customer, a record, a key or a text.
 *
 * The parts of prom-client are imported one by one: with its index come the cluster module, a digest
 * and OpenTelemetry, which a function that starts from zero would pay for. The figures of the
 * process (memory, CPU, event loop) are loaded with the first scrape, so nobody pays for them who
 * is not asked.
 */
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import { monotonic } from "../clock/clock.ts";

const PREFIX = "transactions_collector_";

interface Description<L extends string> {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

interface GaugeDescription<L extends string> extends Description<L> {
  readonly collect?: (gauge: Gauge<L>) => void;
}

export interface MetricsRegistry {
  counter<L extends string = never>(description: Description<L>): Counter<L>;
  /** Has no value until it is set; `collect` is called before each scrape. */
  gauge<L extends string = never>(description: GaugeDescription<L>): Gauge<L>;
  histogram<L extends string = never>(
    description: Description<L> & { readonly buckets: readonly number[] },
  ): Histogram<L>;
  readonly contentType: string;
  /** Prometheus' text format: every metric with its values, those of the process too. */
  scrape(): Promise<string>;
  /** The metrics of the prefix, in the order they were made. */
  described(): readonly DescribedMetric[];
}

export interface DescribedMetric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export function makeMetricsRegistry(): MetricsRegistry {
  const registry = new Registry();
  const made: DescribedMetric[] = [];
  let process: Promise<void> | undefined;

  function describe<L extends string>(
    type: DescribedMetric["type"],
    { name, help, labels = [] }: Description<L>,
  ) {
    const described = { name: PREFIX + name, help, labels };
    made.push({ ...described, type });
    return { name: described.name, help, labelNames: [...labels], registers: [registry] };
  }

  async function addProcess(): Promise<void> {
    const { addProcessMetrics } = await import("./process-metrics.ts");
    addProcessMetrics(registry);
  }

  return {
    counter: (description) => new Counter(describe("counter", description)),
    gauge<L extends string = never>({ collect, ...description }: GaugeDescription<L>) {
      const gauge: Gauge<L> = new Gauge<L>({
        ...describe("gauge", description),
        ...(collect && { collect: () => collect(gauge) }),
      });
      // The library starts at 0, which would be an answer nobody has asked for yet.
      if (!description.labels) gauge.remove();
      return gauge;
    },
    histogram: ({ buckets, ...description }) =>
      new Histogram({ ...describe("histogram", description), buckets: [...buckets] }),
    contentType: registry.contentType,
    async scrape() {
      await (process ??= addProcess());
      return await registry.metrics();
    },
    described: () => made,
  };
}

/** Seconds since `startedAt`, a reading of `monotonic()`. */
export function secondsSince(startedAt: number): number {
  return (monotonic() - startedAt) / 1000;
}
