import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { ReceivedEvent } from "../../functions/platform/cloudevents/cloudevent-parse.ts";
import type { EventHandler } from "../../functions/platform/server/event-handler.ts";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import type { Answer } from "../../functions/platform/server/answers/http-answer.ts";
import {
  post,
  postBatch,
  postBinary,
  postStructured,
  startEventServer,
  type TestEventServer,
} from "../support/functions/event-server.ts";
import { RECORDED_EVENT } from "../support/functions/recorded-event.ts";

const ATTRIBUTES = { id: "1", source: "/bank", type: "tested", specversion: "1.0" };

let server: TestEventServer;
let seen: ReceivedEvent[] = [];
let behave: EventHandler = () => Promise.resolve({ kind: "accepted" });
const answerWith = (answer: Answer): void => {
  behave = () => Promise.resolve(answer);
};

beforeAll(async () => {
  server = await startEventServer({
    routes: {
      "/": {
        handle: async (event, context) => {
          seen.push(event);
          return await behave(event, context);
        },
      },
    },
    maxBodyBytes: 2_048,
    maxInFlight: 4,
    deadlineMs: 500,
  });
});
beforeEach(() => {
  seen = [];
  answerWith({ kind: "accepted" });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("content modes", () => {
  const data = { customer_id: "c" };

  it("takes a binary event, with its headers decoded", async () => {
    const attributes = { ...ATTRIBUTES, subject: "Z%C3%BCrich%20%25", knativearrivaltime: "later" };
    expect((await postBinary(server.url, attributes, data)).status).toBe(202);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      id: "1",
      source: "/bank",
      type: "tested",
      subject: "Zürich %",
      knativearrivaltime: "later",
      data,
    });
    expect(seen[0]?.time).toBeUndefined();
  });

  it.each([
    "application/cloudevents+json",
    "application/cloudevents+json;charset=UTF-8",
    "Application/CloudEvents+JSON; Charset=utf-8",
  ])("takes a structured event as %s", async (contentType) => {
    const body = JSON.stringify({ ...ATTRIBUTES, data });
    const reply = await post(server.url, { "content-type": contentType }, body);
    expect(reply.status).toBe(202);
    expect(seen[0]).toMatchObject({ id: "1", data });
  });

  it("takes JSON data sent as base64", async () => {
    const data_base64 = Buffer.from(JSON.stringify(data)).toString("base64");
    const event = { ...ATTRIBUTES, datacontenttype: "application/json", data_base64 };
    expect((await postStructured(server.url, event)).status).toBe(202);
    expect(seen[0]).toMatchObject({ data });
  });

  it("takes JSON data that does not begin with a brace", async () => {
    const headers = { "content-type": "application/json", "ce-id": "1", "ce-source": "/bank" };
    const more = { "ce-type": "tested", "ce-specversion": "1.0" };
    await post(server.url, { ...headers, ...more }, ' \n{"a":1}');
    await post(server.url, { ...headers, ...more }, "7");
    expect(seen.map((event) => event.data)).toEqual([{ a: 1 }, 7]);
  });

  it("takes a binary event without data and without a content type", async () => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(ATTRIBUTES)) headers.set(`ce-${name}`, value);
    const response = await fetch(server.url, { method: "POST", headers });
    expect(response.status).toBe(202);
    expect(seen[0]).toMatchObject({ id: "1", data: undefined, datacontenttype: undefined });
  });

  it("hands over a batch one by one and answers for the whole", async () => {
    const reply = await postBatch(server.url, [
      { ...ATTRIBUTES, data },
      { ...ATTRIBUTES, id: "2", data },
    ]);
    expect(reply).toMatchObject({ status: 202, body: undefined });
    expect(seen.map(({ id }) => id)).toEqual(["1", "2"]);
  });

  it("answers an empty batch 204", async () => {
    expect((await postBatch(server.url, [])).status).toBe(204);
  });

  it("carries a trace of the HTTP request when the event has none", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = { "content-type": "application/cloudevents+json", traceparent };
    await post(server.url, headers, JSON.stringify(ATTRIBUTES));
    expect(seen[0]?.traceparent).toBe(traceparent);
  });
});

