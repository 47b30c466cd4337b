/**
 * The tracer that records, with OpenTelemetry's SDK: spans are kept in memory, at most two thousand of
 * them, and sent in batches by OTLP over HTTP. A collector that is slow or away costs spans, never a
 * request. Imported only when one is named.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Span as RecordedSpan,
  type SpanContext,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from "@opentelemetry/sdk-trace";
import type { ProgramName } from "../../domain/function-names.ts";
import type { Log } from "./log.ts";
import { SPANS, type SpanAttributes, type SpanKind as Kind } from "./spans.ts";
import { readTraceparent, writeTraceparent } from "./traceparent.ts";
import { errorType, unrecorded, type Span, type SpanStart, type Tracer } from "./tracing.ts";
import type { SamplerName } from "../settings/tracing-variables.ts";
import { startTimer, steadyClock, stopTimer } from "../clock/clock.ts";

export interface OpenTelemetryOptions {
  /** The service's name, unless `OTEL_SERVICE_NAME` has another. */
  readonly name: ProgramName;
  readonly sampler: SamplerName;
  readonly samplerArg: number;
  /** Longest time a span waits for others, milliseconds. */
  readonly delayMs: number;
  /** Longest last sending, milliseconds. */
  readonly flushMs: number;
  readonly log: Log;
}

const KINDS: Readonly<Record<Kind, SpanKind>> = {
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
};

/** The running span, handed down to whatever it awaits. */
interface Running {
  readonly context: SpanContext;
  readonly span: Span;
}

export function makeOpenTelemetryTracer(options: OpenTelemetryOptions): Tracer {
  const exporter = withLog(new OTLPTraceExporter(), options.log);
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ "service.name": options.name }))
      .merge(
        detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
      ),
    sampler: samplerOf(options),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: options.delayMs })],
  });
  const tracer = provider.getTracer("transactions-collector");
  const running = new AsyncLocalStorage<Running>();

  /**
   * Undefined where there is no parent and nothing that may begin a trace.
   * @param startTime milliseconds since the epoch; now unless given
   */
  function begin(start: SpanStart, startTime?: number): RecordedSpan | undefined {
    const current = running.getStore()?.context;
    const cause = contextOf(start.parent);
    const parent = cause && cause.traceId !== current?.traceId ? cause : (current ?? cause);
    const { kind } = SPANS[start.name];
    if (!parent && kind !== "consumer") return undefined;
    const others = [
      parent === current ? undefined : current,
      ...(start.links ?? []).map(contextOf),
    ];
    const links = others.flatMap((context) =>
      context && context.spanId !== parent?.spanId ? [{ context }] : [],
    );
    const name = start.of === undefined ? start.name : `${start.name} ${start.of}`;
    return tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        links,
        attributes: { ...start.attributes },
        ...(startTime !== undefined && { startTime }),
      },
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    );
  }

  return {
    async span(start, work) {
      const recorded = begin(start);
      if (!recorded) return await work(unrecorded(start.parent));
      const span = spanOf(recorded, start.parent);
      try {
        return await running.run({ context: recorded.spanContext(), span }, () => work(span));
      } catch (error) {
        span.fail(errorType(error));
        throw error;
      } finally {
        recorded.end();
      }
    },
    past(start, seconds, error) {
      if (!running.getStore()) return;
      const now = steadyClock();
      const recorded = begin(start, now - seconds * 1000);
      if (recorded && error !== undefined) fail(recorded, error);
      recorded?.end(now);
    },
    current: () => running.getStore()?.span ?? unrecorded(undefined),
    async [Symbol.asyncDispose]() {
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const timer = startTimer(() => resolve(undefined), options.flushMs);
      // What went wrong is in the log already.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      stopTimer(timer);
    },
  };
}

function samplerOf({ sampler, samplerArg }: OpenTelemetryOptions): Sampler {
  switch (sampler) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(samplerArg);
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerArg) });
  }
}

function contextOf(traceparent: string | undefined): SpanContext | undefined {
  const read = readTraceparent(traceparent);
  if (!read) return undefined;
  const { traceId, spanId, flags } = read;
  return { traceId, spanId, traceFlags: flags & TraceFlags.SAMPLED, isRemote: true };
}

function spanOf(recorded: RecordedSpan, parent: string | undefined): Span {
  const { traceId, spanId, traceFlags: flags } = recorded.spanContext();
  const own = writeTraceparent({ traceId, spanId, flags });
  // One that no sampler took is nowhere to be found: what came goes on in its place.
  if (!recorded.isRecording()) return unrecorded(parent ?? own);
  return {
    traceparent: own,
    logFields: { trace_id: traceId, span_id: spanId },
    set: (attributes: SpanAttributes) => void recorded.setAttributes({ ...attributes }),
    fail: (code) => fail(recorded, code),
  };
}

function fail(recorded: RecordedSpan, code: string): void {
  recorded.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR });
}

/** Says once that spans are not accepted, and once that they are again. */
function withLog(exporter: SpanExporter, log: Log): SpanExporter {
  let refused = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { error: err } = result;
        if (err && !refused) log.warn({ err }, "the collector does not accept spans");
        if (!err && refused) log.info("the collector accepts spans again");
        refused = err !== undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
