/**
 * Random and mutated events, headers and bodies in all three modes: never a 5xx, never a crash,
 * never a record from an invalid event. `FUZZ_INPUTS` and `SEED` ask for more, or for the same again.
 */
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import type { V1ConfigMap } from "@kubernetes/client-node";
import fc from "fast-check";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import type { Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { makeDeadLetterRoute } from "../../functions/request-intake/dead-letter.ts";
import { makeRequestIntake } from "../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";
import {
  anyChange,
  batched,
  binary,
  breakingChange,
  damage,
  structured,
  validEvent,
  type WireMessage,
} from "../support/event-arbitraries.ts";
import { startEventSink, type EventSink } from "../support/functions/event-sink.ts";
import { fuzzing } from "../support/fuzzing.ts";
import {
  makeTestLog,
  startEventServer,
  type TestEventServer,
} from "../support/functions/event-server.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { UNSHARED } from "../support/servers/unshared-ledger.ts";

const NOW = Date.UTC(2026, 0, 15, 12);

let local: LocalLedger;
let sink: EventSink;
let server: TestEventServer;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  local = await startLocalLedger();
  sink = await startEventSink();
  const { log } = makeTestLog();
  const now = (): number => NOW;
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
    callbackHosts: ["hooks.example.com:443", "hooks.example.com:8443"],
  };
  const handle = makeRequestIntake({
    recorder: makeRequestRecorder({ ledger: local.ledger, rules, now }),
    sink: makeCloudEventSink({ url: sink.url, log }),
    wakeUps: makeWakeUpLimit(10, now),
    share: UNSHARED,
    rules,
    now,
  });
  const parking = { ...local.ledger, keepRejected: keepWithRoom };
  server = await startEventServer({
    routes: {
      "/": { handle },
      "/dead-letter": makeDeadLetterRoute({ ledger: parking, firstPauseMs: 60_000, now }),
    },
  });
});

/** Somebody looks at what is parked, and makes room again. */
const keepWithRoom: Ledger["keepRejected"] = async (event, signal) => {
  const { ledger } = local;
  const kept = await ledger.keepRejected(event, signal);
  if (kept.outcome !== "full") return kept;
  for await (const page of ledger.listRejected())
    await Promise.all(page.map((one) => ledger.remove(one)));
  return await ledger.keepRejected(event, signal);
};
afterAll(async () => {
  agent.destroy();
  await server[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
  await local[Symbol.asyncDispose]();
});

function post({ headers, body }: WireMessage, path = ""): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": body.length },
    };
    const request = httpRequest(`${server.url}${path}`, options, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject).end(body);
  });
}

const requests = async (): Promise<readonly V1ConfigMap[]> =>
  (await local.configMaps()).filter(({ metadata }) =>
    metadata?.name?.startsWith("transaction-request-"),
  );

it("takes every valid event, in each mode", async () => {
  const property = fc.asyncProperty(validEvent(NOW), async (event) => {
    const statuses = [
      await post(structured(event)),
      await post(binary(event)),
      await post(batched([event])),
    ];
    expect(statuses).toEqual([200, 200, 202]);
  });
  await fc.assert(property, fuzzing(0.02));
}, 1_800_000);

it("makes no record of an invalid event, and says 4xx", async () => {
  const before = (await requests()).length;
  const property = fc.asyncProperty(
    validEvent(NOW),
    breakingChange,
    fc.constantFrom("structured", "binary", "batched"),
    async (valid, change, mode) => {
      // Of its own: the same seed makes the events that were recorded above, and a repeat is no new one.
      const event = change({ ...valid, id: `broken-${String(valid["id"])}` });
      const message = { structured, binary, batched: (one: unknown) => batched([one]) }[mode](
        event,
      );
      const status = await post(message);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );
  await fc.assert(property, fuzzing(0.15));
  expect(await requests()).toHaveLength(before);
}, 1_800_000);

it("answers anything at all with 2xx or 4xx", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.tuple(validEvent(NOW), anyChange), { minLength: 1, maxLength: 4 }),
    fc.constantFrom("structured", "binary", "batched"),
    fc.array(damage, { maxLength: 3 }),
    fc.constantFrom("", "", "dead-letter"),
    async (changed, mode, damages, path) => {
      const events = changed.map(([event, change]) => change(event));
      const [first = {}] = events;
      const whole = {
        structured: () => structured(first),
        binary: () => binary(first),
        batched: () => batched(events),
      }[mode]();
      const message = damages.reduce((now, damaged) => damaged(now), whole);
      expect([200, 202, 204, 400, 403, 413, 415]).toContain(await post(message, path));
    },
  );
  await fc.assert(property, fuzzing(0.15));
}, 1_800_000);

it("outlives bytes that are no HTTP", async () => {
  const property = fc.asyncProperty(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.constantFrom("", "POST / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nce-id: "),
    async (garbage, beginning) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined).end(`${beginning}${garbage}\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString("latin1")).not.toMatch(/^HTTP\/1.1 5/);
    },
  );
  await fc.assert(property, fuzzing(0.02));
  expect((await fetch(`${server.url}health/liveness`)).status).toBe(200);
}, 1_800_000);

it("has left only records of valid requests", async () => {
  const records = await requests();
  expect(records.length).toBeGreaterThan(0);
  for (const { metadata, data = {} } of records) {
    const start = Date.parse(`${String(data["start_date"])}T00:00:00Z`);
    const end = Date.parse(`${String(data["end_date"])}T00:00:00Z`);
    const days = (end - start) / 86_400_000;
    expect(new Date(start).toISOString().slice(0, 10)).toBe(data["start_date"]);
    expect(new Date(end).toISOString().slice(0, 10)).toBe(data["end_date"]);
    expect(days).toBeGreaterThanOrEqual(0);
    expect(days).toBeLessThanOrEqual(731);
    expect(end).toBeLessThan(NOW);
    expect(data["customer_id"]).toMatch(/^[A-Za-z0-9._-]{1,63}$/);
    expect(
      () => new Intl.DateTimeFormat("en", { timeZone: data["time_zone"] ?? "" }),
    ).not.toThrow();
    expect(data["event_type"]).toBe("io.transactions-collector.statement.requested.v1");
    expect(data["status"]).toBe("pending");
    expect(Math.abs(Date.parse(data["event_time"] ?? "") - NOW)).toBeLessThan(29 * 86_400_000);
    expect(metadata?.labels?.["transactions-collector.io/customer"]).toBe(data["customer_id"]);
  }
  const errors = server.lines.filter(({ level }) => level === "error" || level === "fatal");
  expect(errors).toEqual([]);
});
