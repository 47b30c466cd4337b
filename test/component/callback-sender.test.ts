/** Callbacks, posted to a real HTTPS server on loopback, which production would not connect to. */
import { lookup } from "node:dns";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { outcomeEvent } from "../../functions/domain/events/statement-event.ts";
import type { FinalRequest } from "../../functions/domain/statement-request.ts";
import {
  makeCallbackSender,
  type CallbackSenderOptions,
} from "../../functions/statement-builder/callback/callback-sender.ts";
import type { Resolve } from "../../functions/statement-builder/callback/public-address.ts";
import {
  answering,
  LOOPBACK,
  startCallbackReceiver,
  type CallbackReceiver,
} from "../support/functions/callback-receiver.ts";
import { RECORDED } from "../support/functions/recorded-event.ts";
import { makeTestLog } from "../support/functions/event-server.ts";

const ORIGIN = "statements.bank.example";
const SECRET = "qvx7-secret";
const CONSENT = { "webhook-allowed-origin": ORIGIN, "webhook-allowed-rate": "*" };
const NOW = Date.parse("2026-03-01T12:00:30Z");
const ENDED: FinalRequest = {
  ...RECORDED,
  status: "failed",
  errorCode: "unknown_customer",
  failedAt: NOW,
  announced: false,
};
const EVENT = outcomeEvent(ENDED);

let receiver: CallbackReceiver;

beforeAll(async () => {
  receiver = await startCallbackReceiver();
  setDefaultCACertificates([...getCACertificates("default"), receiver.ca]);
});
beforeEach(() => {
  receiver.seen.length = 0;
  receiver.connections = 0;
  receiver.onOptions = answering(200, CONSENT);
  receiver.onPost = answering(204);
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
});

/** Leads every name to these. */
const resolvingTo =
  (...addresses: readonly string[]): Resolve =>
  (_hostname, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };

function startSender(over: Partial<CallbackSenderOptions> = {}) {
  const { log, lines } = makeTestLog();
  const clock = { now: NOW };
  const sender = makeCallbackSender({
    hosts: [`hooks.example.com:${receiver.port}`],
    origin: ORIGIN,
    log,
    now: () => clock.now,
    ...LOOPBACK,
    ...over,
  });
  const url = `https://hooks.example.com:${receiver.port}/done?access_token=${SECRET}`;
  return { lines, clock, url, send: () => sender.send(url, EVENT), sender };
}

describe("what is sent", () => {
  it("a handshake at the very address, then the outcome event under its own id", async () => {
    const { send, lines } = startSender();
    expect(await send()).toEqual({ kind: "delivered" });
    expect(receiver.seen.map(({ method, url }) => [method, url])).toEqual([
      ["OPTIONS", `/done?access_token=${SECRET}`],
      ["POST", `/done?access_token=${SECRET}`],
    ]);
    for (const { headers } of receiver.seen) expect(headers["webhook-request-origin"]).toBe(ORIGIN);
    const [, posted] = receiver.seen;
    expect(posted?.headers).toMatchObject({
      host: `hooks.example.com:${receiver.port}`,
      "content-type": "application/cloudevents+json; charset=utf-8",
      "cache-control": "no-store",
    });
    expect(JSON.parse(posted?.body ?? "")).toMatchObject({
      specversion: "1.0",
      id: `${ENDED.facts.name}.failed`,
      type: "io.transactions-collector.statement.failed.v1",
      subject: ENDED.facts.name,
      data: { status: "failed", error_code: "unknown_customer" },
    });
    expect(JSON.stringify(lines)).toContain(`hooks.example.com:${receiver.port}`);
  });

  it("no token of ours, and no line holds more of the address than its host", async () => {
    receiver.onPost = answering(500);
    const { send, lines } = startSender();
    await send();
    for (const { headers } of receiver.seen) expect(headers).not.toHaveProperty("authorization");
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    expect(JSON.stringify(lines)).not.toContain("/done");
  });
});

