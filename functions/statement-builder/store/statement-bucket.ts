/**
 * The bucket the statements lie in. Objects are only ever created: nothing here overwrites or
 * deletes one, so two builders at once end with one object (`publish.ts` tells how).
 */
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import type { Log } from "../../platform/telemetry/log.ts";
import { RetryableError } from "../../domain/failure.ts";
import { proveCreateOnly, type StoreHabits } from "./create-only-probe.ts";
import type { Encryption } from "./encryption.ts";
import { fromUserMetadata } from "./object-metadata.ts";
import type { Look, PublishOutcome, StatementUpload, UploadSettings } from "./publication.ts";
import { makePublish } from "./publish.ts";
import { DEFAULT_TIMEOUTS, makeS3Client, type S3Settings } from "../../platform/store/s3-client.ts";
import { encryptionParams } from "./staged-object.ts";
import { storageFault, storageUnavailable } from "../../platform/store/storage-error.ts";
import { callStore } from "../../platform/store/store-call.ts";

export interface StatementBucketConfig extends S3Settings, UploadSettings {
  /** What the builder's rights are limited to; asked for by `ready`. */
  readonly prefix?: string | undefined;
  /** Of what is no tenant's; the bucket's default when absent. */
  readonly encryption?: Encryption | undefined;
  readonly log: Log;
}

/**
 * Every method rejects with RetryableError("storage_unavailable") when the store does not do what
 * it was asked, and with the signal's reason when that is aborted.
 */
export interface StatementBucket extends Disposable {
  readonly name: string;
  /**
   * Aborts every multipart upload of exactly this key, all pages of them: the part of the fence at
   * a claim that keeps an earlier attempt from completing. Answers how many there were.
   */
  abortUploads(key: string, signal: AbortSignal): Promise<number>;
  look(key: string, signal: AbortSignal): Promise<Look>;
  read(key: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  publish(upload: StatementUpload): Promise<PublishOutcome>;
  /**
   * Resolves when the store is known to overwrite nothing, which is asked once; `whole` asks for all
   * of it again.
   * @throws RetryableError `store_not_create_only` as well
   */
  proveCreateOnly(whole?: boolean): Promise<StoreHabits>;
  /** Resolves when the bucket is there and may be listed. */
  ready(signal: AbortSignal): Promise<void>;
}

/** @param client what sends the commands; it is the bucket's from then on */
export function makeStatementBucket(
  config: StatementBucketConfig,
  // The parts in flight and a few small calls beside them.
  client: S3Client = makeS3Client(config, config.queue + 4),
): StatementBucket {
  const { bucket: Bucket, log, checksums } = config;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...config.timeouts };

  async function call<T>(
    operation: string,
    signal: AbortSignal,
    send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    return await callStore({ operation, ms: timeouts.call, signal, hintFor }, send);
  }

  async function abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    const command = new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId });
    await call("AbortMultipartUpload", signal, async (options) => {
      // Completed or aborted already: there is nothing left of it.
      await client.send(command, options).catch(unless("NoSuchUpload"));
    });
  }

  /** `except` is an upload to leave alone. */
  async function abortUploads(key: string, signal: AbortSignal, except?: string): Promise<number> {
    const aborted = new Set<string>();
    for (;;) {
      // Always the first page: of all keys with this prefix the key itself sorts first, and what
      // was aborted makes room for the next. Markers would name uploads that are gone.
      const command = new ListMultipartUploadsCommand({ Bucket, Prefix: key });
      const page = await call(
        "ListMultipartUploads",
        signal,
        async (options) => await client.send(command, options),
      );
      const before = aborted.size;
      for (const { Key, UploadId } of page.Uploads ?? []) {
        if (Key !== key || UploadId === undefined || UploadId === except) continue;
        if (aborted.has(UploadId)) continue;
        await abortUpload(key, UploadId, signal);
        aborted.add(UploadId);
      }
      if (!page.IsTruncated || aborted.size === before) return aborted.size;
    }
  }

  async function look(key: string, signal: AbortSignal): Promise<Look> {
    const command = new HeadObjectCommand({
      Bucket,
      Key: key,
      ...(checksums === "when_required" ? {} : { ChecksumMode: "ENABLED" }),
    });
    return await call("HeadObject", signal, async (options) => {
      const head = await client.send(command, options).catch(unless("NotFound"));
      if (!head) return { kind: "absent" };
      return {
        kind: "present",
        bytes: head.ContentLength ?? 0,
        metadata: fromUserMetadata(head.Metadata),
        sha256: head.ChecksumSHA256,
        crc32: head.ChecksumCRC32,
      };
    });
  }

  async function* read(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const command = new GetObjectCommand({ Bucket, Key: key });
      const { Body } = await client.send(command, { abortSignal: signal });
      for await (const chunk of Body as Readable) yield chunk as Uint8Array;
    } catch (error) {
      signal.throwIfAborted();
      throw storageUnavailable("GetObject", error);
    }
  }

  /** Also where a store would make a bucket of a misspelt name, as SeaweedFS does. */
  async function requireBucket(signal: AbortSignal): Promise<void> {
    const command = new HeadBucketCommand({ Bucket });
    await call("HeadBucket", signal, async (options) => await client.send(command, options));
  }

  const closed = new AbortController();
  let proof: Promise<StoreHabits> | undefined;
  /** No request's abort ends it, as others wait for it too; the end of the process does. */
  async function proveOnce(whole: boolean): Promise<StoreHabits> {
    const { prefix, encryption } = config;
    const store = {
      client,
      bucket: Bucket,
      prefix,
      checksums,
      ...(encryption ? { encryption: encryptionParams(encryption) } : {}),
    };
    await requireBucket(closed.signal);
    const habits = await call("the create-only probe", closed.signal, async ({ abortSignal }) => {
      return await proveCreateOnly(store, abortSignal, whole);
    });
    if (habits.refusesWrongChecksums === false) {
      log.warn("the store takes bytes that are not those of their checksum");
    }
    return habits;
  }
  async function prove(whole = false): Promise<StoreHabits> {
    if (whole) return await proveOnce(true);
    proof ??= proveOnce(false);
    try {
      return await proof;
    } catch (error) {
      proof = undefined;
      throw error;
    }
  }

  return {
    name: Bucket,
    abortUploads: async (key, signal) => await abortUploads(key, signal),
    look,
    read,
    publish: makePublish({
      client,
      config,
      look,
      abortUpload,
      abortUploads,
      read,
      proveCreateOnly: prove,
      log,
    }),
    proveCreateOnly: prove,
    async ready(signal) {
      await requireBucket(signal);
      const command = new ListObjectsV2Command({ Bucket, Prefix: config.prefix, MaxKeys: 1 });
      await call("ListObjectsV2", signal, async (options) => await client.send(command, options));
    },
    [Symbol.dispose]() {
      closed.abort(new RetryableError("storage_unavailable", "the process ends"));
      client.destroy();
    },
  };
}

/** Turns the one expected error into undefined. */
function unless(code: string): (error: unknown) => undefined {
  return (error) => {
    if (storageFault(error).code === code) return undefined;
    throw error;
  };
}

/** Without ListBucket S3 answers 403 for a key that is not there: "absent" would be a guess. */
function hintFor(operation: string, error: unknown): string {
  const { status } = storageFault(error);
  if (operation === "HeadBucket" && status === 404) return "there is no bucket of this name";
  return operation === "HeadObject" && status === 403
    ? "the builder needs s3:GetObject on the key and s3:ListBucket on the bucket"
    : "";
}
