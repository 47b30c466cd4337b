import { recordRequest } from "../../functions/domain/statement-request.ts";
import type { Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeDeadLetterRoute } from "../../functions/request-intake/dead-letter.ts";
import { makeRequestIntake } from "../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeExplain } from "../../functions/request-intake/requested-event.ts";
import type { IntakeRules } from "../../functions/request-intake/requested-event.ts";
import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";
import {
  accept,
  answer,
  startEventSink,
  type SinkBehaviour,
} from "../support/functions/event-sink.ts";
import {
  makeTestLog,
  postBatch,
  postBinary,
  postStructured,
  startEventServer,
} from "../support/functions/event-server.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { UNSHARED } from "../support/servers/unshared-ledger.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const TIME = "2026-01-15T11:59:58.123Z";
const NAME = "transaction-request-c-1001-1768478398123";
const TYPE = "io.transactions-collector.statement.requested.v1";
const ATTRIBUTES = { specversion: "1.0", id: "e-1", source: "/bank", type: TYPE, time: TIME };
const DATA = { customer_id: "c-1001", start_date: "2025-12-01", end_date: "2025-12-31" };
const EVENT = { ...ATTRIBUTES, data: DATA };

interface IntakeSettings {
  readonly rules?: Partial<IntakeRules>;
  readonly sink?: SinkBehaviour;
  readonly wakeUps?: number;
  readonly maxBodyBytes?: number;
  readonly ledger?: (ledger: Ledger) => Ledger;
}

/** An intake on a real HTTP port, a ledger and a sink of its own; `clock.now` is its clock. */
async function startIntake(settings: IntakeSettings = {}) {
  await using opened = new AsyncDisposableStack();
  const clock = { now: NOW };
  const now = (): number => clock.now;
  const local = opened.use(await startLocalLedger());
  const sink = opened.use(await startEventSink(settings.sink ?? accept));
  const ledger = settings.ledger ? settings.ledger(local.ledger) : local.ledger;
  const { log, lines } = makeTestLog();
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
    ...settings.rules,
  };
  const explain = makeExplain(rules, now);
  const handle = makeRequestIntake({
    recorder: makeRequestRecorder({ ledger, rules, now }),
    sink: makeCloudEventSink({ url: sink.url, log }),
    wakeUps: makeWakeUpLimit(settings.wakeUps ?? 10, now),
    share: UNSHARED,
    rules,
    now,
  });
  const server = opened.use(
    await startEventServer({
      log,
      maxBodyBytes: settings.maxBodyBytes ?? 65_536,
      routes: {
        "/": { handle, explain },
        "/broker": { handle, explain, isForBroker: true },
        "/dead-letter": makeDeadLetterRoute({ ledger, firstPauseMs: 60_000, now }),
      },
    }),
  );
  const resources = opened.move();
  return {
    url: server.url,
    deadLetter: `${server.url}dead-letter`,
    broker: `${server.url}broker`,
    clock,
    sink,
    lines,
    local,
    names: async () => (await local.configMaps()).map(({ metadata }) => metadata?.name),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const codesOf = ({ body }: { readonly body: unknown }) =>
  (body as { problems: { index: number; field: string; code: string }[] }).problems.map(
    ({ index, field, code }) => ({ index, field, code }),
  );

const refusal = (field: string, code: string, status = 400) => ({
  status,
  body: { error: code, problems: [{ index: 0, field, code }] },
});

describe("a request", () => {
  it("becomes the record that the first design shows", async () => {
    await using intake = await startIntake();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await postStructured(intake.url, {
      ...EVENT,
      traceparent,
      data: { ...DATA, time_zone: "europe/berlin" },
    });
    const [record] = await intake.local.configMaps();
    expect(record?.metadata?.name).toBe(NAME);
    expect(record?.metadata?.labels).toEqual({
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": "statement-request",
      "transactions-collector.io/status": "pending",
      "transactions-collector.io/customer": "c-1001",
      // printf '["/bank","e-1"]' | sha256sum | cut -c1-40
      "transactions-collector.io/event": "17aadd54a6c2a85a45f730f1483b365f33eb7f98",
    });
    expect(record?.data).toEqual({
      customer_id: "c-1001",
      start_date: "2025-12-01",
      end_date: "2025-12-31",
      status: "pending",
      time_zone: "Europe/Berlin",
      period_basis: "booking_date",
      options: '{"time_zone":"europe/berlin"}',
      event_source: "/bank",
      event_id: "e-1",
      event_time: TIME,
      event_type: TYPE,
      recorded_at: "2026-01-15T12:00:00.000Z",
      next_attempt_at: "2026-01-15T12:00:00.000Z",
      attempt: "0",
      failures: "0",
      lane: "service",
      traceparent,
    });
  });

  it("is answered with the recorded event, which is sent to the sink first", async () => {
    await using intake = await startIntake();
    const reply = await postBinary(intake.url, ATTRIBUTES, DATA);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("ce-id")).toBe(`${NAME}.recorded`);
    expect(reply.headers.get("ce-subject")).toBe(NAME);
    expect(reply.headers.get("ce-source")).toBe("/transactions-collector/request-intake");
    expect(reply.body).toEqual({
      request_id: NAME,
      ...DATA,
      time_zone: "UTC",
    });
    expect(intake.sink.events).toHaveLength(1);
    const [sent] = intake.sink.events;
    expect(sent?.headers["ce-id"]).toBe(`${NAME}.recorded`);
    expect(sent?.headers["ce-partitionkey"]).toBe("c-1001");
    expect(JSON.parse(sent?.body ?? "")).toEqual(reply.body);
  });

  it("is timed by Knative's ingress when its sender gave no time", async () => {
    await using intake = await startIntake();
    const { time: _, ...timeless } = EVENT;
    const reply = await postStructured(intake.url, { ...timeless, knativearrivaltime: TIME });
    expect(reply.headers.get("ce-subject")).toBe(NAME);
  });

  it("keeps customer ids apart that one Kubernetes name could hold", async () => {
    await using intake = await startIntake();
    for (const customer_id of ["C-1001", "c-1001", "c_1001"]) {
      const reply = await postStructured(intake.url, {
        ...EVENT,
        id: customer_id,
        data: { ...DATA, customer_id },
      });
      expect(reply).toMatchObject({ status: 200, body: { customer_id } });
    }
    expect(new Set(await intake.names()).size).toBe(3);
  });
});

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