describe("the handshake", () => {
  it.each([
    ["another name", 200, { "webhook-allowed-origin": "somebody.else.example" }],
    ["no name, as of a site that knows nothing of it", 200, {}],
    ["OPTIONS is not known", 405, {}],
    ["it is gone", 410, {}],
    ["it is somewhere else", 301, { location: "https://hooks.example.com/other" }],
  ])("%s: nothing is posted, and it is final", async (_, status, headers) => {
    receiver.onOptions = answering(status, headers);
    expect(await startSender().send()).toEqual({ kind: "refused", error: "handshake_refused" });
    expect(receiver.seen.map(({ method }) => method)).toEqual(["OPTIONS"]);
  });

  it("a site that is away for now is asked again", async () => {
    receiver.onOptions = answering(503, { "retry-after": "120" });
    expect(await startSender().send()).toEqual({
      kind: "failed",
      error: "http_503",
      notBefore: NOW + 120_000,
    });
  });

  it("any origin is ours too", async () => {
    receiver.onOptions = answering(200, { "webhook-allowed-origin": "*" });
    expect(await startSender().send()).toEqual({ kind: "delivered" });
  });

  it("a rate is kept within its minute", async () => {
    receiver.onOptions = answering(200, { ...CONSENT, "webhook-allowed-rate": "2" });
    const { send, clock } = startSender();
    expect([await send(), await send()]).toEqual([{ kind: "delivered" }, { kind: "delivered" }]);
    const notBefore = Date.parse("2026-03-01T12:01:00Z");
    const later = { kind: "not-asked", error: "rate_used_up", notBefore };
    // Nor is the next one told that its host takes nothing.
    expect([await send(), await send()]).toEqual([later, later]);
    expect(receiver.seen.filter(({ method }) => method === "POST")).toHaveLength(2);
    clock.now = later.notBefore;
    expect(await send()).toEqual({ kind: "delivered" });
  });
});

describe("the answer", () => {
  it.each([
    ["200", 200, { kind: "delivered" }],
    ["202", 202, { kind: "delivered" }],
    ["301", 301, { kind: "refused", error: "redirected" }],
    ["307", 307, { kind: "refused", error: "redirected" }],
    ["400", 400, { kind: "refused", error: "http_400" }],
    ["404", 404, { kind: "refused", error: "http_404" }],
    ["410", 410, { kind: "refused", error: "http_410" }],
    ["415", 415, { kind: "refused", error: "http_415" }],
    ["408", 408, { kind: "failed", error: "http_408" }],
    ["429", 429, { kind: "failed", error: "http_429" }],
    ["500", 500, { kind: "failed", error: "http_500" }],
    ["503", 503, { kind: "failed", error: "http_503" }],
  ])("%s", async (_, status, expected) => {
    receiver.onPost = answering(status, { location: "https://hooks.example.com/elsewhere" });
    expect(await startSender().send()).toEqual(expected);
    expect(receiver.seen).toHaveLength(2);
  });

  it.each([
    ["seconds", "90", NOW + 90_000],
    ["a date", "Sun, 01 Mar 2026 12:05:00 GMT", Date.parse("2026-03-01T12:05:00Z")],
    ["seconds, of years: a day", "999999999", Date.parse("2026-03-02T12:00:30Z")],
    ["nonsense", "soon", undefined],
  ])("429 with Retry-After in %s", async (_, text, notBefore) => {
    receiver.onPost = answering(429, { "retry-after": text });
    const { send, clock } = startSender();
    expect(await send()).toEqual({ kind: "failed", error: "http_429", notBefore });
    if (notBefore === undefined) return;
    receiver.seen.length = 0;
    expect(await send()).toEqual({
      kind: "not-asked",
      error: "host_paused",
      notBefore,
    });
    expect(receiver.seen).toEqual([]);
    clock.now = notBefore;
    receiver.onPost = answering(200);
    expect(await send()).toEqual({ kind: "delivered" });
  });

  it("one that does not come in time, and the others of its host are not kept waiting", async () => {
    receiver.onPost = () => undefined;
    const { send, clock } = startSender({ timeoutMs: 300 });
    expect(await send()).toEqual({ kind: "failed", error: "timeout", notBefore: NOW + 60_000 });
    const notBefore = NOW + 60_000;
    const paused = { kind: "not-asked", error: "host_paused", notBefore };
    expect(await send()).toEqual({ ...paused, isSilent: true });
    // It answers again, and says when.
    clock.now = notBefore;
    receiver.onPost = answering(503, { "retry-after": "60" });
    expect(await send()).toMatchObject({ kind: "failed", error: "http_503" });
    expect(await send()).toEqual({ ...paused, notBefore: notBefore + 60_000 });
  });

  it("one that trickles on is cut off in time", async () => {
    receiver.onPost = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(timer));
    };
    const { send } = startSender({ timeoutMs: 400 });
    expect(await send()).toMatchObject({ kind: "failed", error: "timeout" });
  });

  it("one without end is left after 64 KiB: its status is all that counts", async () => {
    let sent = 0;
    const closed = Promise.withResolvers<undefined>();
    receiver.onPost = (response) => {
      response.writeHead(200).on("close", () => closed.resolve(undefined));
      const block = Buffer.alloc(16_384);
      const more = (): void => {
        while (!response.destroyed && response.write(block)) sent += block.length;
        response.once("drain", more);
      };
      more();
    };
    expect(await startSender().send()).toEqual({ kind: "delivered" });
    await closed.promise;
    // What a socket and its two sides hold, and no more.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it("one that dies in the middle is none", async () => {
    receiver.onPost = (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half of it", () => response.destroy());
    };
    expect(await startSender().send()).toEqual({ kind: "failed", error: "ECONNRESET" });
  });

  it("none at all", async () => {
    receiver.onOptions = (response) => void response.destroy();
    expect(await startSender().send()).toEqual({ kind: "failed", error: "ECONNRESET" });
  });
});

