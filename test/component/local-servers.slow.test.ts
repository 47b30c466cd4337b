/**
 * Clients that send slowly, read slowly or say nothing, at the servers beside that of events: the
 * metrics', the router's with the page behind it, the local S3 and the local Kubernetes API. They keep nobody out, and are let go.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { startMetricsServer } from "../../functions/platform/server/metrics-server.ts";
import { startLocalRouter } from "../../infra/local/cluster/router/router.ts";
import { startLocalS3 } from "../../infra/local/cluster/s3/server.ts";
import { KubeConfig } from "@kubernetes/client-node";
import { makeTestLog } from "../support/functions/event-server.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { watchSockets } from "../support/wire/watch-sockets.ts";

const EVENTING = join(import.meta.dirname, "../../eventing");
const SERVICES = {
  "request-intake": "http://127.0.0.1:9",
  "pending-scanner": "http://127.0.0.1:9",
  "statement-builder": "http://127.0.0.1:9",
};
const EACH = 250;
/** More than the buffers of both sides hold. */
const LARGE = "x".repeat(8 * 1024 * 1024);

interface Tried extends AsyncDisposable {
  readonly port: number;
  /** Answers a good request with its status. */
  readonly good: () => Promise<number>;
  /** What the patient clients send, by what they do. */
  readonly kinds: Readonly<Record<string, string>>;
  /** Whether what may be quiet for long was left alone. */
  readonly stayed?: () => Promise<boolean>;
}

const head = (line: string) => `${line} HTTP/1.1\r\nhost: 127.0.0.1\r\n`;

