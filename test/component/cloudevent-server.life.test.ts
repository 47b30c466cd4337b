import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventHandler } from "../../functions/platform/server/event-handler.ts";
import { RequestAborted } from "../../functions/platform/http/request-aborted.ts";
import { postBinary, postStructured, startEventServer } from "../support/functions/event-server.ts";

const EVENT = { id: "1", source: "/bank", type: "tested", specversion: "1.0" };

/** A handler that shows when it was called and why it was told to stop, and ends when it is let. */
function makeGate() {
  const entered = Promise.withResolvers<undefined>();
  const leave = Promise.withResolvers<undefined>();
  const aborted = Promise.withResolvers<unknown>();
  const handle: EventHandler = async (_event, { signal }) => {
    signal.addEventListener("abort", () => aborted.resolve(signal.reason));
    entered.resolve(undefined);
    await leave.promise;
    signal.throwIfAborted();
    return { kind: "accepted" };
  };
  return { handle, entered: entered.promise, leave: leave.resolve, aborted: aborted.promise };
}

/** The event in binary mode, by a client that can hang up. */
function openPost(url: string) {
  const headers = Object.entries(EVENT).map(([name, value]) => [`ce-${name}`, value] as const);
  const request = httpRequest(url, { method: "POST", headers: Object.fromEntries(headers) });
  return request.on("error", () => undefined).end();
}

const health = async (url: string, path: string) => {
  const response = await fetch(`${url}health/${path}`);
  return { status: response.status, body: await response.json() };
};

describe("health", () => {
  it("is alive and ready", async () => {
    await using server = await startEventServer({ routes: {} });
    expect(await health(server.url, "liveness")).toEqual({ status: 200, body: { ok: true } });
    expect(await health(server.url, "readiness")).toEqual({ status: 200, body: { ok: true } });
    const head = await fetch(`${server.url}health/readiness`, { method: "HEAD" });
    expect(head.status).toBe(200);
  });

  it("is alive and not ready while a dependency fails, asked once for many probes", async () => {
    let checks = 0;
    const ready = (): Promise<void> => {
      checks++;
      return Promise.reject(new Error("down"));
    };
    await using server = await startEventServer({ routes: {}, ready });
    const probes = Array.from({ length: 20 }, () => health(server.url, "readiness"));
    for (const probe of await Promise.all(probes))
      expect(probe).toMatchObject({ status: 503, body: { error: "not_ready", problems: [] } });
    expect((await health(server.url, "liveness")).status).toBe(200);
    expect(checks).toBe(1);
  });

  it("is not ready when a dependency does not answer", async () => {
    await using server = await startEventServer({
      routes: {},
      ready: () => new Promise(() => undefined),
    });
    expect((await health(server.url, "readiness")).status).toBe(503);
  });
});

it("tells the handler that its client has gone", async () => {
  const gate = makeGate();
  await using server = await startEventServer({ routes: { "/": gate } });
  const request = openPost(server.url);
  await gate.entered;
  request.destroy();
  const reason = await gate.aborted;
  expect(reason).toBeInstanceOf(RequestAborted);
  expect(reason).toMatchObject({ code: "client_disconnected" });
  gate.leave(undefined);
});

it("answers 503 to more while it works on what nobody waits for any more", async () => {
  const gate = makeGate();
  await using server = await startEventServer({ routes: { "/": gate }, maxInFlight: 1 });
  const request = openPost(server.url);
  await gate.entered;
  expect(await postStructured(server.url, EVENT)).toMatchObject({ status: 429 });
  request.destroy();
  await gate.aborted;
  // Also when it is late: the server has said so, and goes on without its answer.
  while (!server.lines.some(({ msg }) => msg === "the handler did not stop in time"))
    await sleep(50);
  const busy = await postStructured(server.url, EVENT);
  expect(busy).toMatchObject({ status: 503, body: { error: "busy", problems: [] } });
  gate.leave(undefined);
  while ((await postStructured(server.url, EVENT)).status === 503) await sleep(10);
});

describe("on this machine alone", () => {
  const ask = async (host: string | undefined, headers: Readonly<Record<string, string>>) => {
    await using server = await startEventServer({ routes: {}, host });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    httpRequest(`http://127.0.0.1:${server.port}/health/liveness`, { headers }, resolve)
      .on("error", reject)
      .end();
    return { status: (await promise).statusCode, body: await json(await promise) };
  };
  const refused = {
    status: 403,
    body: {
      error: "not_of_this_machine",
      problems: [{ index: 0, field: "host", code: "not_of_this_machine" }],
    },
  };

  it.each([
    [{ host: "other.example" }],
    [{ host: "localhost.other.example:8081" }],
    [{ host: "localhost:8081", origin: "http://other.example" }],
    [{ host: "localhost:8081", origin: "null" }],
    [{ host: "localhost:8081", "sec-fetch-site": "cross-site" }],
  ])("refuses what a web site has a browser send: %j", async (headers) => {
    expect(await ask("127.0.0.1", headers)).toMatchObject(refused);
    // In a cluster every name that leads here is right.
    expect(await ask(undefined, headers)).toMatchObject({ status: 200 });
  });

  it.each(["localhost", "LOCALHOST:8081", "127.0.0.1:1", "[::1]:8081"])(
    "answers a program that asks for %s",
    async (host) => {
      expect(await ask("127.0.0.1", { host })).toMatchObject({ status: 200 });
    },
  );
});

