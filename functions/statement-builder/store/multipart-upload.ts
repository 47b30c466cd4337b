/**
 * The parts of a large statement, sent while the next one is filled. The completing request is held back:
 * whoever publishes sends it, when the lease is still held.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
} from "@aws-sdk/client-s3";
import { crc32 } from "node:zlib";
import { base64Crc32, type BodyPart, type BodyParts } from "./body-parts.ts";
import type { PublishParts, StagedObject, Staging, StatementUpload } from "./publication.ts";
import { storageUnavailable } from "../../platform/store/storage-error.ts";

interface PartsUpload extends PublishParts, Staging {
  readonly upload: StatementUpload;
  readonly params: CreateMultipartUploadCommandInput & { readonly IfNoneMatch: string };
  readonly body: BodyParts;
  /** Of the body; others follow. */
  readonly first: BodyPart;
}

export async function uploadParts(task: PartsUpload): Promise<StagedObject> {
  const { client, params, body } = task;
  const parts = makePartsUpload(task);
  try {
    await parts.begin();
    await parts.sendAll();
  } catch (error) {
    task.fail(error);
    await parts.discard();
    throw error;
  }
  return {
    bytes: body.bytes(),
    sha256: body.finish().toString("hex"),
    matches: ({ crc32 }) =>
      crc32 === undefined || crc32 === body.crc32() || crc32 === parts.compositeCrc32(),
    async create(abortSignal) {
      const command = new CompleteMultipartUploadCommand({
        ...params,
        ...parts.completion(),
        MpuObjectSize: body.bytes(),
      });
      await client.send(command, { abortSignal });
      return "created";
    },
    discard: parts.discard,
  };
}

function makePartsUpload(task: PartsUpload) {
  const { client, params, body, first, step, stop, fail, log } = task;
  const { key } = task.upload;
  const withChecksums = task.config.checksums !== "when_required";
  const crcs: string[] = [];
  const sent: CompletedPart[] = [];
  let uploadId: string | undefined;

  async function begin(): Promise<void> {
    const checksums = withChecksums ? ({ ChecksumAlgorithm: "CRC32" } as const) : {};
    const command = new CreateMultipartUploadCommand({ ...params, ...checksums });
    try {
      const begun = await call(
        "CreateMultipartUpload",
        client.send(command, { abortSignal: stop }),
      );
      uploadId = begun.UploadId;
      // A try whose answer was lost may have begun an upload nobody knows the id of.
      if ((begun.$metadata.attempts ?? 1) > 1) await abortStrays(task, uploadId);
    } catch (error) {
      if (uploadId === undefined) await abortStrays(task);
      throw error;
    }
  }

  async function send(part: BodyPart, PartNumber: number): Promise<void> {
    const { Bucket, Key } = params;
    const Body = part.block.bytes;
    const checksums = withChecksums ? { ChecksumCRC32: part.crc32 } : {};
    crcs[PartNumber - 1] = part.crc32;
    const command = new UploadPartCommand({
      ...{ Bucket, Key, UploadId: uploadId, PartNumber, Body },
      ...checksums,
    });
    signWith(command, part.sha256);
    try {
      const { ETag, ChecksumCRC32 } = await call(
        "UploadPart",
        client.send(command, { abortSignal: stop }),
      );
      sent.push({ PartNumber, ETag, ChecksumCRC32 });
      task.upload.onSent?.(Body.byteLength);
      part.block.release();
      await step("part-uploaded");
    } catch (error) {
      // Else a body that has stalled would keep the other parts, and this failure, waiting.
      fail(error);
      throw error;
    }
  }

  /** As many at a time as the queue has places. */
  async function sendAll(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    let number = 0;
    const start = (part: BodyPart): void => {
      // One that fails stays, and is met by whoever waits for all of them.
      const sending = send(part, (number += 1)).then(() => void underWay.delete(sending));
      sending.catch(() => undefined);
      underWay.add(sending);
    };
    try {
      start(first);
      for await (const part of body.parts) {
        while (underWay.size >= task.config.queue) await Promise.race(underWay);
        start(part);
      }
      await Promise.all(underWay);
    } finally {
      // Nothing arrives any more once the upload is aborted.
      await Promise.allSettled(underWay);
    }
  }

  return {
    begin,
    sendAll,
    completion: () => ({
      UploadId: uploadId,
      MultipartUpload: {
        Parts: sent.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0)),
      },
    }),
    /** S3's checksum of the parts' checksums. */
    compositeCrc32: (): string => {
      const joined = Buffer.concat(crcs.map((crc) => Buffer.from(crc, "base64")));
      return `${base64Crc32(crc32(joined))}-${crcs.length}`;
    },
    discard: async (): Promise<void> => {
      if (uploadId === undefined) return;
      try {
        await task.abortUpload(key, uploadId, new AbortController().signal);
      } catch (error) {
        log.warn({ err: error, key }, "parts were left behind; the bucket's rule clears them");
      }
    },
  };
}

/**
 * The request's signature names the SHA-256 of its body. The SDK would hash that once more, and 5 MiB at once
 * stop all else for 4 ms.
 */
function signWith(command: UploadPartCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      headers["x-amz-content-sha256"] = sha256;
      return await next(args);
    },
    { step: "build", name: "signWithSha256" },
  );
}

/** Only while the lease is held: a successor's upload has the same key. */
async function abortStrays(task: PartsUpload, except?: string): Promise<void> {
  const { key, lease } = task.upload;
  try {
    await lease();
    await task.abortUploads(key, new AbortController().signal, except);
  } catch (error) {
    task.log.warn({ err: error, key }, "uploads may be left behind; the bucket's rule clears them");
  }
}

async function call<T>(operation: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw storageUnavailable(operation, error);
  }
}
