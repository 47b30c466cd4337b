/** A store that would overwrite statements is found out before the first is written. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { pino } from "pino";
import { parseStatementKey } from "../../functions/domain/statement-key.ts";
import { PROBE_NAME } from "../../functions/statement-builder/store/create-only-probe.ts";
import {
  makeStatementBucket,
  type StatementBucket,
} from "../../functions/statement-builder/store/statement-bucket.ts";
import { parseS3Event } from "../../infra/clients/consumer/index.ts";
import { startStore } from "../support/engines/chosen-engine.ts";
import { startRclone } from "../support/engines/rclone.ts";
import {
  startHttpFaultProxy,
  type HttpFault,
  type HttpFaultProxy,
} from "../support/wire/http-fault-proxy.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { uploadOf } from "../support/servers/statement-bucket.ts";

const PREFIX = "statements/";
const PROBE = { method: "PUT", path: /create-only-probe/ };

function bucketOn(
  server: S3Server,
  endpoint = server.endpoint,
  bucket = server.bucket,
): StatementBucket {
  return makeStatementBucket({
    bucket,
    prefix: PREFIX,
    endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: server,
    partBytes: 5 * 1024 * 1024,
    queue: 2,
    log: pino({ level: "silent" }),
  });
}

/** No part of an upload. */
const isWhole = (request: string): boolean => !request.includes("partNumber");

async function keysIn(server: S3Server, bucket = server.bucket): Promise<(string | undefined)[]> {
  const client = server.client();
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  client.destroy();
  return Contents.map(({ Key }) => Key);
}

describe("a store that knows If-None-Match", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startStore();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("has refused before the first statement lies there, and is asked once", async () => {
    await using proxy = await startHttpFaultProxy({ url: server.endpoint });
    const asked = () =>
      proxy.requests.filter((one) => PROBE.path.test(one) && one.startsWith("PUT"));
    using bucket = bucketOn(server, proxy.url);
    for (const name of ["a", "b"]) {
      const outcome = await bucket.publish(uploadOf(`${PREFIX}${name}.zip`, Buffer.from("zip")));
      expect(outcome.kind).toBe("published");
    }
    // Once to make it, once to see it refused; the next start needs only the second.
    expect(asked().filter(isWhole)).toHaveLength(2);
    using next = bucketOn(server, proxy.url);
    await next.proveCreateOnly();
    expect(asked().filter(isWhole)).toHaveLength(3);
    expect(await keysIn(server)).toContain(`${PREFIX}${PROBE_NAME}`);
  });

  test("that cannot be asked is no reason to write", async () => {
    await using proxy = await startHttpFaultProxy({ url: server.endpoint });
    proxy.fail({ ...PROBE, fault: { kind: "answer", status: 403, headers: {}, body: "" } });
    using bucket = bucketOn(server, proxy.url);
    const publish = bucket.publish(uploadOf(`${PREFIX}c.zip`, Buffer.from("zip")));
    await expect(publish).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await keysIn(server)).not.toContain(`${PREFIX}c.zip`);
    // It is asked again, not remembered as it was.
    proxy.pass();
    expect((await bucket.publish(uploadOf(`${PREFIX}c.zip`, Buffer.from("zip")))).kind).toBe(
      "published",
    );
  });

  test("is not proved by another conflict than that of the condition", async () => {
    await using proxy = await startHttpFaultProxy({ url: server.endpoint });
    const conflict = (code: string): HttpFault => ({
      kind: "answer",
      status: 409,
      headers: { "content-type": "application/xml" },
      body: `<Error><Code>${code}</Code><Message>another one is at it</Message></Error>`,
    });
    using bucket = bucketOn(server, proxy.url);
    proxy.fail({ ...PROBE, fault: conflict("OperationAborted") });
    await expect(bucket.proveCreateOnly()).rejects.toMatchObject({ code: "storage_unavailable" });
    proxy.pass();
    proxy.fail({ ...PROBE, fault: conflict("ConditionalRequestConflict") });
    await bucket.proveCreateOnly();
  });

  test("that does not answer holds back no process that ends", async () => {
    await using proxy = await startHttpFaultProxy({ url: server.endpoint });
    proxy.fail({ ...PROBE, fault: { kind: "drop" } });
    const bucket = bucketOn(server, proxy.url);
    const proved = bucket.proveCreateOnly();
    while (!proxy.requests.some((one) => PROBE.path.test(one))) await sleep(10);
    bucket[Symbol.dispose]();
    await expect(proved).rejects.toThrow("the process ends");
  });
});

