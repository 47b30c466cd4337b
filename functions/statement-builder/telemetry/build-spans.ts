/** A build in a trace: a span for each phase of it, and for each query and call of S3. */
import type { Stored } from "../../platform/ledger/configmap-ledger.ts";
import type { SpanAttributes } from "../../platform/telemetry/spans.ts";
import type { Span, Tracer } from "../../platform/telemetry/tracing.ts";
import type { ObserveQuery } from "../source/query-times.ts";
import type { BuildEnd, BuildListener } from "../steps.ts";
import type { ObserveS3Call } from "../../platform/store/s3-client.ts";

/** What became of the request stands on the span of the event that offered it. */
export function buildSpans(tracer: Tracer): BuildListener {
  return {
    during: (name, work, facts) =>
      tracer.span({ name }, async (span) => {
        const result = await work();
        if (facts) span.set({ "transactions_collector.rows": facts(result).rows });
        return result;
      }),
    ended: (end) => endOfBuild(tracer.current(), end),
  };
}

export function tracedQueries(onQuery: ObserveQuery, tracer: Tracer): ObserveQuery {
  return (query, outcome, seconds) => {
    onQuery(query, outcome, seconds);
    tracer.past({ name: "sql", of: query }, seconds, outcome === "error" ? "error" : undefined);
  };
}

/** Parts are many, and lie within `build`. */
export function tracedS3Calls(onCall: ObserveS3Call, tracer: Tracer): ObserveS3Call {
  return (call) => {
    onCall(call);
    const { operation, status, seconds } = call;
    if (operation === "UploadPart") return;
    const failed = status === undefined ? "no_answer" : status >= 500 ? String(status) : undefined;
    const attributes = { "http.response.status_code": status };
    tracer.past({ name: "s3", of: operation, attributes }, seconds, failed);
  };
}

function endOfBuild(span: Span, { ending, stored }: BuildEnd): void {
  if (stored) span.set(resultOf(stored));
  else span.fail("lease_lost");
  if (ending.kind === "failed" || ending.kind === "retry") span.fail(ending.code);
}

function resultOf({ request }: Stored): SpanAttributes {
  return {
    "transactions_collector.record": request.facts.name,
    "transactions_collector.attempt": request.attempt,
    "transactions_collector.status": request.status,
    ...(request.status === "executed"
      ? {
          "transactions_collector.rows": request.rows,
          "transactions_collector.bytes": request.bytes,
        }
      : {}),
  };
}