const DAY = 86_400_000;
const at = (time: number) => new Date(time).toISOString();
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

/** December 2025 in UTC, as in the name of a statement of an earlier day. */
const REPLACED = "1764547200-1767139200-1768478398123";

it("what may be chosen is kept as it was sent", async () => {
  const options = {
    formats: ["pdf", "camt.053"],
    language: "de",
    partial: true,
    include_pending: true,
    supersedes: `c-1001-${REPLACED}`,
    csv: { bom: true, delimiter: ";", decimal_comma: true },
  };
  await using intake = await startIntake();
  const data = { ...DATA, ...options };
  expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
  const [record] = await intake.local.configMaps();
  expect(JSON.parse(record?.data?.["options"] ?? "")).toEqual(options);
});

describe("a callback", () => {
  const callback_url = "https://hooks.example.com/done?access_token=a";
  const data = { ...DATA, callback_url };
  const rules = { callbackHosts: ["hooks.example.com:443"] };

  it("is kept as it was sent", async () => {
    await using intake = await startIntake({ rules });
    expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
    const [record] = await intake.local.configMaps();
    expect(JSON.parse(record?.data?.["options"] ?? "")).toEqual({ callback_url });
  });

  it.each([
    ["https://other.example.com/", "another host"],
    ["https://hooks.example.com:8443/", "another port"],
    ["https://hooks.example.com.other.example/", "a longer name"],
    ["https://127.0.0.1/", "an address"],
    ["https://[::1]/", "another address"],
  ])("%s is not called: %s", async (url) => {
    await using intake = await startIntake({ rules });
    const reply = await postStructured(intake.url, {
      ...EVENT,
      data: { ...DATA, callback_url: url },
    });
    expect(reply).toMatchObject(refusal("callback_url", "host_not_allowed"));
    expect(await intake.local.configMaps()).toEqual([]);
    expect(JSON.stringify(intake.lines)).not.toContain(url);
  });

  it("to elsewhere is another request, which its id cannot be", async () => {
    await using intake = await startIntake({ rules });
    expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
    const reply = await postStructured(intake.url, EVENT);
    expect(reply).toMatchObject(refusal("id", "event_conflict"));
  });

  it("is answered for as before when its host is listed no more", async () => {
    const listed = { callbackHosts: ["hooks.example.com:443"] };
    await using intake = await startIntake({ rules: listed });
    const first = await postStructured(intake.url, { ...EVENT, data });
    listed.callbackHosts.length = 0;
    expect(await postStructured(intake.url, { ...EVENT, data })).toEqual(first);
    const reply = await postStructured(intake.url, { ...EVENT, id: "e-2", data });
    expect(reply).toMatchObject(refusal("callback_url", "callbacks_off"));
  });

  it("is told of together with what else is wrong", async () => {
    await using intake = await startIntake();
    const wrong = { ...data, language: "ja" };
    const reply = await postStructured(intake.url, { ...EVENT, data: wrong });
    expect(reply.body).toMatchObject({
      problems: [
        { field: "language", code: "unknown_language" },
        { field: "callback_url", code: "callbacks_off" },
      ],
    });
  });
});