describe("whom it connects to", () => {
  it.each([
    ["another host", `https://other.example.com/`],
    ["another port", `https://hooks.example.com/`],
    ["no https", `http://hooks.example.com/`],
    ["no address at all", "hooks.example.com"],
    ["a user", `https://user:word@hooks.example.com/`],
  ])("not %s", async (_, url) => {
    const { sender } = startSender({ hosts: [`hooks.example.com:${receiver.port}`] });
    const refused = { kind: "refused", error: "host_not_allowed" };
    expect(await sender.send(url, EVENT)).toEqual(refused);
    expect(receiver.connections).toBe(0);
  });

  it("nobody while the list is empty", async () => {
    const { send } = startSender({ hosts: [] });
    expect(await send()).toEqual({ kind: "refused", error: "host_not_allowed" });
  });

  it("not the server here, when nothing is injected: loopback is private", async () => {
    const { log } = makeTestLog();
    const hosts = [`localhost:${receiver.port}`];
    const sender = makeCallbackSender({ hosts, origin: ORIGIN, log, now: Date.now });
    const result = await sender.send(`https://localhost:${receiver.port}/`, EVENT);
    expect(result).toEqual({ kind: "failed", error: "private_address" });
    expect(receiver.connections).toBe(0);
  });

  it("not a name of which one address is private, whatever the others are", async () => {
    const { send } = startSender({ resolve: resolvingTo("127.0.0.1", "10.0.0.1") });
    expect(await send()).toEqual({ kind: "failed", error: "private_address" });
    expect(receiver.connections).toBe(0);
  });

  it("not a name without addresses", async () => {
    const { send } = startSender({ resolve: resolvingTo() });
    expect(await send()).toEqual({ kind: "failed", error: "private_address" });
  });

  it("what was looked at: a name that leads elsewhere the next time gains nothing", async () => {
    const asked: string[] = [];
    const resolve: Resolve = (hostname, options, callback) => {
      asked.push(hostname);
      // Public for the handshake, and then the metadata service of a cloud.
      resolvingTo(asked.length === 1 ? "127.0.0.1" : "169.254.169.254")(
        hostname,
        options,
        callback,
      );
    };
    // The connection ends behind the handshake, so that another one is made.
    receiver.onOptions = answering(200, { ...CONSENT, connection: "close" });
    const { send } = startSender({ resolve });
    expect(await send()).toEqual({ kind: "failed", error: "private_address" });
    expect(asked).toEqual(["hooks.example.com", "hooks.example.com"]);
    expect(receiver.seen.map(({ method }) => method)).toEqual(["OPTIONS"]);
  });

  it("once for both requests, while the connection stays", async () => {
    let asked = 0;
    const resolve: Resolve = (...args) => {
      asked++;
      resolvingTo("127.0.0.1")(...args);
    };
    await startSender({ resolve }).send();
    expect({ asked, connections: receiver.connections }).toEqual({ asked: 1, connections: 1 });
  });

  it("not a server whose certificate is another one's", async () => {
    const hosts = [`somebody.example.com:${receiver.port}`];
    const { sender } = startSender({ hosts });
    const result = await sender.send(`https://somebody.example.com:${receiver.port}/`, EVENT);
    expect(result).toEqual({ kind: "failed", error: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(receiver.seen).toEqual([]);
  });

  it("a name that nobody knows is tried again", async () => {
    const resolve: Resolve = (_hostname, _options, callback) => {
      lookup("does-not-exist.invalid", { all: true }, (error) => callback(error, []));
    };
    const result = await startSender({ resolve }).send();
    expect(result).toMatchObject({ kind: "failed" });
    expect(["ENOTFOUND", "EAI_AGAIN"]).toContain((result as { error: string }).error);
  });
});
