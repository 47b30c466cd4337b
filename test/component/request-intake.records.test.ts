import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { answer } from "../support/functions/event-sink.ts";
import { postBatch, postBinary, postStructured } from "../support/functions/event-server.ts";
import {
  ATTRIBUTES,
  codesOf,
  DATA,
  EVENT,
  NAME,
  REPLACED,
  startIntake,
  TIME,
  TYPE,
} from "../support/functions/intake.ts";

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
