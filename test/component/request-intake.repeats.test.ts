import { recordRequest } from "../../functions/domain/statement-request.ts";
import type { Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { postBatch, postBinary, postStructured } from "../support/functions/event-server.ts";
import {
  at,
  ATTRIBUTES,
  DATA,
  DAY,
  EVENT,
  NAME,
  NOW,
  refusal,
  startIntake,
  TIME,
  TYPE,
} from "../support/functions/intake.ts";

describe("the same event again", () => {
  it("is the same record and the same answer, also at once and in other modes", async () => {
    await using intake = await startIntake();
    const first = await postStructured(intake.url, EVENT);
    intake.clock.now += 5_000;
    const again = await Promise.all([
      postStructured(intake.url, EVENT),
      postBinary(intake.url, ATTRIBUTES, DATA),
      postStructured(intake.url, { ...EVENT, time: "2026-01-15T12:59:58.1230+01:00" }),
    ]);
    for (const reply of again) {
      expect(reply).toMatchObject({ status: 200, body: first.body });
      expect(reply.headers.get("ce-id")).toBe(first.headers.get("ce-id"));
      expect(reply.headers.get("ce-time")).toBe(first.headers.get("ce-time"));
    }
    expect(await intake.names()).toEqual([NAME]);
  });

  it("twenty at once are one record", async () => {
    await using intake = await startIntake();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => postStructured(intake.url, EVENT)),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await intake.names()).toEqual([NAME]);
  });

  it("is answered long after it would have been refused", async () => {
    await using intake = await startIntake();
    const first = await postStructured(intake.url, EVENT);
    intake.clock.now += 40 * 86_400_000;
    expect(await postStructured(intake.url, EVENT)).toMatchObject({
      status: 200,
      body: first.body,
    });
  });

  it("with other data is a conflict, and changes nothing", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, EVENT);
    const before = await intake.local.configMaps();
    for (const change of [{ end_date: "2025-12-30" }, { time_zone: "UTC" }]) {
      const reply = await postStructured(intake.url, { ...EVENT, data: { ...DATA, ...change } });
      expect(reply).toMatchObject(refusal("id", "event_conflict"));
    }
    expect(await intake.local.configMaps()).toEqual(before);
  });

  it("wakes a builder only while the record is pending", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, EVENT);
    await postStructured(intake.url, EVENT);
    expect(intake.sink.events).toHaveLength(2);
    const stored = await intake.local.ledger.read(NAME);
    if (stored?.request.status !== "pending") throw new Error("not pending");
    const failed = {
      ...stored.request,
      status: "failed",
      errorCode: "unknown_customer",
      failedAt: NOW,
      announced: true,
    } as const;
    await intake.local.ledger.replace(stored, failed);
    const reply = await postStructured(intake.url, EVENT);
    expect(reply.headers.get("ce-id")).toBe(`${NAME}.failed`);
    expect(reply.body).toMatchObject({ status: "failed", error_code: "unknown_customer" });
    expect(intake.sink.events).toHaveLength(2);
  });
});

/** printf '["/bank","e-1"]' | sha256sum | cut -c1-40 */
const INDEX = "statement-event-17aadd54a6c2a85a45f730f1483b365f33eb7f98";