describe("drain", () => {
  it("lets what is in flight finish, takes no more, and is not ready meanwhile", async () => {
    const gate = makeGate();
    await using server = await startEventServer({ routes: { "/": gate } });
    const reply = postBinary(server.url, EVENT, {});
    await gate.entered;
    // A connection that was open before the drain still has its say.
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET /health/readiness HTTP/1.1\r\nhost: 127.0.0.1\r\n");

    const drained = server.drain(10_000);
    await expect(fetch(`${server.url}health/liveness`)).rejects.toThrow("fetch failed");
    socket.write("\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 503 /);
    expect(answer.toString()).toMatch(/connection: close/i);

    gate.leave(undefined);
    expect((await reply).status).toBe(202);
    await drained;
  });

  it("aborts what does not finish in time, and waits until it has ended", async () => {
    const gate = makeGate();
    await using server = await startEventServer({ routes: { "/": gate } });
    const reply = postBinary(server.url, EVENT, {});
    await gate.entered;
    let ended = false;
    const drained = server.drain(50).then(() => {
      ended = true;
    });
    expect(await gate.aborted).toMatchObject({ code: "shutting_down" });
    await sleep(100);
    expect(ended).toBe(false);
    gate.leave(undefined);
    expect(await reply).toMatchObject({ status: 503, body: { error: "shutting_down" } });
    await drained;
  });

  it("does not wait forever for a handler that does not stop", async () => {
    const handle: EventHandler = () => new Promise(() => undefined);
    await using server = await startEventServer({ routes: { "/": { handle } } });
    const reply = postBinary(server.url, EVENT, {});
    await sleep(100);
    await server.drain(50);
    expect(await reply).toMatchObject({ status: 503, body: { error: "shutting_down" } });
    const said = server.lines.map(({ msg }) => msg);
    expect(said).toContain("the handler did not stop in time");
  });

  it("closes connections that are idle", async () => {
    await using server = await startEventServer({ routes: {} });
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");
    await server.drain(10_000);
    socket.resume();
    await closed;
  });
});

describe("broken HTTP", () => {
  const send = async (port: number, text: string): Promise<string> => {
    const socket = connect(port, "127.0.0.1");
    socket.write(text);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

  it("is answered 400, with the error in a body", async () => {
    await using server = await startEventServer({ routes: {} });
    const answer = await send(server.port, "nonsense\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain("content-type: application/problem+json\r\n");
    const [, body = ""] = answer.split("\r\n\r\n");
    expect(JSON.parse(body)).toEqual({
      type: "https://transactions-collector.io/problems/malformed_request",
      title: "This is no HTTP request.",
      status: 400,
      detail: "This is no HTTP request.",
      error: "malformed_request",
      problems: [],
    });
  });

  it("headers beyond the limit are too large", async () => {
    await using server = await startEventServer({ routes: {} });
    const header = `x: ${"y".repeat(20_000)}\r\n`;
    const answer = await send(server.port, `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\n${header}\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 [^]*"error":"headers_too_large"/);
  });
});

it("a client that never sends its headers is turned away", async () => {
  await using server = await startEventServer({ routes: {} });
  const socket = connect(server.port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 408 /);
  socket.destroy();
});

it("a client that is gone before its token was verified leaves nothing behind", async () => {
  const asked = Promise.withResolvers<undefined>();
  const known = Promise.withResolvers<undefined>();
  const gate = makeGate();
  let handled = false;
  void gate.entered.then(() => (handled = true));
  await using server = await startEventServer({
    routes: { "/": gate },
    senders: {
      async admit() {
        asked.resolve(undefined);
        await known.promise;
        return { kind: "admitted", subject: "somebody" };
      },
    },
  });
  const client = httpRequest(server.url, { method: "POST", headers: { "content-length": "5" } });
  client.on("error", () => undefined);
  client.write("half");
  await asked.promise;
  client.destroy();
  // For the server to notice; when it has not, this shows less and fails no more.
  await sleep(100);
  // The drain waits for the request, so it ends only when that has ended.
  const drained = server.drain(10_000);
  known.resolve(undefined);
  await drained;
  expect(handled).toBe(false);
});

it("names the settings of a port that cannot be had", async () => {
  const routes = { "/": { handle: () => Promise.resolve({ kind: "accepted" } as const) } };
  await using server = await startEventServer({ routes });
  await expect(startEventServer({ routes, port: server.port })).rejects.toMatchObject({
    message: "HOST and PORT: nothing can listen there",
    cause: { code: "EADDRINUSE" },
  });
});
