import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { announce, calledBack } from "../../functions/domain/outcome/telling.ts";
import {
  isFinal,
  recordRequest,
  type PendingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { connectLedger, type Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { wishedLedger } from "../../functions/platform/ledger/wished-ledger.ts";
import { makeConcurrencyLimit } from "../../functions/platform/limits/concurrency.ts";
import { openSourceCounts } from "../../functions/platform/ledger/source-counts.ts";
import { makePendingScanner } from "../../functions/pending-scanner/handler.ts";
import { makeScannerMetrics } from "../../functions/pending-scanner/metrics.ts";
import { makeMetricsRegistry } from "../../functions/platform/telemetry/metrics-registry.ts";
import { makeLedgerTally } from "../../functions/pending-scanner/ledger-tally.ts";
import { makeOffering, type TickLimits } from "../../functions/pending-scanner/offering.ts";
import { makeUndelivered } from "../../functions/pending-scanner/undelivered.ts";
import {
  accept,
  answer,
  startEventSink,
  type SentEvent,
  type SinkBehaviour,
} from "../support/functions/event-sink.ts";
import {
  makeTestLog,
  postStructured,
  startEventServer,
} from "../support/functions/event-server.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const DAY = 86_400_000;
const TICK = { specversion: "1.0", id: "t", source: "/clock", type: "dev.knative.sources.ping" };
const OBJECT = { bucket: "statements", key: "c-1-2-1768478400000.zip" };

/** `sequence` is both its place in time and the end of its name. */
function pendingRequest(customerId: string, sequence: number): PendingRequest {
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

function scannerOn({ ledger, local, limits, stopping, now }: ScannerParts, url: string) {
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

async function startScanner(settings: ScannerSettings = {}) {
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

const instantly = (): Promise<void> => Promise.resolve();

async function until(condition: () => boolean, seconds = 10): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !condition();) {
    if (performance.now() > end) throw new Error(`not so after ${seconds} s`);
    await sleep(10);
  }
}

const subjects = (events: readonly SentEvent[]): string[] =>
  events.map(({ headers }) => String(headers["ce-subject"]));

const processing = (request: PendingRequest, leaseExpiresAt: number): StatementRequest => ({
  ...request,
  status: "processing",
  holder: "pod/claim",
  attempt: 1,
  leaseExpiresAt,
  object: OBJECT,
});

const failed = (request: PendingRequest, failedAt: number, announced: boolean) =>
  ({ ...request, status: "failed", errorCode: "unknown_customer", failedAt, announced }) as const;

/** Told but for its callback, which was not taken then; it is made again a minute later. */
const owedCallback = (request: PendingRequest, triedAt: number): StatementRequest => {
  const facts = { ...request.facts, options: { callback_url: "https://hooks.example.com/" } };
  const accepted = announce(failed({ ...request, facts }, NOW - 180_000, false));
  const away = { kind: "failed", error: "http_503" } as const;
  return calledBack(accepted, away, { now: triedAt, random: 1 });
};

describe("a tick", () => {
  it("offers exactly what is due", async () => {
    await using scanner = await startScanner();
    const [due, later, live, dead, cancelled, told, untold] = [1, 2, 3, 4, 5, 6, 7].map((i) =>
      pendingRequest(`c${i}`, i),
    ) as [PendingRequest, ...PendingRequest[]] & Record<number, PendingRequest>;
    if (!later || !live || !dead || !cancelled || !told || !untold) throw new Error("seven");
    const [calledNow, calledLater] = [pendingRequest("c8", 8), pendingRequest("c9", 9)];
    await scanner.put(
      due,
      { ...later, nextAttemptAt: NOW + 60_000 },
      processing(live, NOW + 60_000),
      processing(dead, NOW),
      { ...cancelled, nextAttemptAt: NOW + 60_000, cancelRequestedAt: NOW - 1 },
      failed(told, NOW - 1, true),
      failed(untold, NOW - 1, false),
      owedCallback(calledNow, NOW - 120_000),
      owedCallback(calledLater, NOW - 1),
    );
    expect((await scanner.tick()).status).toBe(204);
    expect(subjects(scanner.sink.events).sort()).toEqual(
      [due, dead, cancelled, untold, calledNow].map(({ facts }) => facts.name).sort(),
    );
    expect(scanner.summary()).toMatchObject({
      pending: 3,
      processing: 2,
      unannounced: 1,
      callbacks: 2,
      oldest_pending_seconds: 3_600,
      due: 0,
      busy: 6,
      offered: 5,
      refused: 0,
      pruned: 0,
    });
    await scanner.tick();
    expect(scanner.summary()).toMatchObject({ executed: 0, failed: 1, cancelled: 0 });
  });

  it("sends `due` for the service and `oversized` for the Job lane", async () => {
    await using scanner = await startScanner();
    const [service, job] = [pendingRequest("a", 1), pendingRequest("b", 2)];
    await scanner.put(service, { ...job, lane: "job", nextAttemptAt: NOW });
    await scanner.tick();
    const window = Math.floor(NOW / 300_000);
    expect(scanner.sink.ids()).toEqual([
      `${service.facts.name}.0.${window}`,
      `${job.facts.name}.0.${window}`,
    ]);
    expect(scanner.sink.events.map(({ headers }) => headers["ce-type"])).toEqual([
      "io.transactions-collector.statement.due.v1",
      "io.transactions-collector.statement.oversized.v1",
    ]);
    expect(scanner.sink.events[0]?.headers["ce-source"]).toBe(
      "/transactions-collector/pending-scanner",
    );
  });

  it("with nothing owed sends nothing", async () => {
    await using scanner = await startScanner();
    expect((await scanner.tick()).status).toBe(204);
    expect(scanner.sink.events).toEqual([]);
    expect(scanner.summary()).toMatchObject({
      pending: 0,
      oldest_pending_seconds: 0,
      end: "caught-up",
    });
  });

  it("names a record it cannot read, and offers the others", async () => {
    await using scanner = await startScanner();
    const [good, bad] = [pendingRequest("a", 1), pendingRequest("b", 2)];
    await scanner.put(good, bad);
    const { core, namespace } = scanner.local;
    const body = await core.readNamespacedConfigMap({ namespace, name: bad.facts.name });
    body.data = { ...body.data, attempt: "many" };
    await core.replaceNamespacedConfigMap({ namespace, name: bad.facts.name, body });
    expect((await scanner.tick()).status).toBe(204);
    expect(subjects(scanner.sink.events)).toEqual([good.facts.name]);
    expect(scanner.lines).toContainEqual(
      expect.objectContaining({ msg: "unreadable record", record: bad.facts.name }),
    );
    expect(scanner.summary()).toMatchObject({ unreadable: 1 });
  });
});

describe("a sink that does not take offers", () => {
  const hangUp: SinkBehaviour = (_event, response) => {
    response.destroy();
  };
  it.each([
    ["answers 500", answer(500)],
    ["answers 404", answer(404)],
    ["hangs up", hangUp],
    ["never answers", () => undefined],
  ] as const)("%s: counted, and the tick is answered 503", async (_what, behaviour) => {
    await using scanner = await startScanner({ sink: behaviour });
    await scanner.put(pendingRequest("a", 1), pendingRequest("b", 2));
    expect(await scanner.tick()).toMatchObject({
      status: 503,
      body: { error: "sink_unavailable", problems: [] },
    });
    expect(scanner.summary()).toMatchObject({ offered: 0, refused: 2 });
  });
});

describe("an outcome that a consumer was not told", () => {
  async function withNote(scanner: Awaited<ReturnType<typeof startScanner>>) {
    const request = pendingRequest("c", 1);
    const { name } = request.facts;
    await scanner.put(failed(request, NOW, true));
    await scanner.local.ledger.noteUndelivered({
      record: name,
      attempt: request.attempt,
      repeats: 0,
      notBefore: NOW + 1_000,
    });
    return name;
  }

  it("is asked for when its time has come, by each tick until the record says so", async () => {
    await using scanner = await startScanner();
    const name = await withNote(scanner);
    await scanner.tick();
    expect(scanner.sink.ids()).toEqual([]);
    scanner.clock.now += 1_000;
    await scanner.tick();
    await scanner.tick();
    const [first, second, ...others] = scanner.sink.events;
    expect(others).toEqual([]);
    expect(first?.headers["ce-type"]).toBe("io.transactions-collector.statement.due.v1");
    expect(first?.headers["ce-id"]).toMatch(/\.announce\.0\./);
    expect(first?.headers["ce-subject"]).toBe(name);
    expect(JSON.parse(second?.body ?? "")).toMatchObject({ status: "failed", outcome_repeats: 0 });
    expect(scanner.summary()).toMatchObject({ undelivered: 1, asked: 1 });
    const stored = await scanner.local.ledger.read(name);
    if (stored?.request.status !== "failed") throw new Error("not failed");
    await scanner.local.ledger.replace(stored, { ...stored.request, outcomeRepeats: 1 });
    await scanner.tick();
    expect(scanner.sink.events).toHaveLength(2);
    expect(scanner.summary()).toMatchObject({ undelivered: 0, asked: 0 });
    expect(await scanner.names()).toEqual([name]);
  });

  it.each([
    ["of which there are many is asked for a few hundred a tick", accept, 510, 500],
    // Those that were sent already when the first was refused.
    ["is not asked for at a sink that has refused another", answer(500), 100, 8],
  ])("%s", async (_, sink, notes, most) => {
    await using scanner = await startScanner({ sink });
    const record = await withNote(scanner);
    const create = makeConcurrencyLimit(16);
    const { ledger } = scanner.local;
    await Promise.all(
      Array.from({ length: notes }, (_none, repeats) =>
        create(() => ledger.noteUndelivered({ record, attempt: 0, repeats, notBefore: NOW })),
      ),
    );
    await scanner.tick();
    expect(scanner.sink.events.length).toBeGreaterThan(0);
    expect(scanner.sink.events.length).toBeLessThanOrEqual(most);
  });

  it.each([
    ["whose time has not come", NOW + 1_000, 0],
    // Those that were looked at already when the first was refused.
    ["behind one that the sink has refused", NOW, 8],
  ])("%s costs no call", async (_, notBefore, most) => {
    await using local = await startLocalLedger();
    const { ledger } = local;
    const request = failed(pendingRequest("c", 1), NOW, true);
    await ledger.create(pendingRequest("c", 1));
    const stored = await ledger.read(request.facts.name);
    if (!stored) throw new Error("not stored");
    await ledger.replace(stored, request);
    for (let repeats = 0; repeats < 50; repeats++)
      await ledger.noteUndelivered({ record: stored.name, attempt: 0, repeats, notBefore });
    let looks = 0;
    const list: typeof ledger.list = (filter, signal) => {
      looks++;
      return ledger.list(filter, signal);
    };
    const see = makeUndelivered({
      ledger: { ...ledger, list },
      sink: { send: () => Promise.resolve({ kind: "refused", status: 500 }) },
      now: () => NOW,
    });
    const { signal } = new AbortController();
    const { log } = makeTestLog();
    expect(await see({ signal, log })).toEqual({ undelivered: 50, asked: 0 });
    expect(looks).toBeLessThanOrEqual(most);
  });

  it("of an attempt before the last one needs nothing any more", async () => {
    await using scanner = await startScanner();
    const name = await withNote(scanner);
    const stored = await scanner.local.ledger.read(name);
    if (!stored) throw new Error("not stored");
    await scanner.local.ledger.replace(stored, { ...stored.request, attempt: 7 });
    scanner.clock.now += 1_000;
    await scanner.tick();
    expect(scanner.sink.events).toEqual([]);
    expect(await scanner.names()).toEqual([name]);
  });

  it("of a request that is gone needs nothing any more", async () => {
    await using scanner = await startScanner();
    await withNote(scanner);
    const stored = await scanner.local.ledger.read(pendingRequest("c", 1).facts.name);
    if (!stored) throw new Error("not stored");
    await scanner.local.ledger.remove(stored);
    scanner.clock.now += 1_000;
    await scanner.tick();
    expect(scanner.sink.events).toEqual([]);
    expect(await scanner.names()).toEqual([]);
  });
});

describe("a wish to cancel beside a record", () => {
  const wishFor = (request: PendingRequest) => ({
    record: request.facts.name,
    customerId: request.facts.customerId,
    requestedAt: NOW,
    requestedBy: "system:serviceaccount:billing:api",
  });

  it("has its request offered before every turn, though its next attempt is far away", async () => {
    await using scanner = await startScanner({ limits: { builderCapacity: 1 } });
    await scanner.put(pendingRequest("a", 1));
    const late = { ...pendingRequest("z", 2), nextAttemptAt: NOW + DAY };
    await scanner.put(late);
    await scanner.local.ledger.wish(wishFor(late));
    await scanner.tick();
    expect(scanner.sink.events[0]?.headers["ce-subject"]).toBe(late.facts.name);
    expect(scanner.summary()).toMatchObject({ wishes: 1 });
  });

  it("stays until its request has ended, and goes with the tick after that", async () => {
    await using scanner = await startScanner();
    const request = pendingRequest("c", 1);
    const { name } = request.facts;
    await scanner.put(request);
    await scanner.local.ledger.wish(wishFor(request));
    await scanner.tick();
    expect((await scanner.local.ledger.readWish(name))?.wish).toEqual(wishFor(request));
    const stored = await scanner.local.ledger.read(name);
    if (!stored) throw new Error("not stored");
    await scanner.local.ledger.replace(stored, failed(request, NOW, true));
    await scanner.tick();
    expect(await scanner.local.ledger.readWish(name)).toBeUndefined();
    expect([await scanner.names(), scanner.summary()]).toEqual([
      [name],
      expect.objectContaining({ wishes: 0 }),
    ]);
  });

  it("goes when its record is gone", async () => {
    await using scanner = await startScanner();
    const request = pendingRequest("c", 1);
    await scanner.local.ledger.wish(wishFor(request));
    await scanner.tick();
    expect(await scanner.names()).toEqual([]);
  });

  it("that cannot be read stays, and is told", async () => {
    await using scanner = await startScanner();
    const labels = {
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": "cancel-wish",
    };
    const body = { metadata: { name: "cancel-x", labels }, data: { record: "x" } };
    const { core, namespace } = scanner.local;
    await core.createNamespacedConfigMap({ namespace, body });
    await scanner.tick();
    expect(scanner.summary()).toMatchObject({ wishes: 1 });
    expect(await scanner.names()).toEqual(["cancel-x"]);
  });
});

it("answers 503 while the ledger cannot be read", async () => {
  await using scanner = await startScanner({
    ledger: (ledger) => ({
      ...ledger,
      list: () => {
        throw new LedgerUnavailable("down");
      },
    }),
  });
  expect(await scanner.tick()).toMatchObject({
    status: 503,
    body: { error: "ledger_unavailable" },
  });
  // The next tick is a tick again.
  expect((await scanner.tick()).status).toBe(503);
});

describe("what the gauges say of it", () => {
  it("how long the oldest wish to cancel has waited, whoever has its request", async () => {
    await using scanner = await startScanner();
    const [held, offered] = [pendingRequest("c1", 1), pendingRequest("c2", 2)];
    await scanner.put(
      { ...processing(held, NOW + 60_000), cancelRequestedAt: NOW - 90_000 },
      { ...offered, cancelRequestedAt: NOW - 20_000 },
    );
    expect(await scanner.metric("oldest_cancel_age_seconds")).toBeNaN();
    await scanner.tick();
    expect(await scanner.metric("oldest_cancel_age_seconds")).toBe(90);
    scanner.clock.now += 30_000;
    expect(await scanner.metric("oldest_cancel_age_seconds")).toBe(120);
    await scanner.end(held);
    await scanner.tick();
    expect(await scanner.metric("oldest_cancel_age_seconds")).toBe(50);
    await scanner.end(offered);
    await scanner.tick();
    expect(await scanner.metric("oldest_cancel_age_seconds")).toBe(0);
  });

  const away = (ledger: Ledger): Ledger => ({
    ...ledger,
    list: () => {
      throw new LedgerUnavailable("away");
    },
  });
  it.each([
    ["caught-up", {}],
    ["refused", { sink: answer(503) }],
    ["failed", { ledger: away }],
  ] as const)("why a tick offered no more: %s", async (end, settings) => {
    await using scanner = await startScanner(settings);
    await scanner.put(pendingRequest("c", 1));
    await scanner.tick();
    const ends = ["caught-up", "deadline", "refused", "stopping", "failed"];
    const counts = ends.map((one) => scanner.metric(`ticks_total{end="${one}"}`));
    expect(await Promise.all(counts)).toEqual(ends.map((one) => (one === end ? 1 : 0)));
  });
});

describe("two ticks at once", () => {
  it("in one process: the second one prolongs the first, and nothing is offered twice", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 1, perCustomer: 1, deadlineMs: 1_500 },
    });
    await scanner.put(pendingRequest("a", 1), pendingRequest("b", 2));
    const first = scanner.tick();
    await sleep(500);
    const second = scanner.tick();
    expect((await first).status).toBe(204);
    const firstEnd = scanner.summary();
    expect((await second).status).toBe(204);
    expect(firstEnd).toMatchObject({ end: "deadline", due: 1, offered: 1 });
    expect(new Set(scanner.sink.ids()).size).toBe(scanner.sink.events.length);
  });

  it("in two processes: the same offers, under the same ids", async () => {
    await using scanner = await startScanner();
    await scanner.put(...Array.from({ length: 4 }, (_, i) => pendingRequest(`c${i}`, i)));
    const stop = new AbortController();
    const { limits, local } = scanner;
    const parts = { ledger: local.ledger, local, limits, stopping: stop.signal, now: () => NOW };
    const { handle, offering } = scannerOn(parts, scanner.sink.url);
    await using other = await startEventServer({ routes: { "/": { handle } } });
    await Promise.all([scanner.tick(), postStructured(other.url, TICK)]);
    stop.abort();
    await offering.ended();
    expect(scanner.sink.events).toHaveLength(8);
    expect(new Set(scanner.sink.ids()).size).toBe(4);
  });
});