describe("source and id are the event", () => {
  it("has an index with the first one's time and facts, which nobody can change", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, { ...EVENT, data: { ...DATA, formats: ["pdf"] } });
    const [index, ...others] = await intake.local.indexes();
    expect(others).toEqual([]);
    expect(index?.metadata?.name).toBe(INDEX);
    expect(index?.metadata?.labels).toEqual({
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": "event-index",
      "transactions-collector.io/customer": "c-1001",
    });
    expect(index?.immutable).toBe(true);
    expect(index?.data).toEqual({
      customer_id: "c-1001",
      start_date: "2025-12-01",
      end_date: "2025-12-31",
      time_zone: "UTC",
      period_basis: "booking_date",
      options: '{"formats":["pdf"]}',
      event_source: "/bank",
      event_id: "e-1",
      event_time: TIME,
      event_type: TYPE,
      recorded_at: "2026-01-15T12:00:00.000Z",
    });
  });

  it("another time is the same request and the same answer, in the window and out of it", async () => {
    await using intake = await startIntake();
    const first = await postStructured(intake.url, EVENT);
    intake.clock.now += 5_000;
    for (const time of [at(NOW + 4_000), at(NOW - 28 * DAY), at(NOW - 90 * DAY), at(NOW + DAY)]) {
      const again = await postStructured(intake.url, { ...EVENT, time });
      expect(again).toMatchObject({ status: 200, body: first.body });
      expect(again.headers.get("ce-id")).toBe(`${NAME}.recorded`);
    }
    expect(await intake.names()).toEqual([NAME]);
    expect(await intake.local.indexes()).toHaveLength(1);
  });

  it("twenty at once, each with a time of its own, are one record", async () => {
    await using intake = await startIntake();
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        postStructured(intake.url, { ...EVENT, time: at(NOW - i * 1_000) }),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(replies.map(({ headers }) => headers.get("ce-subject"))).size).toBe(1);
    expect(await intake.names()).toHaveLength(1);
  });

  it.each([
    ["another customer", { customer_id: "c-2002" }],
    ["other dates", { end_date: "2025-12-30" }],
    ["other options", { language: "de" }],
  ])("%s is a conflict, whatever the time", async (_, change) => {
    await using intake = await startIntake();
    await postStructured(intake.url, EVENT);
    for (const time of [TIME, at(NOW)]) {
      const other = { ...EVENT, time, data: { ...DATA, ...change } };
      expect(await postStructured(intake.url, other)).toMatchObject(
        refusal("id", "event_conflict"),
      );
    }
    expect(await intake.names()).toEqual([NAME]);
  });

  it("an index without a record gets it from any repeat, as the first one asked for it", async () => {
    let down = true;
    await using intake = await startIntake({
      ledger: (ledger) => ({
        ...ledger,
        create: (request) =>
          down ? Promise.reject(new LedgerUnavailable("down")) : ledger.create(request),
      }),
    });
    expect((await postStructured(intake.url, EVENT)).status).toBe(503);
    expect([await intake.names(), (await intake.local.indexes()).length]).toEqual([[], 1]);
    down = false;
    intake.clock.now += 60_000;
    const healed = await postStructured(intake.url, { ...EVENT, time: at(NOW + 60_000) });
    expect(healed.status).toBe(200);
    const [record, ...others] = await intake.local.configMaps();
    expect(others).toEqual([]);
    expect(record?.metadata?.name).toBe(NAME);
    expect(record?.data).toMatchObject({ event_time: TIME, recorded_at: at(NOW) });
  });

  it("an index out of its window whose record is gone makes no new record", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, EVENT);
    const stored = await intake.local.ledger.read(NAME);
    if (!stored) throw new Error("not recorded");
    await intake.local.ledger.remove(stored);
    intake.clock.now += 29 * DAY + 1_000;
    for (const time of [TIME, at(intake.clock.now)])
      expect(await postStructured(intake.url, { ...EVENT, time })).toMatchObject(
        refusal("time", "time_out_of_window"),
      );
    expect(await intake.names()).toEqual([]);
  });

  it("an event whose index is gone too is a new request", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, EVENT);
    const { core, namespace } = intake.local;
    for (const name of [NAME, INDEX]) await core.deleteNamespacedConfigMap({ namespace, name });
    intake.clock.now += 40 * DAY;
    const time = at(intake.clock.now - 1);
    const reply = await postStructured(intake.url, { ...EVENT, time });
    expect(reply.headers.get("ce-subject")).toBe(
      `transaction-request-c-1001-${intake.clock.now - 1}`,
    );
  });

  it("what a version without indexes has recorded is found by its time", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, EVENT);
    const { core, namespace } = intake.local;
    await core.deleteNamespacedConfigMap({ namespace, name: INDEX });
    // Other data first: it is a conflict, and does not hide the record from the right ones.
    const other = { ...EVENT, data: { ...DATA, end_date: "2025-12-30" } };
    expect(await postStructured(intake.url, other)).toMatchObject(refusal("id", "event_conflict"));
    const reply = await postStructured(intake.url, EVENT);
    expect([reply.status, reply.headers.get("ce-subject")]).toEqual([200, NAME]);
    expect(await intake.names()).toEqual([NAME]);
  });

  it("a record of version 0.1.0, which read a header's escapes otherwise, is found", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, { ...EVENT, source: "/a/b" });
    const [index] = await intake.local.indexes();
    const { core, namespace } = intake.local;
    await core.deleteNamespacedConfigMap({ namespace, name: index?.metadata?.name ?? "" });
    const reply = await postBinary(intake.url, { ...ATTRIBUTES, source: "/a%2Fb" }, DATA);
    expect([reply.status, reply.headers.get("ce-subject")]).toEqual([200, NAME]);
    expect(await intake.names()).toEqual([NAME]);
  });

  it("an event of this version that only used to look the same is another one", async () => {
    await using intake = await startIntake();
    await postStructured(intake.url, { ...EVENT, source: "/a/b" });
    const reply = await postBinary(intake.url, { ...ATTRIBUTES, source: "/a%2Fb" }, DATA);
    expect(reply.headers.get("ce-subject")).toMatch(new RegExp(`^${NAME}-[0-9a-f]{16}$`));
  });

  it("costs two calls of the ledger, three for a repeat, and no list", async () => {
    const calls: string[] = [];
    await using intake = await startIntake({
      ledger: (ledger) =>
        Object.fromEntries(
          Object.entries(ledger).map(([name, call]) => [
            name,
            (...given: never[]) => {
              calls.push(name);
              return (call as (...all: never[]) => unknown)(...given);
            },
          ]),
        ) as unknown as Ledger,
    });
    await postStructured(intake.url, EVENT);
    expect(calls.splice(0)).toEqual(["index", "create"]);
    await postStructured(intake.url, { ...EVENT, time: at(NOW) });
    expect(calls).toEqual(["index", "readIndex", "read"]);
  });
});

