/**
 * OpenTelemetry's own variables, under their standard names. Where spans go and what the resource is
 * called is read by the SDK itself; it stands here so that a wrong value is found at the start.
 */
import * as z from "zod";
import { integer, oneOf, text, url, variable } from "./variables.ts";

const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

const pairs = (example: string) =>
  variable(z.string().regex(/^\s*[^=,\s]+\s*=[^=,]*(,\s*[^=,\s]+\s*=[^=,]*)*$/), {
    expected: "key=value separated by commas, with = and , in a value percent-encoded",
    example,
  });

export const TRACING_VARIABLES = {
  /** With it, or with the next one, spans are recorded and sent; without both nothing is loaded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url("http://collector.observability.svc:4318").optional(),
  /** The whole address, path included. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url(
    "http://collector.observability.svc:4318/v1/traces",
  ).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: pairs("authorization=Bearer%20token").optional(),
  /** Of one export with its tries, milliseconds. */
  OTEL_EXPORTER_OTLP_TIMEOUT: integer({ min: 1, max: 600_000, default: 10_000 }),
  OTEL_EXPORTER_OTLP_CERTIFICATE: text({
    expected: "the path of a PEM file",
    example: "/etc/collector-ca/ca.pem",
  }).optional(),
  /** Longest time a span waits for others before it is sent, milliseconds. */
  OTEL_BSP_SCHEDULE_DELAY: integer({ min: 1, max: 600_000, default: 5_000 }),
  /** The function's name unless set. */
  OTEL_SERVICE_NAME: text({ expected: "a name", example: "statement-builder" }).optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs("deployment.environment.name=production").optional(),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS, "parentbased_always_on"),
  /** Of the samplers with `traceidratio`: the share of the traces that are recorded. */
  OTEL_TRACES_SAMPLER_ARG: variable(
    z
      .string()
      .regex(/^\d(\.\d+)?$/)
      .transform(Number)
      .pipe(z.number().min(0).max(1))
      .default(1),
    { expected: "a number from 0 to 1", example: "0.1" },
  ),
} as const;

export type TracingConfig = z.output<z.ZodObject<typeof TRACING_VARIABLES>>;