it("a partial statement may end today", async () => {
  await using intake = await startIntake();
  const data = { ...DATA, end_date: "2026-01-15", partial: true };
  expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
});

describe("what is too much", () => {
  it.each(["id", "source", "subject"])("an attribute %s of more than a KiB", async (field) => {
    await using intake = await startIntake();
    const longest = { ...EVENT, [field]: `/${"x".repeat(1_023)}` };
    expect((await postStructured(intake.url, longest)).status).toBe(200);
    const longer = { ...EVENT, [field]: `/${"x".repeat(1_024)}` };
    expect(await postStructured(intake.url, longer)).toMatchObject(refusal(field, "too_long"));
  });

  it("sixty-five attributes", async () => {
    await using intake = await startIntake();
    const more = Array.from({ length: 60 }, (_, i) => [`x${i}`, "y"] as const);
    const event = { ...EVENT, ...Object.fromEntries(more) };
    expect(await postStructured(intake.url, event)).toMatchObject(
      refusal("attributes", "too_many"),
    );
  });

  it("a thousand and one events, which leave one line in the log", async () => {
    await using intake = await startIntake();
    const batch = Array.from({ length: 1_001 }, () => 0);
    expect(await postBatch(intake.url, batch)).toMatchObject({
      status: 400,
      body: { error: "too_many_events", problems: [] },
    });
    expect((await postBatch(intake.url, batch.slice(1))).status).toBe(400);
    const refused = intake.lines.filter(({ msg }) => msg === "event refused");
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ refused: 1_000 });
    expect(JSON.stringify(refused[0]).length).toBeLessThan(2_000);
  });

  it("lets others have their turn meanwhile", async () => {
    await using intake = await startIntake();
    const batches = Array.from({ length: 8 }, () =>
      postBatch(
        intake.url,
        Array.from({ length: 400 }, (_, i) => ({ ...EVENT, id: `${i}`, type: "other" })),
      ),
    );
    let longest = 0;
    let last = performance.now();
    const clock = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await Promise.all(batches);
    clearInterval(clock);
    expect(longest).toBeGreaterThan(0);
    // A stretch is ten milliseconds, beside garbage collection and what this machine does else.
    expect(longest).toBeLessThan(150);
  });
});

