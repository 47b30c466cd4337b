/** What became of the requests that came to this builder, and how long each took. */
import { DEFLATE_MISMATCH, ERROR_CODES } from "../../domain/failure.ts";
import { isFinal } from "../../domain/statement-request.ts";
import type { Stored } from "../../platform/ledger/configmap-ledger.ts";
import { secondsSince, type MetricsRegistry } from "../../platform/telemetry/metrics-registry.ts";
import type { BuildMeter } from "../build-meter.ts";
import type { CallbackSender } from "../callback/callback-sender.ts";
import type { Ending } from "../ending.ts";
import type { BuildListener } from "../steps.ts";

const CLAIM_OUTCOMES = [
  "claimed",
  "unknown-record",
  "final",
  "wait",
  "other-lane",
  "not-ready",
] as const;
/** A small statement takes a quarter of a second, a Job may take six hours. */
const CLAIM_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 540, 1_800, 7_200, 21_600];
/** From a wake-up that arrives to retries that go on for a day. */
const REQUEST_SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600, 21_600, 86_400];
const ATTEMPTS = [1, 2, 3, 4, 5, 10];

export function makeBuilderMetrics(registry: MetricsRegistry): BuildListener {
  const claims = registry.counter({
    name: "claims_total",
    help: "Requests offered to a builder, by what the claim came to; claimed is one attempt.",
    labels: ["outcome"],
  });
  const endings = registry.counter({
    name: "endings_total",
    help: "Attempts by how they ended, and the code of an error or of a reason; lost is a lease.",
    labels: ["ending", "code"],
  });
  const claimSeconds = registry.histogram({
    name: "claim_duration_seconds",
    help: "From the claim of an attempt to its last write, by ending.",
    labels: ["ending"],
    buckets: CLAIM_SECONDS,
  });
  const requestSeconds = registry.histogram({
    name: "recorded_to_executed_seconds",
    help: "From the moment a request was recorded to its executed statement.",
    buckets: REQUEST_SECONDS,
  });
  const attempts = registry.histogram({
    name: "request_attempts",
    help: "Attempts a request had taken when it ended.",
    buckets: ATTEMPTS,
  });
  const rows = registry.counter({
    name: "statement_rows_total",
    help: "Transactions in executed statements.",
  });
  const bytes = registry.counter({
    name: "statement_bytes_total",
    help: "Bytes of the zips of executed statements.",
  });
  const meters = new Set<BuildMeter>();
  const sumOf = (what: "rows" | "rowsCounted" | "bytesSent"): number =>
    [...meters].reduce((sum, meter) => sum + (meter.now[what] ?? 0), 0);
  registry.gauge({
    name: "builds_in_progress",
    help: "Claimed requests that this process is building.",
    collect: (gauge) => gauge.set(meters.size),
  });
  registry.gauge({
    name: "build_rows_counted",
    help: "Of the builds in progress, rows that come for the file each is writing.",
    collect: (gauge) => gauge.set(sumOf("rowsCounted")),
  });
  registry.gauge({
    name: "build_rows_read",
    help: "Of the builds in progress, rows that have come for the file each is writing.",
    collect: (gauge) => gauge.set(sumOf("rows")),
  });
  registry.gauge({
    name: "build_sent_bytes",
    help: "Of the builds in progress, bytes that the store has as parts.",
    collect: (gauge) => gauge.set(sumOf("bytesSent")),
  });
  startAtZero();

  /** What is there from the start can be seen to grow. */
  function startAtZero(): void {
    for (const outcome of CLAIM_OUTCOMES) claims.inc({ outcome }, 0);
    for (const code of ERROR_CODES) endings.inc({ ending: "failed", code }, 0);
    endings.inc({ ending: "retry", code: DEFLATE_MISMATCH }, 0);
    for (const ending of ["executed", "cancelled", "oversized", "lost"] as const)
      endings.inc({ ending, code: "" }, 0);
  }

  return {
    offered: (outcome) => claims.inc({ outcome }),
    building(meter) {
      meters.add(meter);
      return { [Symbol.dispose]: () => void meters.delete(meter) };
    },
    ended({ claimed, ending, stored }) {
      const outcome = outcomeOf(ending, stored);
      endings.inc(outcome);
      claimSeconds.observe({ ending: outcome.ending }, secondsSince(claimed.sentAt));
      if (!stored || !isFinal(stored.request)) return;
      const { request } = stored;
      attempts.observe(request.attempt);
      if (request.status !== "executed") return;
      requestSeconds.observe((request.executedAt - request.facts.recordedAt) / 1000);
      rows.inc(request.rows);
      bytes.inc(request.bytes);
    },
  };
}

function outcomeOf(
  ending: Ending,
  stored: Stored | undefined,
): { readonly ending: Ending["kind"]; readonly code: string } {
  if (!stored) return { ending: "lost", code: "" };
  const { request } = stored;
  // A retry too many is a failure.
  if (request.status === "failed") return { ending: "failed", code: request.errorCode };
  if (ending.kind === "retry") return { ending: ending.kind, code: ending.code };
  if (ending.kind === "handed-over") return { ending: ending.kind, code: ending.reason };
  return { ending: ending.kind, code: "" };
}

/** The same sender, with each try counted. */
export function countedCallbacks(
  sender: CallbackSender,
  registry: MetricsRegistry,
): CallbackSender {
  const tries = registry.counter({
    name: "callbacks_total",
    help: "Callbacks that were due, by what became of each; not-asked: its host is left alone.",
    labels: ["result"],
  });
  for (const result of ["delivered", "refused", "failed", "not-asked"] as const)
    tries.inc({ result }, 0);
  return {
    async send(url, event) {
      const result = await sender.send(url, event);
      tries.inc({ result: result.kind });
      return result;
    },
  };
}