describe("a backlog", () => {
  it("is drained by one tick whose sender has gone", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 1, perCustomer: 1, deadlineMs: 20_000 },
      build: () => sleep(50),
    });
    const requests = Array.from({ length: 20 }, (_, i) => pendingRequest(`c${i}`, i));
    await scanner.put(...requests);
    await expect(
      fetch(scanner.url, {
        method: "POST",
        headers: { "content-type": "application/cloudevents+json" },
        body: JSON.stringify(TICK),
        signal: AbortSignal.timeout(100),
      }),
    ).rejects.toThrow();
    await until(() => scanner.summary() !== undefined);
    expect(scanner.summary()).toMatchObject({ end: "caught-up", offered: 20, due: 0 });
    expect(new Set(subjects(scanner.sink.events)).size).toBe(20);
  });

  it("ends with the process: the sender is told to send its tick again", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 1, perCustomer: 1, deadlineMs: 60_000 },
    });
    await scanner.put(pendingRequest("a", 1), pendingRequest("b", 2));
    const tick = scanner.tick();
    await until(() => scanner.sink.events.length > 0);
    scanner.stop();
    expect(await tick).toMatchObject({ status: 503, body: { error: "shutting_down" } });
  });

  it("goes at the builders' speed", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 2, deadlineMs: 20_000 },
      build: () => sleep(20),
    });
    await scanner.put(...Array.from({ length: 300 }, (_, i) => pendingRequest(`c${i % 30}`, i)));
    const began = performance.now();
    expect((await scanner.tick()).status).toBe(204);
    expect(scanner.summary()).toMatchObject({ end: "caught-up", offered: 300 });
    expect(new Set(subjects(scanner.sink.events)).size).toBe(300);
    // Two at a time, a round a second, take 150 s; two builders of 20 ms without a pause 3 s.
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it("is not held up by offers that were lost", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 2, deadlineMs: 10_000 },
      build: instantly,
      lost: 2,
    });
    await scanner.put(...Array.from({ length: 10 }, (_, i) => pendingRequest(`c${i}`, i)));
    expect((await scanner.tick()).status).toBe(204);
    expect(scanner.summary()).toMatchObject({ end: "caught-up", offered: 10 });
  });

  it("offers a lost one again, in the same tick", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 1, deadlineMs: 25_000 },
      build: instantly,
      lost: 1,
    });
    await scanner.put(pendingRequest("a", 1));
    await scanner.tick();
    await until(() => scanner.sink.events.length === 2, 20);
    expect(new Set(subjects(scanner.sink.events)).size).toBe(1);
  });

  it("takes in what comes while a tick lasts, when its own wake-up had time to do it", async () => {
    await using scanner = await startScanner({ limits: { deadlineMs: 10_000 } });
    expect((await scanner.tick()).status).toBe(204);
    const late = pendingRequest("late", 1);
    await scanner.put(late);
    await sleep(1_000);
    expect(scanner.sink.events).toEqual([]);
    await until(() => scanner.sink.events.length > 0);
    expect(subjects(scanner.sink.events)).toEqual([late.facts.name]);
  });

  it("looks at what nobody changes only when it may come due", async () => {
    await using scanner = await startScanner({ limits: { deadlineMs: 3_000 } });
    await scanner.put(processing(pendingRequest("held", 1), NOW + 3_600_000));
    await scanner.tick();
    const { asked } = scanner.clock;
    await scanner.ended();
    expect(scanner.clock.asked - asked).toBeLessThan(6);
  });

  it("offers at a tick's end what the builders finish until the next one", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 2, perCustomer: 2, deadlineMs: 4_000 },
      build: () => sleep(50),
    });
    await scanner.put(...Array.from({ length: 600 }, (_, i) => pendingRequest(`c${i % 60}`, i)));
    expect((await scanner.tick()).status).toBe(204);
    const { end, offered, busy } = scanner.summary() as Record<string, unknown>;
    expect(end).toBe("deadline");
    // A quarter of the deadline passes until the next tick; the builders have a second in hand anyway.
    const perSecond = (Number(offered) - Number(busy)) / 4;
    expect(Number(busy)).toBeGreaterThan(1.5 * perSecond);
  });
});

