import {
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { isRunning } from "../support/functions/process-table.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { startS3Server, withS3Server } from "../support/servers/versitygw-server.ts";

async function withClient<T>(server: S3Server, use: (s3: S3Client) => Promise<T>): Promise<T> {
  const s3 = server.client();
  try {
    return await use(s3);
  } finally {
    s3.destroy();
  }
}

test("An object is kept with its metadata through a crash, and is never overwritten by a create", async () => {
  const server = await startS3Server();
  const place = { Bucket: server.bucket, Key: "a.zip" };
  const create = { ...place, Body: "first", IfNoneMatch: "*", Metadata: { claim: "mine" } };
  await withClient(server, (s3) => s3.send(new PutObjectCommand(create)));

  const firstPid = server.pid;
  await server.kill();
  expect(isRunning(firstPid)).toBe(false);
  await server.start();
  const lastPid = server.pid;

  await withClient(server, async (s3) => {
    const second = s3.send(new PutObjectCommand({ ...create, Body: "second" }));
    await expect(second).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    const object = await s3.send(new GetObjectCommand(place));
    expect(await object.Body?.transformToString()).toBe("first");
    expect(object.Metadata).toEqual({ claim: "mine" });
  });

  await server[Symbol.asyncDispose]();
  expect(isRunning(lastPid)).toBe(false);
});

test("Only who has the secret gets in", async () => {
  await withS3Server(async (server) => {
    const listObjects = await fetch(`${server.endpoint}/${server.bucket}`);
    await listObjects.body?.cancel();
    expect(listObjects.status).toBe(403);
  });
});

test("Buckets are made on demand", async () => {
  await withS3Server(async (server) => {
    const other = await server.createBucket();
    const { Buckets } = await withClient(server, (s3) => s3.send(new ListBucketsCommand()));
    expect(Buckets?.map((bucket) => bucket.Name).sort()).toEqual([other, server.bucket].sort());
  });
});
