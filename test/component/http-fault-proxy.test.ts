import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { startHttpFaultProxy, type HttpFaultProxy } from "../support/wire/http-fault-proxy.ts";

/** What the server got, whole, in the order it answered. */
const done: string[] = [];
const BODY = randomBytes(200_000);
let server: Server;
let proxy: HttpFaultProxy;

/** Answers GET with BODY, and anything else with what it was sent. */
function listener(message: IncomingMessage, response: ServerResponse): void {
  void buffer(message).then(
    (sent) => {
      done.push(`${message.method ?? ""} ${message.url ?? ""} ${sent.byteLength}`);
      response.setHeader("x-host", message.headers.host ?? "");
      response.end(message.method === "GET" ? BODY : sent);
    },
    () => undefined,
  );
}

beforeEach(async () => {
  done.length = 0;
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startHttpFaultProxy({ url: urlOf(server) });
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  await closed;
});

const urlOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;
const bytesOf = async (answer: Response): Promise<Buffer> =>
  Buffer.from(await answer.arrayBuffer());
const post = async (path: string, body = BODY): Promise<Response> =>
  await fetch(proxy.url + path, { method: "POST", body });

it("passes requests and answers unchanged, with their host", async () => {
  const got = await fetch(`${proxy.url}/a?b=c%2Fd`);
  expect(got.status).toBe(200);
  expect(got.headers.get("x-host")).toBe(new URL(proxy.url).host);
  expect((await bytesOf(got)).equals(BODY)).toBe(true);
  expect((await bytesOf(await post("/echo"))).equals(BODY)).toBe(true);
  const head = await fetch(`${proxy.url}/head`, { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(done).toEqual(["GET /a?b=c%2Fd 0", "POST /echo 200000", "HEAD /head 0"]);
  expect(proxy.requests).toEqual(["GET /a?b=c%2Fd", "POST /echo", "HEAD /head"]);
});

it("answers chosen requests itself, by method, path, order and count", async () => {
  const rule = proxy.fail({
    method: "POST",
    path: /^\/busy/,
    skip: 1,
    times: 2,
    fault: { kind: "answer", status: 429, headers: { "retry-after": "1" }, body: "later" },
  });
  expect((await post("/free")).status).toBe(200);
  expect((await fetch(`${proxy.url}/busy`)).status).toBe(200);
  expect((await post("/busy")).status).toBe(200);
  const busy = await post("/busy?2");
  expect([busy.status, busy.headers.get("retry-after"), await busy.text()]).toEqual([
    429,
    "1",
    "later",
  ]);
  expect((await post("/busy?3")).status).toBe(429);
  expect((await post("/busy?4")).status).toBe(200);
  expect(rule.hits).toBe(2);
  expect(done.filter((line) => line.includes("busy?"))).toEqual(["POST /busy?4 200000"]);
});

it("loses the answer of what was done", async () => {
  const rule = proxy.fail({ fault: { kind: "reset-after" }, times: 1 });
  await expect(post("/pay")).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
  expect(done).toEqual(["POST /pay 200000"]);
  proxy.fail({ fault: { kind: "answer-after", status: 500 }, times: 1 });
  expect((await post("/pay")).status).toBe(500);
  expect(done).toHaveLength(2);
  expect(rule.hits).toBe(1);
});

it("loses the request", async () => {
  const rule = proxy.fail({ fault: { kind: "reset-before" } });
  await expect(post("/pay")).rejects.toThrow("fetch failed");
  expect(done).toEqual([]);
  rule.remove();
  expect((await post("/pay")).status).toBe(200);
});

it("cuts an answer off", async () => {
  proxy.fail({ fault: { kind: "cut-answer", afterBytes: 1_000 } });
  const answer = await fetch(`${proxy.url}/cut`);
  expect(answer.status).toBe(200);
  await expect(bytesOf(answer)).rejects.toThrow("terminated");
});

it("stalls in the middle of a request or an answer, or never answers", async () => {
  const signal = (): AbortSignal => AbortSignal.timeout(200);
  proxy.fail({ path: /answer/, fault: { kind: "stall-answer", afterBytes: 1_000 } });
  proxy.fail({ path: /request/, fault: { kind: "stall-request", afterBytes: 1_000 } });
  proxy.fail({ path: /drop/, fault: { kind: "drop" } });

  const answer = await fetch(`${proxy.url}/answer`, { signal: signal() });
  const reader = (answer.body as ReadableStream<Uint8Array> | null)?.getReader();
  expect((await reader?.read())?.value?.byteLength).toBe(1_000);
  await expect(reader?.read()).rejects.toMatchObject({ name: "TimeoutError" });
  for (const path of ["/request", "/drop"]) {
    await expect(
      fetch(proxy.url + path, { method: "POST", body: BODY, signal: signal() }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
  }
  expect(done).toEqual(["GET /answer 0"]);
});

it("delays", async () => {
  proxy.fail({ fault: { kind: "delay", ms: 150 } });
  const started = performance.now();
  expect((await post("/slow")).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThanOrEqual(145);
  proxy.pass();
  expect((await post("/fast")).status).toBe(200);
});

it("stands before a server that speaks TLS", async () => {
  await using folder = await certificate();
  const tls = createTlsServer({ cert: folder.cert, key: folder.key }, listener);
  tls.listen(0, "127.0.0.1");
  await once(tls, "listening");
  const url = urlOf(tls).replace("http:", "https:");
  {
    await using trusting = await startHttpFaultProxy({ url, tls: { ca: folder.cert } });
    expect((await fetch(`${trusting.url}/tls`)).status).toBe(200);
    await using wary = await startHttpFaultProxy({ url });
    await expect(fetch(`${wary.url}/tls`)).rejects.toThrow("fetch failed");
  }
  tls.close();
  await once(tls, "close");
});

async function certificate() {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  await promisify(execFile)("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
    "-days",
    "1",
    "-subj",
    "/CN=127.0.0.1",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
  ]);
  return {
    key: await readFile(key),
    cert: await readFile(cert),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

it("breaks a request off in its body, for both sides", async () => {
  proxy.fail({ fault: { kind: "cut-request", afterBytes: 1_000 } });
  await expect(post("/cut")).rejects.toThrow("fetch failed");
  proxy.pass();
  expect((await post("/whole")).status).toBe(200);
  expect(done).toEqual(["POST /whole 200000"]);
});

it("has a request done at once, and tells it later", async () => {
  proxy.fail({ fault: { kind: "delay-answer", ms: 60_000 } });
  const given = post("/late").then(
    () => "answered",
    () => "broken off",
  );
  while (done.length === 0) await setImmediate();
  await proxy[Symbol.asyncDispose]();
  expect(await given).toBe("broken off");
  proxy = await startHttpFaultProxy({ url: urlOf(server) });
});

it("closes a connection that nobody uses, which its client keeps", async () => {
  const agent = new Agent({ keepAlive: true });
  proxy.fail({ fault: { kind: "close-idle", ms: 0 } });
  const asked = request(`${proxy.url}/idle`, { agent }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const { socket } = answer;
  const closed = once(socket, "close");
  expect((await buffer(answer)).equals(BODY)).toBe(true);
  await closed;
  expect(done).toEqual(["GET /idle 0"]);
});

it("asks for the fault of a request that no rule is for", async () => {
  await using chosen = await startHttpFaultProxy({ url: urlOf(server) }, ({ url }) =>
    url === "/refused" ? { kind: "answer", status: 503 } : undefined,
  );
  expect((await fetch(`${chosen.url}/refused`)).status).toBe(503);
  chosen.fail({ fault: { kind: "answer", status: 429 } });
  expect((await fetch(`${chosen.url}/refused`)).status).toBe(429);
  chosen.pass();
  expect((await bytesOf(await fetch(`${chosen.url}/passed`))).equals(BODY)).toBe(true);
});
