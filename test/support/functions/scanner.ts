/** pending-scanner on a real HTTP port, with a ledger and a sink of its own, and requests in every state. */
import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { announce, calledBack } from "../../../functions/domain/outcome/telling.ts";
import {
  isFinal,
  recordRequest,
  type PendingRequest,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { makeCloudEventSink } from "../../../functions/platform/cloudevents/cloudevent-sink.ts";
import { connectLedger, type Ledger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { wishedLedger } from "../../../functions/platform/ledger/wished-ledger.ts";
import { makeConcurrencyLimit } from "../../../functions/platform/limits/concurrency.ts";
import { openSourceCounts } from "../../../functions/platform/ledger/source-counts.ts";
import { makePendingScanner } from "../../../functions/pending-scanner/handler.ts";
import { makeScannerMetrics } from "../../../functions/pending-scanner/metrics.ts";
import { makeMetricsRegistry } from "../../../functions/platform/telemetry/metrics-registry.ts";
import { makeLedgerTally } from "../../../functions/pending-scanner/ledger-tally.ts";
import { makeOffering, type TickLimits } from "../../../functions/pending-scanner/offering.ts";
import { accept, startEventSink, type SentEvent, type SinkBehaviour } from "./event-sink.ts";
import { makeTestLog, postStructured, startEventServer } from "./event-server.ts";
import { startLocalLedger, type LocalLedger } from "../servers/local-ledger.ts";

export const NOW = Date.UTC(2026, 0, 15, 12);
export const DAY = 86_400_000;
export const TICK = {
  specversion: "1.0",
  id: "t",
  source: "/clock",
  type: "dev.knative.sources.ping",
};
export const OBJECT = { bucket: "statements", key: "c-1-2-1768478400000.zip" };

/** `sequence` is both its place in time and the end of its name. */
export function pendingRequest(customerId: string, sequence: number): PendingRequest {
  const recordedAt = NOW - 3_600_000 + sequence;
  return recordRequest({
    name: `transaction-request-${customerId}-${recordedAt}`,
    customerId,
    startDate: "2025-12-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: `${customerId}-${sequence}`, type: "t", time: recordedAt },
    recordedAt,
  });
}

interface ScannerSettings {
  readonly limits?: Partial<TickLimits>;
  readonly sink?: SinkBehaviour;
  /** What a builder does with an offer; without it and `sink` nobody takes them. */
  readonly build?: () => Promise<void>;
  /** So many offers are accepted and lost. */
  readonly lost?: number;
  readonly ledger?: (ledger: Ledger) => Ledger;
}

interface ScannerParts {
  readonly ledger: Ledger;
  readonly local: LocalLedger;
  readonly limits: TickLimits;
  readonly stopping: AbortSignal;
  readonly now: () => number;
}

export function scannerOn({ ledger, local, limits, stopping, now }: ScannerParts, url: string) {
  const { log } = makeTestLog();
  const tally = makeLedgerTally(ledger, openSourceCounts(local, connectLedger(local)), now);
  const registry = makeMetricsRegistry();
  const metrics = makeScannerMetrics(registry, { limits, now });
  const sink = makeCloudEventSink({ url, log });
  const offering = makeOffering({
    ledger: wishedLedger(tally.counted),
    sink,
    metrics,
    limits,
    now,
    stopping,
  });
  const shared = { ledger: tally.counted, tally, sink, metrics, now, stopping };
  const parts = { ...shared, offering, retentionMs: 30 * DAY };
  return { handle: makePendingScanner(parts), offering, scrape: () => registry.scrape() };
}

export async function startScanner(settings: ScannerSettings = {}) {
  await using opened = new AsyncDisposableStack();
  const clock = { now: NOW, asked: 0 };
  const local = opened.use(await startLocalLedger());
  const limits = { perCustomer: 5, builderCapacity: 8, deadlineMs: 500, ...settings.limits };
  const builders = startBuilders(local, limits.builderCapacity, settings.build ?? instantly);
  let lost = 0;
  const behaviour: SinkBehaviour = (event, response) =>
    settings.build && ++lost > (settings.lost ?? 0)
      ? builders.take(event, response)
      : accept(event, response);
  opened.defer(() => builders.ended());
  const sink = opened.use(await startEventSink(settings.sink ?? behaviour));
  const ledger = settings.ledger ? settings.ledger(local.ledger) : local.ledger;
  const stop = new AbortController();
  const now = (): number => {
    clock.asked++;
    return clock.now;
  };
  const parts = { ledger, local, limits, stopping: stop.signal, now };
  const { handle, offering, scrape } = scannerOn(parts, sink.url);
  opened.defer(() => offering.ended());
  opened.defer(() => stop.abort());
  const server = opened.use(await startEventServer({ routes: { "/": { handle } } }));
  const resources = opened.move();
  return {
    clock,
    sink,
    url: server.url,
    limits,
    stop: () => stop.abort(),
    ended: () => offering.ended(),
    local,
    lines: server.lines,
    tick: () => postStructured(server.url, TICK),
    /** The value of a series, without the prefix. */
    async metric(series: string) {
      const start = `transactions_collector_${series} `;
      const line = (await scrape()).split("\n").find((one) => one.startsWith(start));
      return Number(line?.slice(start.length));
    },
    /** The line each tick ends with. */
    summary: () => server.lines.filter(({ msg }) => msg === "tick").at(-1),
    async put(...requests: readonly StatementRequest[]) {
      for (const request of requests) {
        const created = recordRequest(request.facts);
        await local.ledger.create(created);
        const stored = await local.ledger.read(request.facts.name);
        if (!stored) throw new Error("not stored");
        if (!isDeepStrictEqual(request, created)) await local.ledger.replace(stored, request);
      }
    },
    /** As its builder would. */
    async end({ facts }: PendingRequest) {
      const stored = await local.ledger.read(facts.name);
      if (!stored || isFinal(stored.request)) throw new Error("not open");
      const { leaseExpiresAt: _, ...open } = stored.request;
      await local.ledger.replace(stored, failed({ ...open } as PendingRequest, NOW, true));
    },
    names: async () => (await local.configMaps()).map(({ metadata }) => metadata?.name),
    indexes: async () => (await local.indexes()).map(({ metadata }) => metadata?.name),
    async index({ facts: { name: _, ...event } }: StatementRequest) {
      await local.ledger.index(event);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** So many builders, each of which takes one offer after the other and ends it after `work`. */
function startBuilders(local: LocalLedger, count: number, work: () => Promise<void>) {
  const builds: Promise<void>[] = [];
  const inTurn = makeConcurrencyLimit(count);
  async function build(name: string): Promise<void> {
    const stored = await local.ledger.read(name);
    if (stored?.request.status !== "pending") throw new Error("offered twice");
    await work();
    await local.ledger.replace(stored, failed(stored.request, NOW, true));
  }
  const take: SinkBehaviour = (event, response) => {
    response.writeHead(202).end();
    builds.push(inTurn(() => build(String(event.headers["ce-subject"]))));
  };
  const ended = async (): Promise<void> => {
    await Promise.all(builds);
  };
  return { take, ended };
}

export const instantly = (): Promise<void> => Promise.resolve();

export async function until(condition: () => boolean, seconds = 10): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !condition();) {
    if (performance.now() > end) throw new Error(`not so after ${seconds} s`);
    await sleep(10);
  }
}

export const subjects = (events: readonly SentEvent[]): string[] =>
  events.map(({ headers }) => String(headers["ce-subject"]));

export const processing = (request: PendingRequest, leaseExpiresAt: number): StatementRequest => ({
  ...request,
  status: "processing",
  holder: "pod/claim",
  attempt: 1,
  leaseExpiresAt,
  object: OBJECT,
});

export const failed = (request: PendingRequest, failedAt: number, announced: boolean) =>
  ({ ...request, status: "failed", errorCode: "unknown_customer", failedAt, announced }) as const;

/** Told but for its callback, which was not taken then; it is made again a minute later. */
export const owedCallback = (request: PendingRequest, triedAt: number): StatementRequest => {
  const facts = { ...request.facts, options: { callback_url: "https://hooks.example.com/" } };
  const accepted = announce(failed({ ...request, facts }, NOW - 180_000, false));
  const away = { kind: "failed", error: "http_503" } as const;
  return calledBack(accepted, away, { now: triedAt, random: 1 });
};
