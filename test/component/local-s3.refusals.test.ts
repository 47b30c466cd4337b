import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalS3, type LocalS3 } from "../../infra/local/cluster/s3/server.ts";
import { KEYS } from "../support/servers/local-s3-process.ts";
import { refusalOf, s3Client } from "../support/s3-contract/s3-bench.ts";

const Bucket = "statements";
const object = { Bucket, Key: "a" };
let dir: string;
let server: LocalS3;
let client: S3Client;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "local-s3-"));
  server = await startLocalS3({ dir, ...KEYS });
  client = s3Client({ ...KEYS, endpoint: server.endpoint });
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ ...object, Body: "kept" }));
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const put = (more: object) =>
  client.send(new PutObjectCommand({ ...object, Body: "changed", ...more }));
const Tagging = { TagSet: [{ Key: "k", Value: "v" }] };
const customerKey = { SSECustomerAlgorithm: "AES256", SSECustomerKey: "k".repeat(32) };

test.each<[string, () => Promise<unknown>]>([
  ["CopyObject", () => client.send(new CopyObjectCommand({ ...object, CopySource: "x/y" }))],
  ["DeleteObject", () => client.send(new DeleteObjectCommand(object))],
  ["PutObjectTagging", () => client.send(new PutObjectTaggingCommand({ ...object, Tagging }))],
  ["GetObjectTagging", () => client.send(new GetObjectTaggingCommand(object))],
  ["ListParts", () => client.send(new ListPartsCommand({ ...object, UploadId: "1" }))],
  ["a put with tags", () => put({ Tagging: "k=v" })],
  ["DeleteBucket", () => client.send(new DeleteBucketCommand({ Bucket }))],
  [
    "DeleteObjects",
    () => client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [] } })),
  ],
  ["ListObjects, version 1", () => client.send(new ListObjectsCommand({ Bucket }))],
  ["ListObjectVersions", () => client.send(new ListObjectVersionsCommand({ Bucket }))],
  ["GetBucketVersioning", () => client.send(new GetBucketVersioningCommand({ Bucket }))],
  ["PutObjectAcl", () => client.send(new PutObjectAclCommand({ ...object, ACL: "private" }))],
  [
    "PutBucketLifecycleConfiguration",
    () => client.send(new PutBucketLifecycleConfigurationCommand({ Bucket })),
  ],
  [
    "a version of an object",
    () => client.send(new GetObjectCommand({ ...object, VersionId: "1" })),
  ],
  ["a part of an object", () => client.send(new GetObjectCommand({ ...object, PartNumber: 1 }))],
  ["a put with an ACL", () => put({ ACL: "private" })],
  ["a put with a storage class", () => put({ StorageClass: "GLACIER" })],
  ["a put with a lock", () => put({ ObjectLockMode: "GOVERNANCE" })],
  ["a put with the customer's key", () => put(customerKey)],
  ["a put over one version", () => put({ IfMatch: '"x"' })],
  ["a put but for one version", () => put({ IfNoneMatch: '"x"' })],
  [
    "a read by date",
    () => client.send(new GetObjectCommand({ ...object, IfModifiedSince: new Date() })),
  ],
  ["a put with CRC32C", () => put({ ChecksumAlgorithm: "CRC32C" })],
])("%s is not provided, and says so", async (_what, call) => {
  const refusal = await refusalOf(call());
  expect(refusal).toBe("501 NotImplemented");
  const { Body } = await client.send(new GetObjectCommand(object));
  expect(await Body?.transformToString()).toBe("kept");
});