describe("2xx", () => {
  it("200 has one event, in binary mode", async () => {
    answerWith({ kind: "event", event: RECORDED_EVENT });
    const reply = await postStructured(server.url, ATTRIBUTES);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(reply.headers.get("ce-specversion")).toBe("1.0");
    expect(reply.headers.get("ce-type")).toBe("io.transactions-collector.statement.recorded.v1");
    expect(reply.headers.get("ce-id")).toBe("transaction-request-c-1768478400000.recorded");
    expect(reply.headers.get("ce-time")).toBe("2026-01-15T12:00:00.000Z");
    expect(reply.body).toMatchObject({ customer_id: "c" });
  });

  it("202 and 204 have no body, which a broker would take for an event", async () => {
    expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
      status: 202,
      body: undefined,
    });
    answerWith({ kind: "nothing-to-do" });
    expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
      status: 204,
      body: undefined,
    });
  });
});

describe("400", () => {
  const without = (name: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(ATTRIBUTES).filter(([key]) => key !== name));

  it.each(["id", "source", "type", "specversion"])("an event without %s", async (field) => {
    const expected = {
      status: 400,
      body: { error: "required", problems: [{ index: 0, field, code: "required" }] },
    };
    expect(await postStructured(server.url, without(field))).toMatchObject(expected);
    const binary = without(field) as Record<string, string>;
    expect(await postBinary(server.url, binary, {})).toMatchObject(expected);
    expect(await postStructured(server.url, { ...ATTRIBUTES, [field]: "" })).toMatchObject(
      expected,
    );
    expect(seen).toHaveLength(0);
  });

  it.each([
    [{ specversion: "0.3" }, "specversion", "unsupported_specversion"],
    [{ source: "not a uri" }, "source", "invalid_format"],
    [{ id: 7 }, "id", "invalid_format"],
    [{ id: "line\nfeed" }, "id", "invalid_format"],
    [{ time: "yesterday" }, "time", "invalid_format"],
    [{ Upper: "x" }, "Upper", "invalid_format"],
    [{ "a value 4711": "x" }, "attributes", "invalid_format"],
    // Rightly named, and wrong by its value: what looks like an account number is not repeated.
    [{ de89370400440532013000: {} }, "attributes", "invalid_format"],
    [{ nested: {} }, "nested", "invalid_format"],
    [{ data: 1, data_base64: "MQ==" }, "data", "invalid_format"],
    [{ data_base64: "%" }, "data", "invalid_format"],
  ])("%j", async (change, field, code) => {
    expect(await postStructured(server.url, { ...ATTRIBUTES, ...change })).toMatchObject({
      status: 400,
      body: { error: code, problems: [{ index: 0, field, code }] },
    });
  });

  it("JSON that is none, in each mode", async () => {
    const malformed = (field: string) => ({
      status: 400,
      body: { error: "malformed_json", problems: [{ index: 0, field, code: "malformed_json" }] },
    });
    const broken = "{";
    for (const contentType of [
      "application/cloudevents+json",
      "application/cloudevents-batch+json",
    ]) {
      const reply = await post(server.url, { "content-type": contentType }, broken);
      expect(reply).toMatchObject(malformed("body"));
    }
    const headers = Object.fromEntries(
      Object.entries(ATTRIBUTES).map(([name, value]) => [`ce-${name}`, value]),
    );
    const json = { "content-type": "application/json" };
    expect(await post(server.url, { ...headers, ...json }, broken)).toMatchObject(
      malformed("data"),
    );
  });

  it("bytes that are no UTF-8", async () => {
    const headers = { "content-type": "application/cloudevents+json" };
    const reply = await post(server.url, headers, new Uint8Array([0x22, 0xff, 0x22]));
    expect(reply).toMatchObject({ status: 400, body: { error: "malformed_json" } });
  });

  it("nesting deeper than the stack is an item like any other", async () => {
    const deep = "[".repeat(900) + "]".repeat(900);
    const headers = { "content-type": "application/cloudevents-batch+json" };
    const reply = await post(server.url, headers, `[${deep}]`);
    expect(reply).toMatchObject({
      status: 400,
      body: { problems: [{ index: 0, field: "body", code: "invalid_format" }] },
    });
  });

  it("plain JSON is told which attributes make an event", async () => {
    const reply = await post(server.url, { "content-type": "application/json" }, "{}");
    expect(reply).toMatchObject({ status: 400, body: { error: "required" } });
    const { problems } = reply.body as { problems: { field: string; detail: string }[] };
    expect(problems.map(({ field }) => field)).toEqual(["id", "source", "type", "specversion"]);
    for (const { detail } of problems) expect(detail).toContain("a header that begins with ce-");
  });

  it.each([
    ["event", { ...ATTRIBUTES, data: {} }],
    ["batch", [{ ...ATTRIBUTES, data: {} }]],
  ])("a whole %s sent as plain JSON is told its content type alone", async (_, body) => {
    const plain = { "content-type": "application/json" };
    const reply = await post(server.url, plain, JSON.stringify(body));
    expect(reply).toMatchObject({
      status: 400,
      body: { problems: [{ field: "content-type", code: "invalid_format" }] },
    });
    expect((reply.body as { detail: string }).detail).toContain("application/cloudevents+json");
    expect(seen).toEqual([]);
  });

  it("problems of a handler, under their own code or under a common one", async () => {
    const late = { field: "end_date", code: "end_before_start" };
    answerWith({ kind: "invalid", problems: [late] });
    expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
      status: 400,
      body: { error: "end_before_start", problems: [{ index: 0, ...late }] },
    });
    answerWith({ kind: "invalid", problems: [late, { field: "time", code: "time_missing" }] });
    const several = await postStructured(server.url, ATTRIBUTES);
    expect(several.headers.get("content-type")).toBe("application/problem+json");
    expect(several.body).toMatchObject({
      type: "https://transactions-collector.io/problems/invalid_event",
      title: "Several things are wrong.",
      status: 400,
      detail: "2 problems: `end_date`, `time`.",
      error: "invalid_event",
      problems: [
        { index: 0, ...late, detail: "The last day is before the first one: swap them." },
        { index: 0, field: "time", code: "time_missing" },
      ],
    });
  });

  it("a batch names the bad ones by their place, after the good ones were handled", async () => {
    const reply = await postBatch(server.url, [ATTRIBUTES, 7, { ...ATTRIBUTES, id: "" }]);
    expect(reply).toMatchObject({
      status: 400,
      body: {
        error: "invalid_event",
        problems: [
          { index: 1, field: "body", code: "invalid_format" },
          { index: 2, field: "id", code: "required" },
        ],
      },
    });
    expect(seen).toHaveLength(1);
  });

  it("is at most 64 KiB of JSON, however many problems there are", async () => {
    const reply = await postBatch(
      server.url,
      Array.from({ length: 900 }, () => 0),
    );
    const body = JSON.stringify(reply.body);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(65_536);
    expect((reply.body as { problems: unknown[] }).problems.length).toBeGreaterThan(400);
  });

  it("says what is allowed, in the sentence and for a program", async () => {
    const wrong = { field: "language", code: "unknown_language", allowed: ["en", "de"] };
    answerWith({ kind: "invalid", problems: [wrong] });
    expect((await postStructured(server.url, ATTRIBUTES)).body).toMatchObject({
      detail: "`language`: Statements are not written in that language. Allowed: en, de.",
      problems: [{ index: 0, ...wrong }],
    });
  });

  it("a path that is none of ours, because 404 would be retried", async () => {
    expect(await postStructured(`${server.url}other?x=1`, ATTRIBUTES)).toMatchObject({
      status: 400,
      body: { error: "unknown_path", problems: [] },
    });
    expect((await postStructured(`${server.url}constructor`, ATTRIBUTES)).status).toBe(400);
  });
});

