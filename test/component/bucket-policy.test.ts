/** The rights of the builder and of status-api, as infra/kubernetes/bucket/ has them, tried by their own code on a real S3 server. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { pino } from "pino";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";
import { makeLinks } from "../../functions/status-api/links.ts";
import { makeStatementBucket } from "../../functions/statement-builder/store/statement-bucket.ts";
import type { S3Server } from "../support/servers/s3-server.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";
import { uploadOf } from "../support/servers/statement-bucket.ts";

/** As the files name it. */
const BUCKET = "bank-statements";
const KEY = "statements/customer-1-1-2-3.zip";
const READER = { accessKeyId: "status-api", secretAccessKey: "of-this-test-only" };
const BUILDER = { accessKeyId: "statement-builder", secretAccessKey: "of-this-test-only" };

interface Policy {
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}

let server: S3Server;
let owner: S3Client;
let asBuilder: S3Client;

beforeAll(async () => {
  const users = [BUILDER, READER].map((one) => [one.accessKeyId, one.secretAccessKey] as const);
  server = await startS3Server({ users: Object.fromEntries(users) });
  await server.createBucket(BUCKET);
  owner = server.client();
  asBuilder = new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: BUILDER,
  });
  await owner.send(new PutObjectCommand({ Bucket: BUCKET, Key: "other/file", Body: "x" }));
}, 600_000);
afterAll(async () => {
  owner.destroy();
  asBuilder.destroy();
  await server[Symbol.asyncDispose]();
});

async function file(name: string): Promise<Policy> {
  const json = await readFile(
    new URL(`../../infra/kubernetes/bucket/${name}`, import.meta.url),
    "utf8",
  );
  return JSON.parse(json) as Policy;
}

/** The policy of a role, as a policy of the bucket for that one user. */
async function apply(policy: Policy, principal?: string): Promise<void> {
  const Statement = policy.Statement.map(({ Condition, ...statement }) => ({
    ...statement,
    ...(principal === undefined ? {} : { Principal: { AWS: [principal] } }),
    // A bucket's policy may not name a prefix for this action; a role's may, to no effect.
    ...(statement["Action"] === "s3:ListBucketMultipartUploads" ? {} : { Condition }),
  }));
  const Policy = JSON.stringify({ ...policy, Statement });
  await owner.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
}

/** `AccessDenied` and the like; `allowed` when there was no error. */
async function outcome(request: Promise<unknown>): Promise<string> {
  return await request.then(
    () => "allowed",
    (error: unknown) => (error as Error).name,
  );
}

test("with its policy the builder does all it has to, and nothing else", async () => {
  const at = { Bucket: BUCKET, Key: KEY };
  expect(await outcome(asBuilder.send(new PutObjectCommand({ ...at, Body: "x" })))).toBe(
    "AccessDenied",
  );
  await apply(await file("builder-policy.json"), BUILDER.accessKeyId);
  using bucket = makeStatementBucket({
    bucket: BUCKET,
    prefix: "statements/",
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: BUILDER,
    partBytes: 5 * 1024 * 1024,
    queue: 2,
    log: pino({ level: "silent" }),
  });
  const { signal } = new AbortController();
  await bucket.ready(signal);
  // An absent object is absent, not forbidden; what an earlier attempt left open is aborted.
  expect(await bucket.look(KEY, signal)).toEqual({ kind: "absent" });
  await asBuilder.send(new CreateMultipartUploadCommand(at));
  expect(await bucket.abortUploads(KEY, signal)).toBe(1);
  // One request, and in parts; then read back.
  expect((await bucket.publish(uploadOf(KEY, Buffer.from("zip")))).kind).toBe("published");
  const large = Buffer.alloc(6 * 1024 * 1024);
  expect((await bucket.publish(uploadOf(`${KEY}.large`, large))).kind).toBe("published");
  expect(await bucket.look(`${KEY}.large`, signal)).toMatchObject({ bytes: large.length });
  expect(await text(bucket.read(KEY, signal))).toBe("zip");

  const elsewhere = { Bucket: BUCKET, Key: "other/file" };
  const refused = await Promise.all(
    [
      asBuilder.send(new DeleteObjectCommand(at)),
      asBuilder.send(new PutObjectCommand({ ...elsewhere, Body: "y" })),
      asBuilder.send(new GetObjectCommand(elsewhere)),
      asBuilder.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "other/" })),
      asBuilder.send(new GetBucketPolicyCommand({ Bucket: BUCKET })),
    ].map(outcome),
  );
  expect(refused).toEqual(refused.map(() => "AccessDenied"));
});

test("with its policy status-api links to what is there, and writes, deletes and lists nothing else", async () => {
  await apply(await file("reader-policy.json"), READER.accessKeyId);
  await owner.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: "statements/read.zip", Body: "zip" }),
  );
  const { endpoint, region } = server;
  const where = { endpoint, region, forcePathStyle: true, credentials: READER };
  const client = makeS3Client({ ...where, checksums: "when_required" }, 1);
  try {
    const links = makeLinks(client, 60_000, Date.now);
    const { signal } = new AbortController();
    const of = async (key: string) => await links.make({ bucket: BUCKET, key }, signal);
    const made = await of("statements/read.zip");
    if (made.kind !== "link") throw new Error(made.kind);
    expect(await (await fetch(made.url)).text()).toBe("zip");
    // Absent, not forbidden.
    expect(await of("statements/absent.zip")).toEqual({ kind: "gone" });
    await expect(of("other/file")).rejects.toThrow("403");
    const at = { Bucket: BUCKET, Key: "statements/read.zip" };
    const refused = await Promise.all(
      [
        client.send(new PutObjectCommand({ ...at, Body: "y" })),
        client.send(new DeleteObjectCommand(at)),
        client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "other/" })),
        client.send(new CreateMultipartUploadCommand(at)),
      ].map(outcome),
    );
    expect(refused).toEqual(refused.map(() => "AccessDenied"));
  } finally {
    client.destroy();
  }
});

test("the bucket's policy lets nobody in without TLS", async () => {
  const { Statement, ...policy } = await file("bucket-policy.json");
  const [onlyOverTls] = Statement.filter(({ Sid }) => Sid === "OnlyOverTls");
  if (!onlyOverTls) throw new Error("no such statement");
  const builder = await file("builder-policy.json");
  const allowed = builder.Statement.slice(0, 1).map((one) => ({
    ...one,
    Principal: { AWS: [BUILDER.accessKeyId] },
  }));
  const get = () => outcome(asBuilder.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY })));
  await apply({ ...policy, Statement: allowed });
  expect(await get()).toBe("allowed");
  // This server is spoken to without TLS.
  await apply({ ...policy, Statement: [...allowed, onlyOverTls] });
  expect(await get()).toBe("AccessDenied");
});
