/**
 * Traces are off unless the environment names a collector, and then nothing of OpenTelemetry is
 * loaded.
 */
import type { ProgramName } from "../../domain/function-names.ts";
import { readCaFile } from "../tls/ca-certificates.ts";
import type { TracingConfig } from "../settings/tracing-variables.ts";
import type { Log } from "./log.ts";
import { NO_TRACER, type Tracer } from "./tracing.ts";

/** What is not sent at the end of the process within this time is dropped. */
const MAX_FLUSH_MS = 3_000;

/** @param config `DRAIN_SECONDS` bounds the last sending too */
export async function openTracer(
  name: ProgramName,
  config: TracingConfig & { readonly DRAIN_SECONDS: number },
  log: Log,
): Promise<Tracer> {
  if (!config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT && !config.OTEL_EXPORTER_OTLP_ENDPOINT)
    return NO_TRACER;
  // The SDK reads it by itself, and without a word goes on without it.
  const { OTEL_EXPORTER_OTLP_CERTIFICATE: caFile } = config;
  if (caFile !== undefined) readCaFile("OTEL_EXPORTER_OTLP_CERTIFICATE", caFile);
  const { makeOpenTelemetryTracer } = await import("./opentelemetry.ts");
  return makeOpenTelemetryTracer({
    name,
    sampler: config.OTEL_TRACES_SAMPLER,
    samplerArg: config.OTEL_TRACES_SAMPLER_ARG,
    delayMs: config.OTEL_BSP_SCHEDULE_DELAY,
    flushMs: Math.min(MAX_FLUSH_MS, config.DRAIN_SECONDS * 1000),
    log,
  });
}
