import { setTimeout as sleep } from "node:timers/promises";
import {
  instantly,
  NOW,
  pendingRequest,
  processing,
  startScanner,
  subjects,
  TICK,
  until,
} from "../support/functions/scanner.ts";

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