describe("what is not valid", () => {
  it.each([
    [{}, { data: undefined }, "data", "required"],
    [{}, { data: [] }, "data", "invalid_format"],
    [{ customer_id: undefined }, {}, "customer_id", "required"],
    [{ customer_id: "-c" }, {}, "customer_id", "invalid_format"],
    [{ customer_id: 1001 }, {}, "customer_id", "invalid_format"],
    [{ start_date: "2025-02-30" }, {}, "start_date", "invalid_format"],
    [{ start_date: "1.12.2025" }, {}, "start_date", "invalid_format"],
    [{ end_date: "2025-11-30" }, {}, "end_date", "end_before_start"],
    [{ start_date: "2023-01-01" }, {}, "end_date", "period_too_long"],
    [{ end_date: "2026-01-15" }, {}, "end_date", "period_not_over"],
    [{ end_date: "2099-12-31", start_date: "2099-12-01" }, {}, "end_date", "period_not_over"],
    [{ time_zone: "Mars/Olympus" }, {}, "time_zone", "unknown_time_zone"],
    [{ time_zone: "+02:00" }, {}, "time_zone", "unknown_time_zone"],
    [{ time_zone: 2 }, {}, "time_zone", "invalid_format"],
    [{ formats: ["docx"] }, {}, "formats", "unknown_format"],
    [{ formats: ["pdf", "pdf"] }, {}, "formats", "invalid_format"],
    [{ formats: [] }, {}, "formats", "invalid_format"],
    [{ formats: "pdf" }, {}, "formats", "invalid_format"],
    [{ language: "ja" }, {}, "language", "unknown_language"],
    [{ partial: "yes" }, {}, "partial", "invalid_format"],
    [{ partial: true, end_date: "2026-01-16" }, {}, "end_date", "period_not_begun"],
    [{ include_pending: 1 }, {}, "include_pending", "invalid_format"],
    [{ supersedes: "the last one" }, {}, "supersedes", "invalid_format"],
    [{ supersedes: `c-1002-${REPLACED}` }, {}, "supersedes", "other_statement"],
    [{ supersedes: `c-1001-1-2-1768478398123` }, {}, "supersedes", "other_statement"],
    [{ callback_url: "http://hooks.example.com/" }, {}, "callback_url", "invalid_format"],
    [{ callback_url: "https://a@hooks.example.com/" }, {}, "callback_url", "invalid_format"],
    [{ callback_url: "https://hooks.example.com/#a" }, {}, "callback_url", "invalid_format"],
    [{ callback_url: "https://hooks.example.com/" }, {}, "callback_url", "callbacks_off"],
    [{ csv: ";" }, {}, "csv", "invalid_format"],
    [{ csv: { quote: "'" } }, {}, "csv.quote", "unknown_field"],
    [{ csv: { bom: "yes" } }, {}, "csv.bom", "invalid_format"],
    [{ csv: { delimiter: ":" } }, {}, "csv.delimiter", "unknown_delimiter"],
    [
      { csv: { delimiter: ",", decimal_comma: true } },
      {},
      "csv.decimal_comma",
      "delimiter_is_comma",
    ],
    [{ priority: "high" }, {}, "priority", "unsupported_option"],
    [{ iban: "x" }, {}, "iban", "unknown_field"],
    [{ "DE89 3704 0044": "x" }, {}, "data", "unknown_field"],
    [{ DE89370400440532013000: "x" }, {}, "data", "unknown_field"],
    [{}, { time: undefined }, "time", "time_missing"],
    [{}, { time: "2026-01-15 11:59:58Z" }, "time", "invalid_format"],
    [{}, { time: "2025-12-17T11:59:59Z" }, "time", "time_out_of_window"],
    [{}, { time: "2026-01-15T13:00:01Z" }, "time", "time_out_of_window"],
    [{}, { time: "0001-01-01T00:00:00Z" }, "time", "time_out_of_window"],
    [{}, { type: "io.transactions-collector.statement.due.v1" }, "type", "unsupported_type"],
    [{}, { datacontenttype: "text/plain", data: "x" }, "data", "invalid_format"],
    [
      {},
      { datacontenttype: "text/plain", data_base64: "eA==" },
      "datacontenttype",
      "invalid_format",
    ],
  ])("data %j, event %j", async (data, change, field, code) => {
    await using intake = await startIntake();
    const event = { ...EVENT, data: { ...DATA, ...data }, ...change };
    const { data: _, ...withoutData } = event;
    const sent = "data_base64" in change ? withoutData : event;
    expect(await postStructured(intake.url, sent)).toMatchObject(refusal(field, code));
    expect(await intake.names()).toEqual([]);
    expect(intake.sink.events).toEqual([]);
  });

  it("is told with every problem at once", async () => {
    await using intake = await startIntake();
    const { time: _, ...timeless } = EVENT;
    const data = { start_date: "today", end_date: "2025-12-31", priority: 1, colour: 1 };
    const reply = await postStructured(intake.url, { ...timeless, data });
    expect(reply).toMatchObject({ status: 400, body: { error: "invalid_event" } });
    expect(new Set(codesOf(reply))).toEqual(
      new Set([
        { index: 0, field: "time", code: "time_missing" },
        { index: 0, field: "customer_id", code: "required" },
        { index: 0, field: "start_date", code: "invalid_format" },
        { index: 0, field: "priority", code: "unsupported_option" },
        { index: 0, field: "colour", code: "unknown_field" },
      ]),
    );
  });

  it("a field that nobody knows is told with those there are", async () => {
    await using intake = await startIntake();
    const data = { ...DATA, customerId: "acme-42", csv: { decimal: "," } };
    const { body } = await postStructured(intake.url, { ...EVENT, data });
    const { problems } = body as { problems: readonly { field: string; allowed?: string[] }[] };
    const allowed = Object.fromEntries(problems.map((one) => [one.field, one.allowed]));
    expect(allowed["customerId"]).toEqual(expect.arrayContaining(["customer_id", "start_date"]));
    expect(allowed["csv.decimal"]).toEqual(expect.arrayContaining(["decimal_comma", "delimiter"]));
  });

  it("what is wrong today is told with what is always wrong", async () => {
    await using intake = await startIntake();
    const data = { ...DATA, start_date: "2020-01-01", end_date: "2026-01-16", time_zone: "Mars/X" };
    const time = at(NOW - 40 * DAY);
    const reply = await postStructured(intake.url, { ...EVENT, time, data });
    expect(new Set(codesOf(reply).map(({ field, code }) => `${field} ${code}`))).toEqual(
      new Set([
        "time_zone unknown_time_zone",
        "end_date period_too_long",
        "end_date period_not_over",
        "time time_out_of_window",
      ]),
    );
    expect(JSON.stringify(reply.body)).toContain('"limit":"24 months"');
  });

  it("fields beside the data are told where they belong", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.url, { ...ATTRIBUTES, ...DATA });
    expect(codesOf(reply)).toEqual([
      { index: 0, field: "data", code: "required" },
      { index: 0, field: "customer_id", code: "belongs_in_data" },
      { index: 0, field: "start_date", code: "belongs_in_data" },
      { index: 0, field: "end_date", code: "belongs_in_data" },
    ]);
  });

  it("an event that is none is told what is wrong with its data too", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.url, {
      ...EVENT,
      id: "",
      data: { ...DATA, language: "xx" },
    });
    expect(codesOf(reply)).toEqual([
      { index: 0, field: "id", code: "required" },
      { index: 0, field: "language", code: "unknown_language" },
    ]);
  });

  it("an event that is none is told what is wrong with its days, its time and its callback too", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.url, {
      ...EVENT,
      subject: 1,
      source: "no URI",
      dataschema: "no URI",
      time: at(NOW - 40 * DAY),
      data: {
        ...DATA,
        start_date: "2020-01-01",
        end_date: "2026-01-16",
        language: "xx",
        formats: Array(6).fill("pdf"),
        callback_url: "https://hooks.example.com/",
        supersedes: `c-1002-${REPLACED}`,
      },
    });
    expect(new Set(codesOf(reply).map(({ field, code }) => `${field} ${code}`))).toEqual(
      new Set([
        "subject invalid_format",
        "source invalid_format",
        "dataschema invalid_format",
        "time time_out_of_window",
        "formats invalid_format",
        "language unknown_language",
        "end_date period_too_long",
        "end_date period_not_over",
        "callback_url callbacks_off",
        "supersedes other_statement",
      ]),
    );
  });

  it("its time is told once, and missed where the data is all there is", async () => {
    await using intake = await startIntake();
    const spoilt = await postStructured(intake.url, { ...EVENT, time: "noon", source: "no URI" });
    expect(codesOf(spoilt)).toEqual([
      { index: 0, field: "source", code: "invalid_format" },
      { index: 0, field: "time", code: "invalid_format" },
    ]);
    const { time: _, ...timeless } = EVENT;
    expect(codesOf(await postStructured(intake.url, { ...timeless, id: "" }))).toEqual([
      { index: 0, field: "id", code: "required" },
      { index: 0, field: "time", code: "time_missing" },
    ]);
  });

  it("a source that is not on the list", async () => {
    await using intake = await startIntake({ rules: { allowedSources: [{ source: "/billing" }] } });
    expect(await postStructured(intake.url, EVENT)).toMatchObject(
      refusal("source", "source_not_allowed", 403),
    );
    expect((await postStructured(intake.url, { ...EVENT, source: "/billing" })).status).toBe(200);
  });

  it("a day is over when it is over in the zone of the request", async () => {
    await using intake = await startIntake();
    const yesterdayIn = (time_zone: string) =>
      postStructured(intake.url, {
        ...EVENT,
        id: time_zone,
        data: { ...DATA, end_date: "2026-01-15", time_zone },
      });
    // 12:00 in UTC is two hours into the 16th there, and still the 15th here.
    expect((await yesterdayIn("Pacific/Kiritimati")).status).toBe(200);
    expect(await yesterdayIn("Pacific/Honolulu")).toMatchObject(
      refusal("end_date", "period_not_over"),
    );
  });
});

