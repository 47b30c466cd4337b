/**
 * Takes a body to the point where one request makes it an object: a small one into memory, a
 * larger one to the store as the parts of a multipart upload.
 */
import { PutObjectCommand, type PutObjectCommandInput } from "@aws-sdk/client-s3";
import { tellPayloadHash } from "../../platform/store/large-body.ts";
import { makeBodyDigest } from "./body-digest.ts";
import { partsOf } from "./body-parts.ts";
import type { Encryption } from "./encryption.ts";
import { toUserMetadata } from "./object-metadata.ts";
import { uploadParts } from "./multipart-upload.ts";
import type {
  PublishParts,
  PublishStep,
  StagedObject,
  Staging,
  StatementUpload,
} from "./publication.ts";

/** @throws the first failure of body, signal and store; then nothing is left at the store. */
export async function stage(
  parts: PublishParts,
  upload: StatementUpload,
  step: (name: PublishStep) => Promise<void>,
): Promise<StagedObject> {
  const { body, signal } = upload;
  const stop = new AbortController();
  // The first failure ends everything else: the source of the body, and the parts in flight.
  const fail = (error: unknown): void => {
    stop.abort(error);
    body.destroy(error instanceof Error ? error : new Error(String(error)));
  };
  const onAbort = (): void => fail(signal.reason);
  // Reported by the iteration too, but that may be waiting for a part; and an 'error' event
  // without a listener ends the process.
  body.on("error", fail);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    return await stageChunks(parts, upload, { step, stop: stop.signal, fail });
  } catch (error) {
    fail(error);
    throw stop.signal.reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function stageChunks(
  parts: PublishParts,
  upload: StatementUpload,
  staging: Staging,
): Promise<StagedObject> {
  const { partBytes } = parts.config;
  const digest = makeBodyDigest();
  const bodyParts = partsOf(digest.counted(upload.body), partBytes);
  const { value: first } = await bodyParts.next();
  if (!first || first.lastPart) {
    return small(parts, upload, first?.data ?? Buffer.alloc(0), digest.finish());
  }
  const params = objectParams(parts, upload);
  const source = oneAnd(first, bodyParts);
  return await uploadParts({ ...parts, upload, params, source, digest, ...staging });
}

async function* oneAnd<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* others;
}

function small(
  parts: PublishParts,
  upload: StatementUpload,
  body: Buffer,
  sha256: Buffer,
): StagedObject {
  const params = objectParams(parts, upload);
  const hex = sha256.toString("hex");
  const base64 = sha256.toString("base64");
  const command = new PutObjectCommand({
    ...params,
    Body: body,
    ContentLength: body.byteLength,
    Metadata: { ...params.Metadata, sha256: hex },
    // Without the name of the algorithm beside it Ceph's gateway does not look at a checksum.
    ...(parts.config.checksums === "when_required"
      ? {}
      : { ChecksumAlgorithm: "SHA256", ChecksumSHA256: base64 }),
  });
  tellPayloadHash(body, hex);
  return {
    bytes: body.byteLength,
    sha256: hex,
    matches: (stored) => stored.sha256 === undefined || stored.sha256 === base64,
    create: async (abortSignal) => {
      const { ChecksumSHA256 } = await parts.client.send(command, { abortSignal });
      return ChecksumSHA256 === base64 ? "confirmed" : "created";
    },
    discard: async () => await Promise.resolve(),
  };
}

function objectParams({ config }: PublishParts, { key, metadata, encryption }: StatementUpload) {
  const fileName = key.slice(key.lastIndexOf("/") + 1);
  return {
    Bucket: config.bucket,
    Key: key,
    IfNoneMatch: "*",
    ContentType: "application/zip",
    ContentDisposition: `attachment; filename="${fileName}"`,
    CacheControl: "private, no-store",
    Metadata: toUserMetadata(metadata),
    ...(encryption ? encryptionParams(encryption) : {}),
  } satisfies PutObjectCommandInput;
}

export function encryptionParams({ keyId, context }: Encryption) {
  return {
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: keyId,
    ...(Object.keys(context).length === 0
      ? {}
      : { SSEKMSEncryptionContext: Buffer.from(JSON.stringify(context)).toString("base64") }),
  } satisfies Partial<PutObjectCommandInput>;
}
