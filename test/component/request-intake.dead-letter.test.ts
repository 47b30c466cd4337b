import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { postBatch, postStructured } from "../support/functions/event-server.ts";
import { DATA, EVENT, NAME, NOW, startIntake, TYPE } from "../support/functions/intake.ts";

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