it("a batch records the good ones and names the bad ones", async () => {
  await using intake = await startIntake();
  const good = { ...EVENT, id: "good" };
  const replies = await postBatch(intake.url, [good, { ...EVENT, data: {} }, "no event"]);
  expect(replies.status).toBe(400);
  expect(replies.body).toMatchObject({ recorded: [{ index: 0, request_id: NAME }] });
  expect(codesOf(replies)).toEqual([
    { index: 1, field: "customer_id", code: "required" },
    { index: 1, field: "start_date", code: "required" },
    { index: 1, field: "end_date", code: "required" },
    { index: 2, field: "body", code: "invalid_format" },
  ]);
  expect(await intake.names()).toEqual([NAME]);
  const another = await postBatch(intake.url, [good, { ...EVENT, id: "another" }]);
  const names = await intake.names();
  expect(names).toHaveLength(2);
  expect(another).toMatchObject({
    status: 202,
    body: {
      recorded: [
        { index: 0, request_id: NAME },
        { index: 1, request_id: names.find((name) => name !== NAME) },
      ],
    },
  });
});

describe("when something is down", () => {
  it("503 while the ledger cannot be written, in a batch as well", async () => {
    const down = (): Promise<never> => Promise.reject(new LedgerUnavailable("HTTP 403 Forbidden"));
    await using intake = await startIntake({ ledger: (ledger) => ({ ...ledger, create: down }) });
    const unavailable = { status: 503, body: { error: "ledger_unavailable", problems: [] } };
    expect(await postStructured(intake.url, EVENT)).toMatchObject(unavailable);
    expect(await postBatch(intake.url, [{ ...EVENT, data: {} }, EVENT])).toMatchObject({
      status: 503,
      body: { error: "ledger_unavailable" },
    });
    expect(intake.sink.events).toEqual([]);
  });

  it("200 although the sink refuses the wake-up: the ledger owes it", async () => {
    await using intake = await startIntake({ sink: answer(500) });
    expect((await postStructured(intake.url, EVENT)).status).toBe(200);
    expect(intake.lines).toContainEqual(
      expect.objectContaining({ kind: "refused", status: 500, event_id: `${NAME}.recorded` }),
    );
  });

  it("200 soon although the sink never answers", async () => {
    await using intake = await startIntake({ sink: () => undefined });
    const startedAt = performance.now();
    expect((await postStructured(intake.url, EVENT)).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(intake.lines).toContainEqual(
      expect.objectContaining({ kind: "unreachable", reason: "timeout" }),
    );
  });
});

it("leaves out the wake-ups of a customer who sends very many", async () => {
  await using intake = await startIntake({ wakeUps: 3 });
  const send = (customer_id: string, id: number) =>
    postStructured(intake.url, { ...EVENT, id: String(id), data: { ...DATA, customer_id } });
  for (let i = 0; i < 5; i++) expect((await send("many", i)).status).toBe(200);
  expect((await send("other", 9)).status).toBe(200);
  const customers = intake.sink.events.map(({ headers }) => headers["ce-partitionkey"]);
  expect(customers).toEqual(["many", "many", "many", "other"]);
  intake.clock.now += 60_001;
  await send("many", 6);
  expect(intake.sink.events).toHaveLength(5);
});

describe("the dead-letter path", () => {
  const parked = {
    knativeerrordest: "http://request-intake",
    knativeerrorcode: "400",
    knativeerrordata: "eyJlcnJvciI6InRpbWVfbWlzc2luZyJ9",
  };

  it("keeps a request whole, once", async () => {
    await using intake = await startIntake();
    const event = { ...EVENT, ...parked };
    expect(await postStructured(intake.deadLetter, event)).toMatchObject({
      status: 202,
      body: undefined,
    });
    await postStructured(intake.deadLetter, { ...event, knativeerrorcode: "403" });
    const kept = await intake.local.configMaps();
    expect(kept).toHaveLength(1);
    expect(kept[0]?.metadata?.name).toMatch(/^rejected-event-\d{4}$/);
    expect(kept[0]?.metadata?.labels).toEqual({
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": "rejected-event",
    });
    const { event: json, event_hash: hash, ...fields } = kept[0]?.data ?? {};
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(fields).toEqual({
      received_at: "2026-01-15T12:00:00.000Z",
      event_id: "e-1",
      event_source: "/bank",
      event_type: TYPE,
      error_code: "400",
      error_dest: "http://request-intake",
      error_data: parked.knativeerrordata,
    });
    expect(JSON.parse(json ?? "")).toEqual(event);
    expect(await intake.local.ledger.read(kept[0]?.metadata?.name ?? "")).toBeUndefined();
  });

  it("keeps two versions of one event apart", async () => {
    await using intake = await startIntake();
    await postStructured(intake.deadLetter, EVENT);
    await postStructured(intake.deadLetter, { ...EVENT, data: { ...DATA, customer_id: "d" } });
    expect(await intake.names()).toHaveLength(2);
  });

  it("keeps data that is not JSON, and what is no event at all, as base64", async () => {
    await using intake = await startIntake();
    const data_base64 = Buffer.from([1, 2, 255]).toString("base64");
    const { data: _, ...rest } = EVENT;
    const binary = { ...rest, datacontenttype: "application/octet-stream", data_base64 };
    expect((await postStructured(intake.deadLetter, binary)).status).toBe(202);
    expect((await postStructured(intake.deadLetter, { id: "e-2", half: "an event" })).status).toBe(
      202,
    );
    const kept = (await intake.local.configMaps()).map(({ data }) => data ?? {});
    const whole = kept.find((data) => data["event"] !== undefined);
    expect(JSON.parse(whole?.["event"] ?? "")).toEqual(binary);
    const part = kept.find((data) => data["body_base64"] !== undefined);
    expect(part).toMatchObject({ event_id: "e-2" });
    expect(Buffer.from(part?.["body_base64"] ?? "", "base64").toString()).toBe(
      '{"id":"e-2","half":"an event"}',
    );
  });

  it("keeps of a batch what was no event, once, and not the batch for each of it", async () => {
    await using intake = await startIntake();
    const items = Array.from({ length: 200 }, (_, i) => ({ id: `m${i}` }));
    const batch = [...items, { ...EVENT, ...parked }, "x".repeat(40_000)];
    expect((await postBatch(intake.deadLetter, batch)).status).toBe(202);
    const kept = (await intake.local.configMaps()).map(({ data }) => data ?? {});
    expect(kept).toHaveLength(2);
    expect(kept.find(({ event }) => event !== undefined)).toMatchObject({ event_id: "e-1" });
    const { body_base64 = "" } = kept.find(({ event }) => event === undefined) ?? {};
    const malformed = JSON.parse(Buffer.from(body_base64, "base64").toString()) as unknown;
    expect(malformed).toEqual([...items, "x".repeat(40_000)]);
    // Sent again it is the same.
    await postBatch(intake.deadLetter, batch);
    expect(await intake.names()).toHaveLength(2);
    const said = intake.lines.filter(({ msg }) => msg === "rejected event kept");
    expect(said).toHaveLength(2);
  });

  it("has a fixed number of places, and a share of them for each source", async () => {
    await using intake = await startIntake();
    const send = async (source: string, id: number) =>
      (await postStructured(intake.deadLetter, { ...EVENT, ...parked, source, id: `e-${id}` }))
        .status;
    const answers: number[] = [];
    // One after the other, as a broker delivers; a source of its own uses up its own share.
    for (let id = 0; id < 180; id++) answers.push(await send("/loud", id));
    expect(answers.filter((status) => status === 202).length).toBeGreaterThan(100);
    expect(answers.filter((status) => status === 202).length).toBeLessThanOrEqual(128);
    expect(answers.at(-1)).toBe(503);
    expect(intake.lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        msg: "rejected event not kept: the places of its sender are taken",
      }),
    );
    expect(await send("/quiet", 1)).toBe(202);
    // What is there already needs no place.
    expect(await send("/loud", 0)).toBe(202);
    const names = await intake.names();
    for (const name of names) expect(name).toMatch(/^rejected-event-(0\d{3}|10[01]\d|102[0-3])$/);
  });

  it("keeps the beginning of what is larger than any request, and how large it was", async () => {
    await using intake = await startIntake({ maxBodyBytes: 524_288 });
    const data = "x".repeat(300_000);
    expect((await postStructured(intake.deadLetter, { ...EVENT, ...parked, data })).status).toBe(
      202,
    );
    expect((await postBatch(intake.deadLetter, [data, { ...parked }])).status).toBe(202);
    const kept = (await intake.local.configMaps()).map(({ data }) => data ?? {});
    expect(kept).toHaveLength(2);
    for (const fields of kept) {
      const body = Buffer.from(fields["body_base64"] ?? "", "base64");
      expect(body).toHaveLength(65_536);
      expect(Number(fields["body_bytes"])).toBeGreaterThan(300_000);
      expect(JSON.stringify(fields).length).toBeLessThan(170 * 1024);
    }
  });

  it("keeps what cannot be written as JSON again", async () => {
    await using intake = await startIntake();
    const deep = "[".repeat(30_000) + "]".repeat(30_000);
    const response = await fetch(intake.deadLetter, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${deep}}`,
    });
    expect(response.status).toBe(202);
    const [kept] = await intake.local.configMaps();
    expect(kept?.data).toHaveProperty("body_base64");
  });

  it.each(["recorded", "due", "oversized"])("drops %s: the ledger still owes it", async (name) => {
    await using intake = await startIntake();
    const type = `io.transactions-collector.statement.${name}.v1`;
    const reply = await postStructured(intake.deadLetter, { ...EVENT, ...parked, type });
    expect(reply).toMatchObject({ status: 204, body: undefined });
    expect(await intake.names()).toEqual([]);
  });

  describe("an outcome", () => {
    const type = "io.transactions-collector.statement.failed.v1";
    const outcome = { ...EVENT, ...parked, type, subject: NAME, id: `${NAME}.failed` };
    // printf transaction-request-c-1001-1768478398123 | sha256sum | cut -c1-40
    const note = "undelivered-outcome-00200118c869142b7a30db68bcf370315a5f4837";

    async function failedRequest(outcomeRepeats?: number) {
      const intake = await startIntake();
      await postStructured(intake.url, EVENT);
      const stored = await intake.local.ledger.read(NAME);
      if (!stored) throw new Error("not recorded");
      const ended = { status: "failed", errorCode: "unknown_customer", failedAt: NOW } as const;
      const request = { ...stored.request, ...ended, announced: true, outcomeRepeats };
      await intake.local.ledger.replace(stored, request);
      return intake;
    }

    it("leaves one note, however many consumers were not told", async () => {
      await using intake = await failedRequest();
      for (let consumer = 0; consumer < 2; consumer++)
        expect(await postStructured(intake.deadLetter, outcome)).toMatchObject({ status: 204 });
      const [found, ...others] = (await intake.local.configMaps()).filter(
        ({ metadata }) => metadata?.name !== NAME,
      );
      expect(others).toEqual([]);
      expect(found?.metadata?.name).toBe(`${note}-0-0`);
      expect(found?.data).toEqual({
        record: NAME,
        attempt: "0",
        outcome_repeats: "0",
        not_before: "2026-01-15T12:01:00.000Z",
      });
      expect(intake.lines.flatMap((line) => line["alert"] ?? [])).toEqual([]);
    });

    it("of another attempt leaves a note of its own, though the first one is still there", async () => {
      await using intake = await failedRequest();
      await postStructured(intake.deadLetter, outcome);
      const stored = await intake.local.ledger.read(NAME);
      if (!stored) throw new Error("not recorded");
      await intake.local.ledger.replace(stored, { ...stored.request, attempt: 1 });
      await postStructured(intake.deadLetter, outcome);
      const names = (await intake.names()).filter((name) => name !== NAME);
      expect(names.sort()).toEqual([`${note}-0-0`, `${note}-1-0`]);
    });

    it("waits four times as long each time", async () => {
      await using intake = await failedRequest(4);
      await postStructured(intake.deadLetter, outcome);
      const found = (await intake.local.configMaps()).find(
        ({ metadata }) => metadata?.name === `${note}-0-4`,
      );
      // 4^4 minutes
      expect(found?.data?.["not_before"]).toBe("2026-01-15T16:16:00.000Z");
    });

    it("is parked with an alert when it was sent five times more", async () => {
      await using intake = await failedRequest(5);
      expect(await postStructured(intake.deadLetter, outcome)).toMatchObject({ status: 202 });
      const names = (await intake.names()).filter((name) => name !== NAME);
      expect(names).toEqual([expect.stringMatching(/^rejected-event-\d{4}$/)]);
      const alerts = intake.lines.flatMap((line) => line["alert"] ?? []);
      expect(alerts).toEqual(["outcome_not_delivered"]);
    });

    it.each([
      ["of no request of this ledger", { subject: "transaction-request-c-1001-1" }],
      ["that its request has not", { id: `${NAME}.executed` }],
      ["without a subject", { subject: undefined }],
    ])("%s is dropped", async (_, other) => {
      await using intake = await failedRequest();
      const reply = await postStructured(intake.deadLetter, { ...outcome, ...other });
      expect(reply).toMatchObject({ status: 204 });
      expect(await intake.names()).toEqual([NAME]);
    });
  });

  it("is not answered as done when it cannot write", async () => {
    const down = (): Promise<never> => Promise.reject(new LedgerUnavailable("down"));
    await using intake = await startIntake({
      ledger: (ledger) => ({ ...ledger, keepRejected: down }),
    });
    expect(await postStructured(intake.deadLetter, EVENT)).toMatchObject({
      status: 503,
      body: { error: "ledger_unavailable" },
    });
  });
});

it("posting to it directly leaves nothing behind: the poster has the truth", async () => {
  await using intake = await startIntake();
  expect((await postStructured(intake.url, { ...EVENT, data: {} })).status).toBe(400);
  expect(await intake.names()).toEqual([]);
});

describe("what a Broker delivers", () => {
  it("is recorded and answered without an event, which would go back into the Broker", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.broker, EVENT, { prefer: "reply" });
    expect(reply).toMatchObject({ status: 202, body: undefined });
    expect([...reply.headers.keys()].filter((name) => name.startsWith("ce-"))).toEqual([]);
    expect(await intake.names()).toEqual([NAME]);
    expect(intake.sink.ids()).toEqual([`${NAME}.recorded`]);
    // The address decides: the same headers at intake's own bring the whole answer.
    expect(await postStructured(intake.url, EVENT, { prefer: "reply" })).toMatchObject({
      status: 200,
      body: { request_id: NAME },
    });
  });

  it("is refused in 512 bytes of whole JSON, at every path of a Broker's", async () => {
    await using intake = await startIntake();
    const fields = Array.from({ length: 60 }, (_, i) => [`unknown_${i}`, i] as const);
    const wrong = { ...EVENT, data: { ...DATA, ...Object.fromEntries(fields) } };
    const long = await postStructured(intake.url, wrong);
    expect(Buffer.byteLength(JSON.stringify(long.body))).toBeGreaterThan(512);
    const short = await postStructured(intake.broker, wrong);
    expect(short).toMatchObject({ status: 400, body: { error: "unknown_field" } });
    expect(Buffer.byteLength(JSON.stringify(short.body))).toBeLessThanOrEqual(512);
    expect((short.body as { problems: unknown[] }).problems.length).toBeGreaterThan(3);
  });
});
