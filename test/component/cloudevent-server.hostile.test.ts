/**
 * Clients that do not do their part: a thousand that send no body, a thousand that never end their
 * head, a thousand that read nothing. A good request is answered all the while, and none of them
 * keeps anything for long.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { collectGarbage } from "../support/collect-garbage.ts";
import { post, postBinary, startEventServer } from "../support/functions/event-server.ts";
import { watchSockets } from "../support/wire/watch-sockets.ts";

const EVENT = { id: "1", source: "/bank", type: "tested", specversion: "1.0" };
const HEAD = "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/cloudevents+json\r\n";
const BODY = JSON.stringify(EVENT);
const WHOLE = `${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`;

/** What each of them sends, and never reads. */
const KINDS: readonly (readonly [string, string])[] = [
  ["promise a body and send none", `${HEAD}content-length: 10\r\n\r\n`],
  ["send half of their body", `${HEAD}content-length: 10\r\n\r\n12345`],
  ["never end their head", HEAD],
  ["send no more than a connection", ""],
  ["send what is no HTTP", "nonsense\r\n\r\n"],
  ["send more than is allowed", `${HEAD}content-length: 999999\r\n\r\n${"x".repeat(2_000)}`],
  [
    "ask for what is not there",
    "PUT /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 10\r\n\r\n",
  ],
];
const MANY = 1_000;
/** The server's limit of a head, with the interval of its check: the longest that any of them is waited for. */
const HEAD_MS = 13_000;
const CONNECTIONS_END_MS = 20_000;

/** Connected, paused for good: what the server answers stays unread. */
async function connectMany(port: number, count: number, text: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined).pause();
    socket.write(text);
    sockets.push(socket);
    if (i % 100 === 99) await sleep(5);
  }
  return sockets;
}

describe("a thousand clients that", () => {
  it.each(KINDS)("%s keep nobody out, and are let go", async (_kind, text) => {
    let port = 0;
    using watched = watchSockets(() => port);
    await using server = await startEventServer({
      routes: { "/": { handle: () => Promise.resolve({ kind: "accepted" }) } },
      maxInFlight: 256,
    });
    ({ port } = server);
    const sockets = await connectMany(port, MANY, text);
    const startedAt = performance.now();
    const slowest: number[] = [];
    while (performance.now() - startedAt < CONNECTIONS_END_MS) {
      const sentAt = performance.now();
      expect((await postBinary(server.url, EVENT, {})).status).toBe(202);
      slowest.push(performance.now() - sentAt);
      // Its own connection is all that is left.
      if (performance.now() - startedAt > 1_000 && watched.open.size <= 2) break;
      await sleep(1_000);
    }
    // Nobody waited for the silent ones to be let go.
    expect(Math.max(...slowest)).toBeLessThan(HEAD_MS / 2);
    expect(watched.open.size).toBeLessThanOrEqual(2);
    for (const socket of sockets) socket.destroy();
  });

  it("read no answer, and ask again and again, are let go", async () => {
    let port = 0;
    using watched = watchSockets(() => port);
    await using server = await startEventServer({
      routes: { "/": { handle: () => Promise.resolve({ kind: "accepted" }) } },
    });
    ({ port } = server);
    const [socket] = await connectMany(port, 1, "");
    // More answers than the buffers of both sides hold.
    for (let i = 0; i < 200; i++) socket?.write(WHOLE.repeat(200));
    while (watched.open.size === 0) await sleep(10);
    await sleep(500);
    expect(watched.open.size).toBe(1);
    for (let tries = 0; tries < 200 && watched.open.size > 0; tries++) await sleep(100);
    expect(watched.open.size).toBe(0);
    socket?.destroy();
  });
});

it("has a long answer wait for a slow reader", async () => {
  const body = { rows: "x".repeat(24 * 1024 * 1024) };
  await using server = await startEventServer({
    routes: {},
    resources: { "/rows": { handle: () => Promise.resolve({ kind: "found", body }) } },
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.pause();
  socket.write("GET /rows HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
  await sleep(3_000);
  let bytes = 0;
  for await (const chunk of socket) bytes += (chunk as Buffer).length;
  expect(bytes).toBeGreaterThan(24 * 1024 * 1024);
});

it("says 408 to who sends slowly, and reads what comes after its answer", async () => {
  await using server = await startEventServer({
    routes: { "/": { handle: () => Promise.resolve({ kind: "accepted" }) } },
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`${HEAD}content-length: 10\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks).toString();
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(answer).toContain('"error":"request_timeout","problems":[]}');
});

/** Sixteen for bodies, and what lies in buffers on the way. */
const MOST_HELD = 24 * 1024 * 1024;

it("holds no more of bodies that are coming than it may", async () => {
  await using server = await startEventServer({
    routes: { "/": { handle: () => Promise.resolve({ kind: "accepted" }) } },
    maxBodyBytes: 512 * 1024,
  });
  const size = 500 * 1024;
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  // All but the last byte of sixty bodies: 30 MB, where 16 may be held.
  const text = `${HEAD}content-length: ${size}\r\n\r\n${" ".repeat(size - 1)}`;
  const sockets = await connectMany(server.port, 60, text);
  await sleep(1_500);
  const held = (): number => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers - before;
  };
  // What is on its way is dropped as it comes, which a busy machine takes a moment for.
  for (let tries = 0; tries < 4 && held() >= MOST_HELD; tries++) await sleep(500);
  expect(held()).toBeLessThan(MOST_HELD);
  const large = JSON.stringify({ ...EVENT, data: "x".repeat(size - 200) });
  const type = { "content-type": "application/cloudevents+json" };
  expect((await post(server.url, type, large)).status).toBe(202);
  for (const socket of sockets) socket.destroy();
});

it("holds no more of a body that comes byte by byte than of any other", async () => {
  await using server = await startEventServer({
    routes: { "/": { handle: () => Promise.resolve({ kind: "accepted" }) } },
  });
  const held = (): number => {
    collectGarbage();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = held();
  // Ten bodies, 500 kB in all, each byte a chunk: with a Buffer for each of them it would be 80 MB.
  const text = `${HEAD}transfer-encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(50_000)}`;
  const sockets = await connectMany(server.port, 10, text);
  let most = 0;
  for (let looks = 0; looks < 8; looks++) {
    await sleep(250);
    most = Math.max(most, held() - before);
  }
  expect(most).toBeLessThan(20 * 1024 * 1024);
  for (const socket of sockets) socket.destroy();
});