describe("other events of the same customer in the same millisecond", () => {
  it("have names of their own, and find them again", async () => {
    await using intake = await startIntake();
    const events = Array.from({ length: 8 }, (_, i) => ({ ...EVENT, id: `e-${i}` }));
    const subjects = async () => {
      const replies = await Promise.all(events.map((event) => postStructured(intake.url, event)));
      return replies.map(({ headers }) => headers.get("ce-subject") ?? "");
    };
    const first = await subjects();
    expect(new Set(first).size).toBe(8);
    expect(first.filter((name) => name === NAME)).toHaveLength(1);
    const others = first.filter((name) => name !== NAME);
    for (const name of others) expect(name).toMatch(new RegExp(`^${NAME}-[0-9a-f]{16}$`));
    expect(await subjects()).toEqual(first);
    expect((await intake.names()).sort()).toEqual([...first].sort());
    // Past its window an event is still answered with its record.
    intake.clock.now += 40 * 86_400_000;
    expect(await subjects()).toEqual(first);
  });

  it("cost the thousandth what the second does", async () => {
    let calls = 0;
    await using intake = await startIntake({
      ledger: (ledger) => ({
        ...ledger,
        create: (request) => (calls++, ledger.create(request)),
        read: (name, signal) => (calls++, ledger.read(name, signal)),
      }),
    });
    const send = async (from: number, count: number): Promise<number> => {
      const before = calls;
      const events = Array.from({ length: count }, (_, i) => ({ ...EVENT, id: `e-${from + i}` }));
      expect((await postBatch(intake.url, events)).status).toBe(202);
      return calls - before;
    };
    await send(0, 1);
    const second = await send(1, 1);
    for (let from = 2; from < 1_000; from += 166) await send(from, Math.min(166, 1_000 - from));
    expect(await intake.names()).toHaveLength(1_000);
    expect(await send(1_000, 1)).toBe(second);
    expect(second).toBeLessThanOrEqual(4);
  }, 120_000);

  it("cannot be made dear by events of the milliseconds behind", async () => {
    let calls = 0;
    await using intake = await startIntake({
      ledger: (ledger) => ({
        ...ledger,
        read: (name, signal) => (calls++, ledger.read(name, signal)),
      }),
    });
    const behind = Array.from({ length: 100 }, (_, i) => ({
      ...EVENT,
      id: `b-${i}`,
      time: new Date(Date.parse(TIME) + i).toISOString(),
    }));
    expect((await postBatch(intake.url, behind)).status).toBe(202);
    calls = 0;
    expect((await postStructured(intake.url, EVENT)).status).toBe(200);
    expect(calls).toBeLessThan(25);
  });

  it("are found where version 0.1.0 put them", async () => {
    await using intake = await startIntake();
    const { ledger } = intake.local;
    const time = Date.parse(TIME);
    // It gave the next free millisecond: 30 records, the last one of the event that comes again.
    for (let step = 0; step < 30; step++) {
      const id = step === 29 ? "e-1" : `old-${step}`;
      await ledger.create(
        recordRequest({
          name: `transaction-request-c-1001-${time + step}`,
          customerId: "c-1001",
          startDate: "2025-12-01",
          endDate: "2025-12-31",
          timeZone: "UTC",
          options: {},
          event: { source: "/bank", id, type: TYPE, time },
          recordedAt: NOW,
        }),
      );
    }
    const reply = await postStructured(intake.url, EVENT);
    expect(reply.headers.get("ce-subject")).toBe(`transaction-request-c-1001-${time + 29}`);
    expect(await intake.names()).toHaveLength(30);
  });

  it("are refused for good, not for now, when their very hash is taken", async () => {
    await using intake = await startIntake({
      ledger: (ledger) => ({
        ...ledger,
        create: () => Promise.resolve("exists"),
        // Whatever is looked for is there, and is another event's.
        read: () => ledger.read(NAME),
      }),
    });
    await intake.local.ledger.create(
      recordRequest({
        name: NAME,
        customerId: "c-1001",
        startDate: "2025-12-01",
        endDate: "2025-12-31",
        timeZone: "UTC",
        options: {},
        event: { source: "/bank", id: "another", type: TYPE, time: Date.parse(TIME) },
        recordedAt: NOW,
      }),
    );
    const reply = await postStructured(intake.url, EVENT);
    expect(reply).toMatchObject(refusal("id", "event_conflict"));
  });
});
