import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { request, type ClientRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { startLocalS3 } from "../../infra/local/cluster/s3/server.ts";
import { startDoomed } from "../support/servers/doomed-process.ts";
import { KEYS } from "../support/servers/local-s3-process.ts";
import { s3Client, textOf } from "../support/s3-contract/s3-bench.ts";

const Bucket = "statements";
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "local-s3-"));
});
afterEach(async () => await rm(dir, { recursive: true }));

/** Runs the server on the folder of the test for as long as `use` takes. */
async function withServer<T>(use: (client: S3Client) => Promise<T>): Promise<T> {
  await using server = await startLocalS3({ dir, ...KEYS });
  const client = s3Client({ ...KEYS, endpoint: server.endpoint });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}
const withBucket = <T>(use: (client: S3Client) => Promise<T>) =>
  withServer(async (client) => {
    await client.send(new CreateBucketCommand({ Bucket }));
    return await use(client);
  });
const blobs = () => readdir(join(dir, "blobs"));
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("objects and unfinished uploads are there again after a restart", async () => {
  const { UploadId, ETag } = await withBucket(async (client) => {
    const Metadata = { "request-id": "r1" };
    await client.send(new PutObjectCommand({ Bucket, Key: "a/b c.zip", Body: "kept", Metadata }));
    const upload = { Bucket, Key: "unfinished" };
    const begun = await client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId: begun.UploadId, PartNumber: 1, Body: "part" };
    const sent = await client.send(new UploadPartCommand(part));
    return { UploadId: begun.UploadId, ETag: sent.ETag };
  });
  await withServer(async (client) => {
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "a/b c.zip" }));
    expect(got).toMatchObject({ Metadata: { "request-id": "r1" } });
    expect(await got.Body?.transformToString()).toBe("kept");
    const upload = { Bucket, Key: "unfinished", UploadId };
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    expect(await textOf(client, Bucket, "unfinished")).toBe("part");
  });
});

test("after a kill every answered put is whole, and no other bytes are left", async () => {
  const answered = new Map<string, Buffer>();
  {
    await using doomed = await startDoomed("local-s3-process.ts", dir);
    const client = s3Client({ ...KEYS, endpoint: doomed.firstLine });
    await client.send(new CreateBucketCommand({ Bucket }));
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; ; i++) {
        const Body = randomBytes(300_000);
        const Key = `${writer}-${i}`;
        await client.send(new PutObjectCommand({ Bucket, Key, Body }));
        answered.set(Key, Body);
        if (answered.size === 20) await doomed.kill();
      }
    });
    const endings = await Promise.allSettled(writers);
    expect(endings.every(({ status }) => status === "rejected")).toBe(true);
    client.destroy();
  }
  expect(answered.size).toBeGreaterThanOrEqual(20);
  await withServer(async (client) => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    const keys = Contents.map(({ Key }) => Key);
    expect(keys).toEqual(expect.arrayContaining([...answered.keys()]));
    for (const [Key, bytes] of answered) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      expect(bytes.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    }
    expect(await blobs()).toHaveLength(keys.length);
  });
});

test("a kill between the object and the end of its upload does not cost the object", async () => {
  await withBucket(async (client) => {
    const upload = { Bucket, Key: "completed" };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: "the part" }));
    await cp(join(dir, "uploads"), join(dir, "uploads-before"), { recursive: true });
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
  });
  await cp(join(dir, "uploads-before"), join(dir, "uploads"), { recursive: true });
  await withServer(async (client) => {
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads ?? []).toEqual([]);
    expect(await textOf(client, Bucket, "completed")).toBe("the part");
  });
});

test("completing an upload copies no bytes", async () => {
  await withBucket(async (client) => {
    const upload = { Bucket, Key: "large" };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const Body = Buffer.alloc(5 * 1024 * 1024, "x");
    const Parts = [];
    for (const PartNumber of [1, 2, 3]) {
      const part = new UploadPartCommand({ ...upload, UploadId, PartNumber, Body });
      Parts.push({ PartNumber, ETag: (await client.send(part)).ETag });
    }
    const inodes = async () =>
      await Promise.all(
        (await blobs()).map(async (id) => (await stat(join(dir, "blobs", id))).ino),
      );
    const before = await inodes();
    const MultipartUpload = { Parts };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
    expect((await inodes()).toSorted()).toEqual(before.toSorted());
    expect(before).toHaveLength(3);
  });
});

describe("when a client goes in the middle of a put", () => {
  /** Sends less than it has announced. */
  async function halfAPut(client: S3Client): Promise<ClientRequest> {
    const command = new PutObjectCommand({ Bucket, Key: "half" });
    const url = await getSignedUrl(client, command, { unhoistableHeaders: new Set() });
    const sending = request(url, { method: "PUT", headers: { "content-length": 2_000_000 } });
    sending.on("error", () => undefined);
    sending.write(Buffer.alloc(1_000_000));
    await eventually(async () => (await blobs()).length === 1);
    return sending;
  }

  test("nothing is left of it", async () => {
    await withBucket(async (client) => {
      const sending = await halfAPut(client);
      sending.destroy();
      await eventually(async () => (await blobs()).length === 0);
      const head = client.send(new HeadObjectCommand({ Bucket, Key: "half" }));
      await expect(head).rejects.toMatchObject({ name: "NotFound" });
    });
  });

  test("nor when the server goes", async () => {
    const sending = await withBucket(halfAPut);
    expect(await blobs()).toEqual([]);
    if (!sending.closed) await once(sending, "close");
  });
});

test("a damaged file is named, a taken port is an error", async () => {
  await withBucket(async (client) => {
    await client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "a" }));
  });
  const objects = join(dir, "buckets", Bucket, "objects");
  const [file = ""] = await readdir(objects);
  await using running = await startLocalS3({ dir: `${dir}/other`, ...KEYS });
  const port = Number(new URL(running.endpoint).port);
  await expect(startLocalS3({ dir, port, ...KEYS })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await writeFile(join(objects, file), "{");
  await expect(startLocalS3({ dir, ...KEYS })).rejects.toThrow(join(objects, file));
});