async function metrics(): Promise<Tried> {
  const registry = { scrape: () => Promise.resolve(LARGE), contentType: "text/plain" };
  const log = makeTestLog().log;
  const server = await startMetricsServer({ port: 0, host: "127.0.0.1", registry, log });
  const port = server.port ?? 0;
  return {
    port,
    good: async () => (await fetch(`http://127.0.0.1:${port}/metrics`, { method: "HEAD" })).status,
    kinds: {
      "say nothing": "",
      "never end their head": head("GET /metrics"),
      "read nothing": `${head("GET /metrics")}\r\n`,
      "never end their body": `${head("POST /metrics")}content-length: 10\r\n\r\n1`,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function router(): Promise<Tried> {
  const server = await startLocalRouter({ eventing: EVENTING, services: SERVICES });
  const port = Number(new URL(server.url).port);
  const broker = head("POST /statements/statements");
  return {
    port,
    good: async () => (await fetch(`${server.url}/nowhere`)).status,
    kinds: {
      "say nothing": "",
      "never end their head": broker,
      "never end their body": `${broker}content-length: 10\r\n\r\n1`,
      "send what nobody asked for": `${head("PUT /nowhere")}content-length: 10\r\n\r\n1`,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function s3(): Promise<Tried> {
  await using opened = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "slow-s3-"));
  opened.defer(() => rm(dir, { recursive: true }));
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const server = opened.use(await startLocalS3({ dir, ...credentials }));
  const settings = { endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true };
  const client = opened.adopt(new S3Client({ ...settings, credentials }), (one) => one.destroy());
  const where = { Bucket: "statements", Key: "large" };
  await client.send(new CreateBucketCommand({ Bucket: where.Bucket }));
  await client.send(new PutObjectCommand({ ...where, Body: LARGE }));
  const url = new URL(await getSignedUrl(client, new GetObjectCommand(where)));
  const closing = opened.move();
  return {
    port: Number(url.port),
    async good() {
      const { Body, $metadata } = await client.send(
        new GetObjectCommand({ ...where, Range: "bytes=0-1" }),
      );
      await Body?.transformToString();
      return $metadata.httpStatusCode ?? 0;
    },
    kinds: {
      "say nothing": "",
      "never end their head": head("GET /statements"),
      "read nothing": `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`,
      "never end their body": `${head("PUT /statements/a")}content-length: 10\r\n\r\n1`,
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function kubernetes(): Promise<Tried> {
  await using opened = new AsyncDisposableStack();
  const local = opened.use(await startLocalLedger());
  const { namespace, core } = local;
  const data = { large: "x".repeat(900_000) };
  for (let i = 0; i < 9; i++)
    await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: `c${i}` }, data },
    });
  const config = new KubeConfig();
  config.loadFromFile(local.kubeconfig);
  const { port, pathname: token } = new URL(config.getCurrentCluster()?.server ?? "");
  const path = `${token}/api/v1/namespaces/${namespace}/configmaps`;
  const url = `http://127.0.0.1:${port}${path}`;
  const { metadata } = await core.listNamespacedConfigMap({ namespace, limit: 1 });
  const from = `watch=true&resourceVersion=${metadata?.resourceVersion}`;
  const watch = (await fetch(`${url}?${from}`)).body?.getReader();
  const closing = opened.move();
  return {
    port: Number(port),
    async good() {
      const answer = await fetch(`${url}/none`);
      await answer.text();
      return answer.status;
    },
    kinds: {
      "say nothing": "",
      "never end their head": head(`GET ${path}`),
      "read nothing": `${head(`GET ${path}`)}\r\n`,
      "never end their body": `${head(`POST ${path}`)}content-type: application/json\r\ncontent-length: 10\r\n\r\n1`,
      "send what nobody asked for, without the token": `${head("GET /api")}content-length: 10\r\n\r\n1`,
    },
    async stayed() {
      await core.deleteNamespacedConfigMap({ namespace, name: "c0" });
      const next = await watch?.read();
      return next?.done === false;
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const SERVERS = [
  ["the metrics", metrics, 200, 256],
  ["the router", router, 404, 1_024],
  ["S3", s3, 206, 1_024],
  // A list is whole in memory.
  ["the Kubernetes API", kubernetes, 404, 256],
] as const;

test.each(SERVERS)(
  "%s: clients that are in no hurry keep nobody out, and are let go",
  async (_name, start, status, connections) => {
    await using server = await start();
    using watched = watchSockets(() => server.port);
    const sockets: Socket[] = [];
    const each = Math.min(EACH, Math.floor(connections / 5));
    for (const text of Object.values(server.kinds)) {
      for (let i = 0; i < each; i++) {
        const socket = connect({ port: server.port, host: "127.0.0.1" });
        // Paused for good: what the server answers stays unread.
        socket.on("error", () => undefined).pause();
        socket.write(text);
        sockets.push(socket);
      }
      await sleep(5);
    }
    while (watched.open.size < each) await sleep(10);
    // The connections of the good requests, and one that may be quiet, are all that stay.
    do {
      expect(await server.good()).toBe(status);
      await sleep(500);
    } while (watched.open.size > 2);
    if (server.stayed) expect(await server.stayed()).toBe(true);
    for (const socket of sockets) socket.destroy();
  },
  120_000,
);

test.each([
  ["GET", { host: "other.example" }],
  ["GET", { host: "127.0.0.1", origin: "http://other.example" }],
  ["GET", { host: "localhost", "sec-fetch-site": "cross-site" }],
])("the metrics of this machine are not for a web site: %s %j", async (method, headers) => {
  await using server = await metrics();
  const answer = await ask(server.port, `${method} /metrics`, headers);
  expect(answer).toMatch(/^HTTP\/1.1 403 /);
});

test("the router takes no event from a web site", async () => {
  await using server = await router();
  const line = "POST /statements/statements";
  const other = await ask(server.port, line, { host: "other.example" });
  expect(other).toMatch(/^HTTP\/1.1 403 /);
  const browser = await ask(server.port, line, { host: "127.0.0.1", origin: "null" });
  expect(browser).toMatch(/^HTTP\/1.1 403 /);
  const program = await ask(server.port, line, { host: "127.0.0.1" });
  expect(program).toMatch(/^HTTP\/1.1 400 /);
});

test("S3 answers to no other name, whatever its signature", async () => {
  await using server = await s3();
  const { "read nothing": signed = "" } = server.kinds;
  const [line = ""] = signed.split(" HTTP/1.1");
  const answer = await ask(server.port, line, { host: "other.example" });
  expect(answer).toMatch(/^HTTP\/1.1 403 .*names of this machine/s);
});

async function ask(port: number, line: string, headers: object): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.end(`${line} HTTP/1.1\r\n${fields.join("")}connection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