describe("where the probe is new, or doctor asks", () => {
  let server: S3Server;
  let proxy: HttpFaultProxy;
  let name: string;
  beforeAll(async () => {
    server = await startStore();
  });
  beforeEach(async () => {
    proxy = await startHttpFaultProxy({ url: server.endpoint });
    name = await server.createBucket();
  });
  afterEach(() => proxy[Symbol.asyncDispose]());
  afterAll(() => server[Symbol.asyncDispose]());

  test("the store is asked for all of it, and keeps one object and no upload", async () => {
    using bucket = bucketOn(server, server.endpoint, name);
    const habits = { refusesWrongChecksums: true, confirmsRightChecksums: true };
    expect(await bucket.proveCreateOnly()).toEqual(habits);
    expect(await keysIn(server, name)).toEqual([`${PREFIX}${PROBE_NAME}`]);
    using next = bucketOn(server, server.endpoint, name);
    expect(await next.proveCreateOnly()).toEqual({});
    expect(await next.proveCreateOnly(true)).toEqual(habits);
    const client = server.client();
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
    client.destroy();
    expect(uploads.Uploads ?? []).toEqual([]);
    expect(await keysIn(server, name)).toEqual([`${PREFIX}${PROBE_NAME}`]);
  });

  test.each([
    [
      "completes over an object",
      { method: "POST", path: /create-only-probe\?uploadId/ },
      { kind: "answer", status: 200, body: "<CompleteMultipartUploadResult/>" },
      "CompleteMultipartUpload",
    ],
    [
      "completes what was aborted",
      { method: "DELETE", path: /create-only-probe-.*uploadId/ },
      { kind: "answer", status: 204 },
      "CompleteMultipartUpload after AbortMultipartUpload",
    ],
  ] as const)("a store that %s is refused", async (_, request, fault, detail) => {
    proxy.fail({ ...request, fault, times: 1 });
    using bucket = bucketOn(server, proxy.url, name);
    const refusal = { code: "store_not_create_only", detail };
    await expect(bucket.proveCreateOnly()).rejects.toMatchObject(refusal);
  });

  test("a store that looks at no checksum is only told of", async () => {
    // The part for the completion, the right one, and then the wrong one.
    proxy.fail({
      method: "PUT",
      path: /partNumber/,
      skip: 2,
      times: 1,
      fault: { kind: "answer", status: 200, headers: { etag: '"e"' } },
    });
    using bucket = bucketOn(server, proxy.url, name);
    expect(await bucket.proveCreateOnly()).toMatchObject({ refusesWrongChecksums: false });
  });

  test("a misspelt bucket is named, and not made", async () => {
    using bucket = bucketOn(server, server.endpoint, "misspelt");
    const refusal = {
      code: "storage_unavailable",
      message: expect.stringContaining("there is no bucket of this name") as string,
    };
    await expect(bucket.proveCreateOnly()).rejects.toMatchObject(refusal);
    await expect(bucket.ready(new AbortController().signal)).rejects.toMatchObject(refusal);
    const publish = bucket.publish(uploadOf(`${PREFIX}a.zip`, Buffer.from("zip")));
    await expect(publish).rejects.toMatchObject(refusal);
    await expect(keysIn(server, "misspelt")).rejects.toMatchObject({ name: "NoSuchBucket" });
  });
});

test("a store that does not is refused, and has no statement", async () => {
  await using server = await startRclone();
  const client = server.client();
  const at = { Bucket: server.bucket, Key: "anything", IfNoneMatch: "*" };
  await client.send(new PutObjectCommand({ ...at, Body: "first" }));
  await client.send(new PutObjectCommand({ ...at, Body: "second" }));
  const { Body } = await client.send(new GetObjectCommand(at));
  // The store is what this test takes it for.
  expect(await Body?.transformToString()).toBe("second");
  client.destroy();
  using bucket = bucketOn(server);
  const refusal = { code: "store_not_create_only", detail: "PutObject" };
  await expect(bucket.proveCreateOnly()).rejects.toMatchObject(refusal);
  const publish = bucket.publish(uploadOf(`${PREFIX}a.zip`, Buffer.from("zip")));
  await expect(publish).rejects.toMatchObject(refusal);
  expect(await keysIn(server)).not.toContain(`${PREFIX}a.zip`);
});

test("nobody takes the probe for a statement", () => {
  const key = `${PREFIX}${PROBE_NAME}`;
  expect(parseStatementKey(key)).toBeUndefined();
  const record = {
    eventName: "ObjectCreated:Put",
    s3: { bucket: { name: "statements" }, object: { key, size: 1, eTag: "e" } },
  };
  expect(parseS3Event({ Records: [record] })).toMatchObject([
    { kind: "ignored", reason: "not_a_statement" },
  ]);
});
