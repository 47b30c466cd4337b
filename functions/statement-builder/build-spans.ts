/**
 * A build in a trace: what it uses, with a span for each step taken through it. Rows are read while
 * their zip is uploaded, so `build` lasts until the upload's step `publishing`.
 */
import type { Stored } from "../platform/ledger/configmap-ledger.ts";
import type { SpanAttributes, SpanName } from "../platform/telemetry/spans.ts";
import { errorType, type Span, type Tracer } from "../platform/telemetry/tracing.ts";
import type { Ending } from "./ending.ts";
import type { ObserveQuery } from "./source/transactions.ts";
import type { ObserveS3Call } from "./store/s3-client.ts";
import type { StatementBucket } from "./store/statement-bucket.ts";
import type { Transactions } from "./source/transactions.ts";

export function tracedTransactions(transactions: Transactions, tracer: Tracer): Transactions {
  return {
    ...transactions,
    open: (query, signal) =>
      tracer.span({ name: "open snapshot" }, async (span) => {
        const snapshot = await transactions.open(query, signal);
        span.set({ "transactions_collector.rows": snapshot.rows });
        return snapshot;
      }),
  };
}

export function tracedBucket(bucket: StatementBucket, tracer: Tracer): StatementBucket {
  return {
    ...bucket,
    abortUploads: (key, signal) =>
      tracer.span({ name: "fence" }, () => bucket.abortUploads(key, signal)),
    look: (key, signal) => tracer.span({ name: "look" }, () => bucket.look(key, signal)),
    async publish(upload) {
      let phase = openPhase(tracer, "build");
      try {
        const outcome = await bucket.publish({
          ...upload,
          async onStep(step) {
            if (step === "publishing") {
              await phase.end();
              phase = openPhase(tracer, "publish");
            }
            await upload.onStep?.(step);
          },
        });
        await phase.end();
        return outcome;
      } catch (error) {
        await phase.end(error);
        throw error;
      }
    },
  };
}

/** A span that begins and ends in different callbacks. */
function openPhase(tracer: Tracer, name: SpanName) {
  const { promise, resolve } = Promise.withResolvers<{ readonly error?: unknown }>();
  const ended = tracer.span({ name }, async (span) => {
    const { error } = await promise;
    if (error !== undefined) span.fail(errorType(error));
  });
  return {
    async end(error?: unknown): Promise<void> {
      resolve({ error });
      await ended;
    },
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

/** What became of the request, on the span of the event that offered it. */
export function endOfBuild(span: Span, ending: Ending, stored: Stored | undefined): void {
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