describe("fair ticks", () => {
  it("one customer's thousand requests do not delay another's one", async () => {
    await using scanner = await startScanner();
    await scanner.put(...Array.from({ length: 1_000 }, (_, i) => pendingRequest("many", i)));
    await scanner.put(pendingRequest("one", 2_000));
    await scanner.tick();
    const customers = scanner.sink.events.map(({ headers }) => headers["ce-partitionkey"]);
    // They are sent side by side, and arrive in any order.
    expect(customers.filter((customer) => customer === "one")).toHaveLength(1);
    // No more than its share, although two places are left: the next customer finds room.
    expect(customers).toHaveLength(6);
    expect(
      subjects(scanner.sink.events)
        .filter((name) => name.includes("many"))
        .sort(),
    ).toEqual([0, 1, 2, 3, 4].map((i) => pendingRequest("many", i).facts.name));
  }, 120_000);

  it("a customer that comes late has its turn within two rounds", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 4, deadlineMs: 30_000 },
      build: () => sleep(20),
    });
    await scanner.put(...Array.from({ length: 800 }, (_, i) => pendingRequest("many", i)));
    const tick = scanner.tick();
    await until(() => scanner.sink.events.length > 50);
    const late = pendingRequest("one", 2_000);
    await scanner.put({ ...late, attempt: 1 });
    const before = scanner.sink.events.length;
    await tick;
    const place = subjects(scanner.sink.events).indexOf(late.facts.name) - before;
    expect(place).toBeGreaterThanOrEqual(0);
    // Two rounds: each of the builders, and what they finish in a second at the most.
    expect(place).toBeLessThan(2 * (4 + 4 * 50));
  });

  it("keeps within what the builders can do beside what they are doing", async () => {
    await using scanner = await startScanner();
    await scanner.put(
      ...[1, 2, 3, 4, 5].map((i) => processing(pendingRequest(`busy${i}`, i), NOW + 60_000)),
      ...[6, 7, 8, 9, 10].map((i) => pendingRequest(`c${i}`, i)),
    );
    await scanner.tick();
    expect(subjects(scanner.sink.events).sort()).toEqual(
      [6, 7, 8].map((i) => pendingRequest(`c${i}`, i).facts.name).sort(),
    );
    expect(scanner.summary()).toMatchObject({ due: 2, busy: 8, offered: 3, end: "deadline" });
  });

  it("counts what is being built towards a customer's share", async () => {
    await using scanner = await startScanner({ limits: { perCustomer: 3 } });
    await scanner.put(
      ...[1, 2].map((i) => processing(pendingRequest("a", i), NOW + 60_000)),
      ...[3, 4, 5].map((i) => pendingRequest("a", i)),
      ...[6, 7, 8, 9].map((i) => pendingRequest("b", i)),
    );
    await scanner.tick();
    const customers = scanner.sink.events.map(({ headers }) => headers["ce-partitionkey"]);
    expect(customers.sort()).toEqual(["a", "b", "b", "b"]);
  });

  it("what somebody wants cancelled comes before every turn", async () => {
    await using scanner = await startScanner({ limits: { builderCapacity: 2, perCustomer: 1 } });
    const unwanted = { ...pendingRequest("a", 999), cancelRequestedAt: NOW - 1 };
    await scanner.put(...[1, 2, 3].map((i) => pendingRequest("a", i)), unwanted);
    await scanner.tick();
    expect(subjects(scanner.sink.events)).toContain(unwanted.facts.name);
  });

  it("has no more out than the builders can take, though nobody claims", async () => {
    await using scanner = await startScanner({
      limits: { builderCapacity: 2, deadlineMs: 1_500 },
    });
    await scanner.put(...Array.from({ length: 6 }, (_, i) => pendingRequest(`c${i}`, i)));
    await scanner.tick();
    expect(scanner.sink.events).toHaveLength(2);
    expect(scanner.summary()).toMatchObject({ busy: 2, due: 4, end: "deadline" });
  });
});

