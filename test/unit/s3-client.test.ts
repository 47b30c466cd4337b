/** What the SDK does for each call: all that a store needs, and nothing that nobody reads. */
import { HeadBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { tellPayloadHash } from "../../functions/platform/store/large-body.ts";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";

function clientWithoutStore(endpoint = "http://127.0.0.1:1") {
  return makeS3Client(
    {
      endpoint,
      region: "eu-central-1",
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
      forcePathStyle: true,
    },
    1,
  );
}

test("neither lines for a log nor a long user agent are made", () => {
  const client = clientWithoutStore();
  const steps = client.middlewareStack.identify().map((step) => step.split(" ")[0]);
  expect(steps).toEqual([
    "validateBucketNameMiddleware",
    "regionRedirectMiddleware",
    "serializerMiddleware",
    "contentLengthMiddleware",
    "addExpectContinueMiddleware",
    "s3ExpressMiddleware",
    "nameOurselves",
    "payloadHash",
    "hostHeaderMiddleware",
    "recursionDetectionMiddleware",
    "retryMiddleware",
    "httpSigningMiddleware",
    "deserializerMiddleware",
    "slices",
  ]);
});

test("a store's access log names us", async () => {
  const client = clientWithoutStore();
  let sent: unknown;
  client.middlewareStack.add(
    () => (args) => {
      sent = args.request;
      return Promise.reject(new Error("sent"));
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await expect(client.send(new HeadBucketCommand({ Bucket: "b" }))).rejects.toThrow("sent");
  expect(sent).toMatchObject({ headers: { "user-agent": "transactions-collector" } });
});

const MEGABYTE = 2 ** 20;

/** Answers the first try with 503, and the others with 200. */
async function startBusyStore() {
  const tries: { headers: Record<string, unknown>; body: Buffer }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      tries.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(tries.length === 1 ? 503 : 200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, tries, stop: () => void server.close() };
}

test("a large body is sent whole with each try, of a length that is said, under a hash that was told", async () => {
  const store = await startBusyStore();
  const client = clientWithoutStore(store.url);
  const body = Buffer.alloc(5 * MEGABYTE, "statement ");
  const sha256 = createHash("sha256").update(body).digest("hex");
  tellPayloadHash(body, sha256);
  await client.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: body }));
  client.destroy();
  store.stop();
  expect(store.tries.length).toBe(2);
  for (const { headers, body: sent } of store.tries) {
    expect(sent.equals(body)).toBe(true);
    expect(headers).toMatchObject({
      "content-length": String(body.length),
      "x-amz-content-sha256": sha256,
    });
    expect(headers).not.toHaveProperty("transfer-encoding");
  }
});

test("others have their turn between two slices of a large body", async () => {
  const store = await startBusyStore();
  const client = clientWithoutStore(store.url);
  const sockets: Socket[] = [];
  const onSocket = (message: unknown): void => {
    sockets.push((message as { socket: Socket }).socket);
  };
  subscribe("net.client.socket", onSocket);
  const taken: number[] = [];
  const others = new AbortController();
  const watching = (async () => {
    for (let before = 0; !others.signal.aborted;) {
      const written = sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
      taken.push(written - before);
      before = written;
      await setImmediate();
    }
  })();
  const body = Buffer.alloc(8 * MEGABYTE);
  await client.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: body }));
  others.abort();
  await watching;
  unsubscribe("net.client.socket", onSocket);
  client.destroy();
  store.stop();
  // Of two tries.
  expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(2 * body.length);
  expect(Math.max(...taken)).toBeLessThan(MEGABYTE);
});

test("a body that is given up in the middle ends its request", async () => {
  const abort = new AbortController();
  const closed = Promise.withResolvers<undefined>();
  const server = createServer((request) => void request.once("data", () => abort.abort()));
  server.on("connection", (socket) => {
    socket.on("close", () => closed.resolve(undefined));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = clientWithoutStore(`http://127.0.0.1:${port}`);
  const body = Buffer.alloc(64 * MEGABYTE);
  const command = new PutObjectCommand({ Bucket: "b", Key: "k", Body: body });
  await expect(client.send(command, { abortSignal: abort.signal })).rejects.toThrow("aborted");
  await closed.promise;
  client.destroy();
  server.close();
});