it("403 names the field that is not allowed", async () => {
  const problem = { field: "source", code: "source_not_allowed" };
  answerWith({ kind: "forbidden", problems: [problem] });
  expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
    status: 403,
    body: { error: "source_not_allowed", problems: [{ index: 0, ...problem }] },
  });
});

describe("the handshake of web hooks", () => {
  const ask = async (headers: Record<string, string>, path = "") =>
    await fetch(`${server.url}${path}`, { method: "OPTIONS", headers });

  it("grants what is asked, at any rate, and says how to send", async () => {
    const response = await ask({
      "WebHook-Request-Origin": "eventemitter.example.com",
      "WebHook-Request-Rate": "120",
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("WebHook-Allowed-Origin")).toBe("eventemitter.example.com");
    expect(response.headers.get("WebHook-Allowed-Rate")).toBe("*");
    expect(response.headers.get("Allow")).toBe("POST");
    expect(await response.text()).toBe("");
  });

  it("is none without an origin, with one that is no name, or where no events go", async () => {
    for (const headers of [{}, { "WebHook-Request-Origin": "no name" }]) {
      const response = await ask(headers);
      expect(response.status).toBe(405);
      expect(response.headers.get("WebHook-Allowed-Origin")).toBeNull();
    }
    const origin = { "WebHook-Request-Origin": "eventemitter.example.com" };
    expect((await ask(origin, "other")).status).toBe(404);
    expect((await ask(origin, "health/liveness")).status).toBe(405);
  });
});

describe("405", () => {
  it.each(["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s of events", async (method) => {
    const response = await fetch(server.url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await response.json()).toMatchObject({
      error: "method_not_allowed",
      limit: "POST",
      problems: [],
    });
  });

  it("POST of a probe", async () => {
    const response = await fetch(`${server.url}health/liveness`, { method: "POST" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });
});

describe("413", () => {
  const tooLarge = { status: 413, body: { error: "too_large", problems: [] } };
  const headers = { "content-type": "application/cloudevents+json" };

  it("a length beyond the limit", async () => {
    expect(await post(server.url, headers, " ".repeat(2_049))).toMatchObject(tooLarge);
    expect((await post(server.url, headers, " ".repeat(2_048))).status).toBe(400);
  });

  it("a body without a length that goes on for longer", async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(server.url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
      for (let i = 0; i < 100; i++) request.write(" ".repeat(1_000));
      request.end();
    });
    expect(status).toBe(413);
  });
});

describe("as it stands on the wire", () => {
  /** The whole answer to these lines, and nothing more is asked. */
  async function answerTo(...lines: readonly string[]): Promise<string> {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write([...lines, "connection: close", "", ""].join("\r\n"));
    return await text(socket);
  }
  const BINARY = ["ce-id: 1", "ce-source: /bank", "ce-type: tested", "ce-specversion: 1.0"];
  const POST = ["POST / HTTP/1.1", "host: 127.0.0.1", "content-length: 0"];

  it.each([
    ["an id", "ce-id: 2", "id"],
    ["the same id", "CE-ID: 1", "id"],
    ["an extension", "ce-region: eu\r\nce-region: us", "region"],
    [
      "a content type",
      "content-type: application/json\r\nContent-Type: text/plain",
      "content-type",
    ],
  ])(
    "%s that comes twice is refused, as nobody has sent what both make",
    async (_, more, field) => {
      const answer = await answerTo(...POST, ...BINARY, more);
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      const { problems } = JSON.parse(answer.slice(answer.indexOf("{"))) as { problems: object[] };
      expect(problems).toMatchObject([{ field, code: "doubled_header" }]);
      expect(seen).toEqual([]);
    },
  );

  it("other headers may come twice", async () => {
    const twice = ["accept: a/b", "accept: c/d", "traceparent: x", "traceparent: y"];
    expect(await answerTo(...POST, ...BINARY, ...twice)).toMatch(/^HTTP\/1.1 202 /);
    expect(seen).toMatchObject([{ id: "1", traceparent: undefined }]);
  });

  it("an address as it would be sent to a proxy is its path", async () => {
    const [, ...others] = POST;
    const asked = ["POST http://127.0.0.1/ HTTP/1.1", "POST HTTP://127.0.0.1 HTTP/1.1"];
    for (const line of asked)
      expect(await answerTo(line, ...others, ...BINARY)).toMatch(/^HTTP\/1.1 202 /);
    const nowhere = "POST http://127.0.0.1/nowhere?a=http://127.0.0.1/ HTTP/1.1";
    expect(await answerTo(nowhere, ...others, ...BINARY)).toMatch(/^HTTP\/1.1 400 /);
    expect(seen).toHaveLength(2);
  });
});

describe("415", () => {
  it.each([
    { "content-type": "text/plain" },
    { "content-type": "application/cloudevents+avro" },
    { "content-type": "application/cloudevents-batch+protobuf" },
    { "content-type": "application/cloudevents+json; charset=utf-16" },
    { "content-type": "application/cloudevents+json", "content-encoding": "gzip" },
  ])("%j", async (headers) => {
    expect(await post(server.url, headers as Record<string, string>, "{}")).toMatchObject({
      status: 415,
      body: { error: "unsupported_media_type", problems: [] },
    });
  });
});

it("429 with Retry-After when too many are in flight", async () => {
  const gate = Promise.withResolvers<undefined>();
  behave = async () => {
    await gate.promise;
    return { kind: "accepted" };
  };
  const four = Array.from({ length: 4 }, () => postStructured(server.url, ATTRIBUTES));
  while (seen.length < 4) await new Promise(setImmediate);
  const fifth = await postStructured(server.url, ATTRIBUTES);
  expect(fifth).toMatchObject({ status: 429, body: { error: "too_many_requests", problems: [] } });
  expect(fifth.headers.get("retry-after")).toBe("1");
  gate.resolve(undefined);
  expect((await Promise.all(four)).map(({ status }) => status)).toEqual([202, 202, 202, 202]);
});

describe("503", () => {
  it("an error nobody handled: logged with its cause, answered without it", async () => {
    behave = () => Promise.reject(new Error("secret", { cause: new TypeError("the reason") }));
    expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
      status: 503,
      body: { error: "internal", problems: [] },
    });
    const line = server.lines.find(({ msg }) => msg === "the event was not handled");
    expect(line).toMatchObject({
      level: "error",
      event_id: "1",
      err: { message: "secret", cause: { type: "TypeError", message: "the reason" } },
    });
  });

  it("a ledger that does not answer", async () => {
    behave = () => Promise.reject(new LedgerUnavailable("down"));
    expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
      status: 503,
      body: { error: "ledger_unavailable", problems: [] },
    });
  });

  it("one item of a batch asks for the whole batch again, and each has its own answer", async () => {
    behave = (event) =>
      event.id === "2"
        ? Promise.reject(new LedgerUnavailable("down"))
        : Promise.resolve({ kind: "event", event: RECORDED_EVENT });
    const reply = await postBatch(server.url, [ATTRIBUTES, { ...ATTRIBUTES, id: "2" }, 7]);
    expect(reply).toMatchObject({
      status: 503,
      body: {
        error: "ledger_unavailable",
        recorded: [{ index: 0, request_id: RECORDED_EVENT.subject }],
        problems: [
          { index: 1, field: "event", code: "ledger_unavailable" },
          { index: 2, field: "body", code: "invalid_format" },
        ],
      },
    });
  });
});

it("504 when the handler does not end in time and stops as it is told", async () => {
  behave = (_event, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
  expect(await postStructured(server.url, ATTRIBUTES)).toMatchObject({
    status: 504,
    body: { error: "deadline_exceeded", problems: [] },
  });
});

it("an answer that comes after the deadline is still the truth", async () => {
  behave = (_event, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "nothing-to-do" }));
    });
  expect((await postStructured(server.url, ATTRIBUTES)).status).toBe(204);
});
