/** How the database and the object store answer. */
import type { MetricsRegistry } from "../../platform/telemetry/metrics-registry.ts";
import type { ObserveQuery } from "../source/query-times.ts";
import type { ObserveS3Call } from "../../platform/store/s3-client.ts";

export interface SourceMetrics {
  readonly s3Call: ObserveS3Call;
  readonly query: ObserveQuery;
}

/** Parts of a multipart upload take longest; a request ends after two minutes. */
const S3_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** The database counts as gone after thirty silent seconds. */
const SQL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function makeSourceMetrics(registry: MetricsRegistry): SourceMetrics {
  const s3Calls = registry.histogram({
    name: "s3_call_duration_seconds",
    help: "S3 calls with their tries, by operation and the last status; none without an answer.",
    labels: ["operation", "status"],
    buckets: S3_SECONDS,
  });
  const queries = registry.histogram({
    name: "sql_query_duration_seconds",
    help: "Queries in front of the rows by what they ask for; connect is a place in the pool.",
    labels: ["query", "outcome"],
    buckets: SQL_SECONDS,
  });
  return {
    s3Call: ({ operation, status, seconds }) =>
      s3Calls.observe(
        { operation, status: status === undefined ? "none" : String(status) },
        seconds,
      ),
    query: (query, outcome, seconds) => queries.observe({ query, outcome }, seconds),
  };
}