describe("retention", () => {
  const old = NOW - 30 * DAY - 1;

  it("deletes what has ended, was announced and has rested, after saying so", async () => {
    const saidBefore: boolean[] = [];
    await using scanner = await startScanner({
      ledger: (ledger) => ({
        ...ledger,
        async remove(ref) {
          saidBefore.push(scanner.lines.some((line) => line["request_id"] === ref.name));
          return await ledger.remove(ref);
        },
      }),
    });
    const gone = pendingRequest("a", 1);
    const kept = [
      failed(pendingRequest("b", 2), NOW - 30 * DAY + 1, true),
      failed(pendingRequest("c", 3), old, false),
      pendingRequest("d", 4),
      processing(pendingRequest("e", 5), old),
    ];
    await scanner.put(failed(gone, old, true), ...kept);
    await scanner.tick();
    expect(new Set(await scanner.names())).toEqual(new Set(kept.map(({ facts }) => facts.name)));
    expect(scanner.summary()).toMatchObject({ pruned: 1 });
    expect(saidBefore).toEqual([true]);
    expect(scanner.lines).toContainEqual(
      expect.objectContaining({
        audit: "delete",
        request_id: gone.facts.name,
        kind: "failed",
        ended_at: new Date(old).toISOString(),
      }),
    );
  });

  it("deletes an executed record, immutable as it is", async () => {
    await using scanner = await startScanner();
    const request = pendingRequest("a", 1);
    const result = { rows: 1, bytes: 1, sha256: "0", asOf: old };
    await scanner.put({
      ...request,
      ...result,
      status: "executed",
      object: OBJECT,
      executedAt: old,
      announced: true,
    });
    await scanner.tick();
    expect(await scanner.names()).toEqual([]);
  });

  it("leaves a record that has changed since it was read", async () => {
    await using scanner = await startScanner({
      ledger: (ledger) => ({
        ...ledger,
        async remove(ref) {
          const stored = await ledger.read(ref.name);
          if (stored) await ledger.replace(stored, pendingRequest("a", 1));
          return await ledger.remove(ref);
        },
      }),
    });
    await scanner.put(failed(pendingRequest("a", 1), old, true));
    expect((await scanner.tick()).status).toBe(204);
    expect(await scanner.names()).toHaveLength(1);
    expect(scanner.summary()).toMatchObject({ pruned: 0 });
  });

  it("deletes rejected events after the same time", async () => {
    await using scanner = await startScanner();
    const reject = (hash: string, receivedAt: number) =>
      scanner.local.ledger.keepRejected({
        hash,
        sharer: "/bank",
        fields: { received_at: new Date(receivedAt).toISOString() },
      });
    await reject("1".repeat(64), old);
    const { name } = await reject("2".repeat(64), NOW);
    await scanner.tick();
    expect(await scanner.names()).toEqual([name]);
  });

  it.each(["yesterday", ""])(
    "deletes one that came %p, by its ConfigMap's own time",
    async (at) => {
      await using scanner = await startScanner();
      const fields = { received_at: at };
      await scanner.local.ledger.keepRejected({ hash: "1".repeat(64), sharer: "/bank", fields });
      scanner.clock.now = Date.now() + 29 * DAY;
      await scanner.tick();
      expect(await scanner.names()).toHaveLength(1);
      scanner.clock.now += 2 * DAY;
      await scanner.tick();
      expect(await scanner.names()).toEqual([]);
    },
  );

  describe("of an index", () => {
    const recordedLongAgo = (customerId: string, sequence: number): PendingRequest => {
      const { facts } = pendingRequest(customerId, sequence);
      return recordRequest({ ...facts, recordedAt: old });
    };

    it("comes after its record, in one pass, and not while the record rests", async () => {
      await using scanner = await startScanner();
      const request = recordedLongAgo("a", 1);
      await scanner.index(request);
      await scanner.put(failed(request, old + 2, true));
      await scanner.tick();
      expect([await scanner.names(), await scanner.indexes()]).toEqual([
        [request.facts.name],
        [expect.stringMatching(/^statement-event-[0-9a-f]{40}$/)],
      ]);
      scanner.clock.now += 2;
      await scanner.tick();
      expect([await scanner.names(), await scanner.indexes()]).toEqual([[], []]);
      const deleted = scanner.lines.filter(({ audit }) => audit === "delete");
      expect(deleted).toMatchObject([
        { kind: "failed", request_id: request.facts.name },
        { kind: "event-index", record: expect.stringMatching(/^statement-event-/) as unknown },
      ]);
    });

    it("does not come while its record is under the name with a hash", async () => {
      await using scanner = await startScanner();
      const request = recordedLongAgo("a", 1);
      await scanner.index(request);
      // printf '["/bank","a-1"]' | sha256sum | cut -c1-16
      const name = `${request.facts.name}-c298035720953cf1`;
      await scanner.put(recordRequest({ ...request.facts, name }));
      await scanner.tick();
      expect(await scanner.indexes()).toHaveLength(1);
    });

    it("that never had a record comes by its own time", async () => {
      await using scanner = await startScanner();
      await scanner.index(recordedLongAgo("a", 1));
      await scanner.index(pendingRequest("b", 2));
      await scanner.tick();
      expect(await scanner.indexes()).toHaveLength(1);
      expect(scanner.summary()).toMatchObject({ pruned: 1 });
    });
  });

  it("goes on in the next tick where it stopped, more than one tick's share at a time", async () => {
    await using scanner = await startScanner();
    await scanner.put(
      ...Array.from({ length: 520 }, (_, i) => failed(pendingRequest("a", i), old, true)),
    );
    await scanner.tick();
    expect(scanner.summary()).toMatchObject({ pruned: 500 });
    await scanner.tick();
    expect(await scanner.names()).toEqual([]);
  }, 120_000);
});

