/**
 * Whether the store knows `If-None-Match: *`, on which everything rests: a store that does not would
 * overwrite statements without a word. One small object is the memory of it: to create that object
 * once more must fail. It takes no right that a statement does not take, and it is never deleted.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { RetryableError } from "../../domain/failure.ts";
import { storageFault } from "./storage-error.ts";

/** Behind the prefix; no statement has such a name, and no consumer takes it for one. */
export const PROBE_NAME = "create-only-probe";

const BODY =
  "Creating this object a second time has to fail: that is how statement-builder sees, at each\n" +
  "start, that this store overwrites no statement. It may stay, and may go.\n";

export interface ProbedStore {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix?: string | undefined;
  /** As for statements without a key of their own: some buckets take nothing without it. */
  readonly encryption?: Partial<PutObjectCommandInput>;
}

/**
 * Resolves when the store has refused to create the probe a second time: by PutObject, and where
 * the probe was new, by CompleteMultipartUpload as well.
 * @throws RetryableError `store_not_create_only`, or the SDK's error.
 */
export async function proveCreateOnly(store: ProbedStore, signal: AbortSignal): Promise<void> {
  if ((await putProbe(store, signal)) === "refused") return;
  if ((await putProbe(store, signal)) === "created") throw notCreateOnly("PutObject");
  if ((await completeProbe(store, signal)) === "created") {
    throw notCreateOnly("CompleteMultipartUpload");
  }
}

type Answer = "created" | "refused";

async function putProbe(store: ProbedStore, abortSignal: AbortSignal): Promise<Answer> {
  const command = new PutObjectCommand({ ...params(store), IfNoneMatch: "*", Body: BODY });
  return await answerTo(store.client.send(command, { abortSignal }));
}

async function completeProbe(store: ProbedStore, abortSignal: AbortSignal): Promise<Answer> {
  const { client } = store;
  const options = { abortSignal };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(params(store)), options);
  const upload = { Bucket: store.bucket, Key: keyOf(store), UploadId };
  try {
    const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: BODY });
    const { ETag } = await client.send(part, options);
    const parts = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = new CompleteMultipartUploadCommand({
      ...upload,
      IfNoneMatch: "*",
      MultipartUpload: parts,
    });
    return await answerTo(client.send(complete, options));
  } finally {
    // Gone already where it was completed.
    await client.send(new AbortMultipartUploadCommand(upload), options).catch(() => undefined);
  }
}

function keyOf({ prefix = "" }: ProbedStore): string {
  return `${prefix}${PROBE_NAME}`;
}

function params(store: ProbedStore) {
  return {
    Bucket: store.bucket,
    Key: keyOf(store),
    ContentType: "text/plain",
    ...store.encryption,
  };
}

/** Another start that creates it at the same moment (409) is as good as one before. */
async function answerTo(request: Promise<unknown>): Promise<Answer> {
  try {
    await request;
    return "created";
  } catch (error) {
    const { status, code } = storageFault(error);
    const refused = status === 412 || status === 409 || code === "PreconditionFailed";
    if (!refused) throw error;
    return "refused";
  }
}

function notCreateOnly(operation: string): RetryableError {
  const message =
    `the store took ${operation} with If-None-Match: * over an object that was there: it would ` +
    "overwrite statements. Use a store that knows this condition; infra/README.md has a list";
  return new RetryableError("store_not_create_only", message, { detail: operation });
}
