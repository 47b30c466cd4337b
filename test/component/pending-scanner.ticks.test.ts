import { setTimeout as sleep } from "node:timers/promises";
import type { PendingRequest } from "../../functions/domain/statement-request.ts";
import type { Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { answer, type SinkBehaviour } from "../support/functions/event-sink.ts";
import { postStructured, startEventServer } from "../support/functions/event-server.ts";
import {
  failed,
  NOW,
  owedCallback,
  pendingRequest,
  processing,
  scannerOn,
  startScanner,
  subjects,
  TICK,
} from "../support/functions/scanner.ts";

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