describe("how many records each source has", () => {
  /** The first four hexadecimal digits of their SHA-256. */
  const FLOOD = "3966";
  const BANK = "5546";
  const flood = (sequence: number): PendingRequest => {
    const { facts, ...pending } = pendingRequest("f", sequence);
    return { ...pending, facts: { ...facts, event: { ...facts.event, source: "/flood" } } };
  };
  const written = async (local: LocalLedger) => {
    const where = { namespace: local.namespace, name: "records-by-source" };
    const { data, metadata } = await local.core.readNamespacedConfigMap(where);
    const records: unknown = JSON.parse(data?.["records"] ?? "null");
    return { counted_at: data?.["counted_at"], records, labels: metadata?.labels };
  };

  it("is told intake at each tick, of what is owed and of what has ended", async () => {
    await using scanner = await startScanner();
    const { local } = scanner;
    const metadata = { name: "records-by-source", labels: { whose: "of-the-manifests" } };
    await local.core.createNamespacedConfigMap({ namespace: local.namespace, body: { metadata } });
    await scanner.put(flood(1), flood(2), failed(flood(3), NOW, true), pendingRequest("b", 1));
    expect((await scanner.tick()).status).toBe(204);
    expect(await written(local)).toEqual({
      counted_at: "2026-01-15T12:00:00.000Z",
      records: { [FLOOD]: 3, [BANK]: 1 },
      labels: { whose: "of-the-manifests" },
    });

    const stored = await local.ledger.read(flood(1).facts.name);
    if (!stored) throw new Error("not stored");
    await local.ledger.remove(stored);
    scanner.clock.now += 60_000;
    // A tick that prolongs an earlier one does not list anew.
    for (const end = performance.now() + 10_000; performance.now() < end;) {
      await scanner.tick();
      if (JSON.stringify(await written(local)).includes(`"${FLOOD}":2`)) break;
    }
    expect(await written(local)).toMatchObject({
      counted_at: "2026-01-15T12:01:00.000Z",
      records: { [FLOOD]: 2, [BANK]: 1 },
    });
  });

  it("is nobody's without the ConfigMap, which is said", async () => {
    await using scanner = await startScanner();
    await scanner.put(flood(1));
    expect((await scanner.tick()).status).toBe(204);
    expect(await scanner.names()).toEqual([flood(1).facts.name]);
    expect(scanner.lines).toContainEqual(
      expect.objectContaining({
        msg: "there is no ConfigMap records-by-source: no source has a share of the ledger",
      }),
    );
  });
});
