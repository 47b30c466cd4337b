import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startFaultProxy, type FaultProxy } from "../support/wire/fault-proxy.ts";

/** Answers each connection's first bytes with a megabyte, then echoes. */
const MEGABYTE = randomBytes(1024 * 1024);
let server: Server;
let proxy: FaultProxy;

beforeEach(async () => {
  server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(MEGABYTE);
      socket.on("data", (chunk) => socket.write(chunk));
    });
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startFaultProxy({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
  });
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  const closed = once(server, "close");
  server.close();
  // Whatever the proxy left open on its far side would keep the server from closing.
  await closed;
});

async function client(): Promise<{
  socket: Socket;
  received: () => Buffer;
  failed: Promise<string>;
}> {
  const socket = connect(proxy.port, proxy.host);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const failed = new Promise<string>((resolve) =>
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")),
  );
  await Promise.race([once(socket, "connect"), failed]);
  return { socket, received: () => Buffer.concat(chunks), failed };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 5_000) throw new Error("the condition did not come true in 5 seconds");
    await sleep(5);
  }
}

it("passes bytes both ways", async () => {
  const { socket, received } = await client();
  socket.write("hi");
  await until(() => received().byteLength === MEGABYTE.byteLength);
  socket.write("echo");
  await until(() => received().byteLength === MEGABYTE.byteLength + 4);

  expect(received().equals(Buffer.concat([MEGABYTE, Buffer.from("echo")]))).toBe(true);
  expect(proxy.bytes).toEqual({ up: 6, down: MEGABYTE.byteLength + 4 });
  const ended = once(socket, "close");
  socket.end();
  await Promise.race([ended, sleep(50)]);
  socket.destroy();
});

it("breaks so many connections in mid-stream, and lets the next one pass", async () => {
  await proxy.set({ kind: "reset", direction: "down", afterBytes: 100_000, times: 1 });
  const first = await client();
  first.socket.write("hi");
  expect(await first.failed).toBe("ECONNRESET");
  expect(first.received().byteLength).toBeLessThanOrEqual(100_000);
  expect(proxy.hits).toBe(1);

  const second = await client();
  second.socket.write("hi");
  await until(() => second.received().byteLength === MEGABYTE.byteLength);
  expect(proxy.hits).toBe(1);
});

it("breaks an open connection on its way to the server", async () => {
  const { socket, received, failed } = await client();
  socket.write("hi");
  await until(() => received().byteLength === MEGABYTE.byteLength);
  await proxy.set({ kind: "reset", direction: "up", afterBytes: 0 });
  socket.write("lost");
  expect(await failed).toBe("ECONNRESET");
});

it("stalls without a word, and goes on where it was", async () => {
  await proxy.set({ kind: "stall", direction: "down", afterBytes: 1_000 });
  const { socket, received } = await client();
  socket.write("hi");
  await until(() => received().byteLength === 1_000);
  await sleep(50);
  expect(received().byteLength).toBe(1_000);
  expect(socket.destroyed).toBe(false);

  await proxy.set({ kind: "pass" });
  await until(() => received().byteLength === MEGABYTE.byteLength);
  expect(received().equals(MEGABYTE)).toBe(true);
});

it("refuses new connections, keeps the open one, and comes back on the same port", async () => {
  const open = await client();
  await proxy.set({ kind: "refuse" });
  expect(await (await client()).failed).toBe("ECONNREFUSED");
  open.socket.write("hi");
  await until(() => open.received().byteLength === MEGABYTE.byteLength);

  await proxy.set({ kind: "pass" });
  const again = await client();
  again.socket.write("hi");
  await until(() => again.received().byteLength === MEGABYTE.byteLength);
});

it("breaks every open connection at once", async () => {
  const clients = [await client(), await client()];
  await until(() => server.listening);
  proxy.reset();
  expect(await Promise.all(clients.map((c) => c.failed))).toEqual(["ECONNRESET", "ECONNRESET"]);
});

it("resets the client when the server is away", async () => {
  await using orphan = await startFaultProxy({ host: "127.0.0.1", port: await closedPort() });
  const socket = connect(orphan.port, orphan.host);
  const [error] = (await once(socket, "error").catch((reason: unknown) => [reason])) as [
    NodeJS.ErrnoException,
  ];
  expect(error.code).toBe("ECONNRESET");
});

async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
