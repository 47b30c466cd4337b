/** A statement's bucket on a real store or on the local one, with a look behind the scenes. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pino } from "pino";
import { startLocalS3 } from "../../../infra/local/cluster/s3/server.ts";
import type { ObjectMetadata } from "../../../functions/statement-builder/store/object-metadata.ts";
import type { StatementUpload } from "../../../functions/statement-builder/store/publication.ts";
import {
  makeStatementBucket,
  type StatementBucket,
  type StatementBucketConfig,
} from "../../../functions/statement-builder/store/statement-bucket.ts";
import { isFirstEngine, startStore } from "../engines/chosen-engine.ts";

export type StoreName = "the real store" | "the local server";
/** The local server is none of the engines: it has its tests once. */
export const STORES: readonly StoreName[] = isFirstEngine()
  ? ["the real store", "the local server"]
  : ["the real store"];

export interface TestBucket extends AsyncDisposable {
  readonly name: string;
  readonly endpoint: string;
  /** Parts of 5 MiB, two at a time. */
  readonly bucket: StatementBucket;
  /** Straight to the server, whatever `bucket` is told to go through. */
  readonly client: S3Client;
  bucketWith(
    settings: Partial<StatementBucketConfig & { secretAccessKey: string }>,
  ): StatementBucket;
  /** Keys of the multipart uploads that are neither completed nor aborted. */
  uploadsLeft(): Promise<readonly string[]>;
  beginUpload(key: string): Promise<string>;
  abortUpload(key: string, uploadId: string): Promise<void>;
  /** A part whose last bytes the store is still waiting for; `end` sends them and resolves with the status. */
  sendPartSlowly(key: string, uploadId: string): Promise<{ end(): Promise<number> }>;
}

const SLOW_PART_BYTES = 5 * 1024 * 1024;

export async function openTestBucket(name: StoreName): Promise<TestBucket> {
  await using opened = new AsyncDisposableStack();
  const server =
    name === "the real store" ? opened.use(await startStore()) : opened.use(await local());
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const bucketName = `statements-${randomUUID()}`;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  opened.defer(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: bucketName }));
  const bucketWith: TestBucket["bucketWith"] = ({ secretAccessKey: secret, ...settings }) =>
    makeStatementBucket({
      bucket: bucketName,
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey: secret ?? secretAccessKey },
      forcePathStyle: true,
      partBytes: 5 * 1024 * 1024,
      queue: 2,
      log: pino({ level: "silent" }),
      ...settings,
    });
  const bucket = opened.use(bucketWith({}));
  const owned = opened.move();
  return {
    name: bucketName,
    endpoint,
    bucket,
    client,
    bucketWith,
    async uploadsLeft() {
      const list = new ListMultipartUploadsCommand({ Bucket: bucketName });
      return ((await client.send(list)).Uploads ?? []).map(({ Key = "" }) => Key);
    },
    async beginUpload(key) {
      const begin = new CreateMultipartUploadCommand({ Bucket: bucketName, Key: key });
      return (await client.send(begin)).UploadId ?? "";
    },
    async abortUpload(key, uploadId) {
      const names = { Bucket: bucketName, Key: key, UploadId: uploadId };
      await client.send(new AbortMultipartUploadCommand(names));
    },
    async sendPartSlowly(key, uploadId) {
      const names = { Bucket: bucketName, Key: key, UploadId: uploadId, PartNumber: 1 };
      const url = await getSignedUrl(client, new UploadPartCommand(names));
      const headers = { "content-length": SLOW_PART_BYTES };
      const request = httpRequest(url, { method: "PUT", headers });
      const answered = once(request, "response") as Promise<[IncomingMessage]>;
      answered.catch(() => undefined);
      await new Promise((resolve) => request.write(Buffer.alloc(SLOW_PART_BYTES - 1), resolve));
      return {
        async end() {
          request.end("x");
          const [response] = await answered;
          response.resume();
          return response.statusCode ?? 0;
        },
      };
    },
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function local() {
  const credentials = { accessKeyId: "test", secretAccessKey: "test-secret" };
  const dir = await mkdtemp(join(tmpdir(), "local-s3-"));
  const server = await startLocalS3({ dir, ...credentials });
  return {
    endpoint: server.endpoint,
    ...credentials,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const METADATA: ObjectMetadata = {
  requestId: "transaction-request-acme-1700000000000",
  attempt: 1,
  claim: "claim-a",
  periodStart: "2026-01-01",
  periodEnd: "2026-01-31",
  timeZone: "Europe/Berlin",
  schema: "manifest.v1",
  rows: 7,
};

/** An upload of these bytes by a holder with a minute left of its lease. */
export function uploadOf(
  key: string,
  bytes: Buffer | Iterable<Buffer> = Buffer.alloc(0),
  metadata: Partial<ObjectMetadata> = {},
): StatementUpload {
  return {
    key,
    metadata: { ...METADATA, ...metadata },
    body: Readable.from(Buffer.isBuffer(bytes) ? [bytes] : bytes, { objectMode: false }),
    lease: () => Promise.resolve(60_000),
    signal: new AbortController().signal,
  };
}
