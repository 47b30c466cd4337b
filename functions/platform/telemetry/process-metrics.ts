/**
 * The process itself, under the names that every dashboard for Node knows. Loaded with the first
 * scrape. Without what prom-client counts besides: its CPU figures bring OpenTelemetry along.
 */
import Counter from "prom-client/lib/counter.js";
import type Registry from "prom-client/lib/registry.js";
import eventLoopLag from "prom-client/lib/metrics/eventLoopLag.js";
import gc from "prom-client/lib/metrics/gc.js";
import heapSizeAndUsed from "prom-client/lib/metrics/heapSizeAndUsed.js";
import osMemoryHeap from "prom-client/lib/metrics/osMemoryHeap.js";
import processOpenFileDescriptors from "prom-client/lib/metrics/processOpenFileDescriptors.js";
import processStartTime from "prom-client/lib/metrics/processStartTime.js";

export function addProcessMetrics(registry: Registry): void {
  processStartTime(registry);
  osMemoryHeap(registry);
  heapSizeAndUsed(registry);
  processOpenFileDescriptors(registry);
  eventLoopLag(registry);
  gc(registry);
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
