/**
 * Whether the store knows `If-None-Match: *`, on which everything rests: a store that does not would
 * overwrite statements without a word. One small object is the memory of it: to create that object
 * once more must fail. It takes no right that a statement does not take, and it is never deleted.
 */
import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { RetryableError } from "../../domain/failure.ts";
import type { S3Settings } from "../../platform/store/s3-client.ts";
import { storageFault } from "../../platform/store/storage-error.ts";
import { uuid } from "../../platform/clock/clock.ts";

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
  readonly checksums?: S3Settings["checksums"];
}

/** What a store does beside what everything rests on; undefined where it was not to be seen. */
export interface StoreHabits {
  readonly refusesWrongChecksums?: boolean | undefined;
  readonly confirmsRightChecksums?: boolean | undefined;
}

/**
 * Resolves when the store has refused to create the probe a second time, with what else was seen:
 * all of it where the probe was new or `whole` is asked for, else nothing.
 * @throws RetryableError `store_not_create_only`, or the SDK's error.
 */
export async function proveCreateOnly(
  store: ProbedStore,
  signal: AbortSignal,
  whole = false,
): Promise<StoreHabits> {
  const isOld = (await putProbe(store, signal)) === "refused";
  if (isOld && !whole) return {};
  if (!isOld && (await putProbe(store, signal)) === "created") throw notCreateOnly("PutObject");
  const completed = await withUpload(store, keyOf(store), signal, async (upload) => {
    const parts = await uploadPart(store, upload, signal);
    return await answerTo(store.client.send(completion(upload, parts), { abortSignal: signal }));
  });
  if (completed === "created") throw notCreateOnly("CompleteMultipartUpload");
  return await withUpload(store, `${keyOf(store)}-${uuid()}`, signal, async (upload) => {
    const habits = await checksumHabits(store, upload, signal);
    const parts = await uploadPart(store, upload, signal);
    await refuseLateCompletion(store, upload, parts, signal);
    return habits;
  });
}

type Answer = "created" | "refused";

async function putProbe(store: ProbedStore, abortSignal: AbortSignal): Promise<Answer> {
  const command = new PutObjectCommand({
    ...params(store, keyOf(store)),
    IfNoneMatch: "*",
    Body: BODY,
  });
  return await answerTo(store.client.send(command, { abortSignal }));
}

interface BegunUpload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

/** Begins an upload of one part, which is aborted at the end unless it is gone by then. */
async function withUpload<T>(
  store: ProbedStore,
  key: string,
  abortSignal: AbortSignal,
  use: (upload: BegunUpload) => Promise<T>,
): Promise<T> {
  const { client } = store;
  const begin = new CreateMultipartUploadCommand({
    ...params(store, key),
    ...(store.checksums === "when_required" ? {} : { ChecksumAlgorithm: "SHA256" }),
  });
  const { UploadId } = await client.send(begin, { abortSignal });
  const upload = { Bucket: store.bucket, Key: key, UploadId };
  try {
    return await use(upload);
  } finally {
    const abort = new AbortMultipartUploadCommand(upload);
    await client.send(abort, { abortSignal }).catch(() => undefined);
  }
}

async function uploadPart(
  { client, checksums }: ProbedStore,
  upload: BegunUpload,
  abortSignal: AbortSignal,
  checksum = sha256Of(BODY),
): Promise<CompletedPart> {
  const command = new UploadPartCommand({
    ...upload,
    PartNumber: 1,
    Body: BODY,
    ...(checksums === "when_required"
      ? {}
      : { ChecksumAlgorithm: "SHA256", ChecksumSHA256: checksum }),
  });
  const { ETag, ChecksumSHA256 } = await client.send(command, { abortSignal });
  return { PartNumber: 1, ETag, ...(ChecksumSHA256 === undefined ? {} : { ChecksumSHA256 }) };
}

function completion(upload: BegunUpload, part: CompletedPart): CompleteMultipartUploadCommand {
  return new CompleteMultipartUploadCommand({
    ...upload,
    IfNoneMatch: "*",
    MultipartUpload: { Parts: [part] },
  });
}

/** By a part that never becomes an object. */
async function checksumHabits(
  store: ProbedStore,
  upload: BegunUpload,
  signal: AbortSignal,
): Promise<StoreHabits> {
  if (store.checksums === "when_required") return {};
  const right = await uploadPart(store, upload, signal);
  const wrong = await uploadPart(store, upload, signal, sha256Of("other bytes")).then(
    () => false,
    (error: unknown) => (storageFault(error).status === 400 ? true : undefined),
  );
  return {
    refusesWrongChecksums: wrong,
    confirmsRightChecksums: right.ChecksumSHA256 === sha256Of(BODY),
  };
}

/** The fence rests on it: what was aborted never becomes an object, whatever the answer is. */
async function refuseLateCompletion(
  { client }: ProbedStore,
  upload: BegunUpload,
  part: CompletedPart,
  abortSignal: AbortSignal,
): Promise<void> {
  const options = { abortSignal };
  await client.send(new AbortMultipartUploadCommand(upload), options);
  await client.send(completion(upload, part), options).catch(() => undefined);
  const look = new HeadObjectCommand({ Bucket: upload.Bucket, Key: upload.Key });
  const found = await client.send(look, options).catch((error: unknown) => {
    if (storageFault(error).status === 404) return undefined;
    throw error;
  });
  if (found) throw notCreateOnly("CompleteMultipartUpload after AbortMultipartUpload");
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function keyOf({ prefix = "" }: ProbedStore): string {
  return `${prefix}${PROBE_NAME}`;
}

function params(store: ProbedStore, Key: string) {
  return {
    Bucket: store.bucket,
    Key,
    ContentType: "text/plain",
    ...store.encryption,
  };
}

/**
 * 412 says that the object is there. Another start that creates it at the same moment is as good as one before, and S3
 * has a code for that; any other conflict says nothing of `If-None-Match`.
 */
async function answerTo(request: Promise<unknown>): Promise<Answer> {
  try {
    await request;
    return "created";
  } catch (error) {
    const { status, code } = storageFault(error);
    const refused = status === 412 || (status === 409 && code === "ConditionalRequestConflict");
    if (!refused) throw error;
    return "refused";
  }
}

function notCreateOnly(operation: string): RetryableError {
  const message =
    `the store took ${operation} that it should have refused: it would overwrite statements. ` +
    "Use a store that knows If-None-Match: *; infra/databases-and-stores.md has a list";
  return new RetryableError("store_not_create_only", message, { detail: operation });
}
