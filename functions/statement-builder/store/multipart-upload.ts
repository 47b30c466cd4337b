/**
 * The parts of a large statement, sent by lib-storage with flat memory. The completing request is
 * held back: whoever publishes sends it, when the lease is still held.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompleteMultipartUploadCommandInput,
  type CreateMultipartUploadCommandInput,
  type CreateMultipartUploadCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { crc32 } from "node:zlib";
import { giveBack } from "../memory/lent-block.ts";
import { base64Crc32, type BodyDigest } from "./body-digest.ts";
import { digestOf, makeUpload, type BodyPart } from "./body-parts.ts";
import type { PublishParts, StagedObject, Staging, StatementUpload } from "./publication.ts";
import { tellPayloadHash } from "../../platform/store/large-body.ts";
import { storageUnavailable } from "../../platform/store/storage-error.ts";

interface PartsUpload extends PublishParts, Staging {
  readonly upload: StatementUpload;
  readonly params: CreateMultipartUploadCommandInput;
  readonly source: AsyncIterable<BodyPart>;
  /** Of the source; complete once the source has ended. */
  readonly digest: BodyDigest;
}

export async function uploadParts(task: PartsUpload): Promise<StagedObject> {
  const { client, config, params, source, digest } = task;
  const parts = makePartsClient(task);
  try {
    const options = {
      client: parts.client,
      params,
      partSize: config.partBytes,
      queueSize: config.queue,
      // The own upload is aborted below, with a time-out of its own, whatever the failure was.
      leavePartsOnError: true,
    };
    await makeUpload(options, source).done();
  } catch (error) {
    task.fail(error);
    await parts.discard();
    throw error;
  }
  return {
    bytes: digest.bytes(),
    sha256: digest.finish().toString("hex"),
    matches: ({ crc32 }) =>
      crc32 === undefined || crc32 === digest.crc32() || crc32 === parts.compositeCrc32(),
    async create(abortSignal) {
      const command = new CompleteMultipartUploadCommand({
        ...parts.completion(),
        MpuObjectSize: digest.bytes(),
      });
      await client.send(command, { abortSignal });
      // A part of an earlier attempt that came after the fence may have brought its upload back: S3 asks for a second abort.
      if (task.upload.metadata.attempt > 1) await abortStrays(task);
      return "created";
    },
    discard: parts.discard,
  };
}

/** The S3 client as lib-storage sees it: stoppable, counted, and without a completion. */
function makePartsClient(task: PartsUpload) {
  const { client, step, stop, fail, log } = task;
  const { key } = task.upload;
  const partCrc32 = new Map<number, string>();
  let uploadId: string | undefined;
  let completion: CompleteMultipartUploadCommandInput | undefined;

  async function begin(
    command: CreateMultipartUploadCommand,
  ): Promise<CreateMultipartUploadCommandOutput> {
    try {
      const begun = await call(
        "CreateMultipartUpload",
        client.send(command, { abortSignal: stop }),
      );
      uploadId = begun.UploadId;
      // A try whose answer was lost may have begun an upload nobody knows the id of.
      if ((begun.$metadata.attempts ?? 1) > 1) await abortStrays(task, uploadId);
      return begun;
    } catch (error) {
      if (uploadId === undefined) await abortStrays(task);
      throw error;
    }
  }

  async function sendPart(command: UploadPartCommand): Promise<unknown> {
    const { PartNumber = 0 } = command.input;
    const body = command.input.Body as Buffer;
    const digest = digestOf(body);
    if (task.config.checksums !== "when_required") {
      const crc = base64Crc32(digest.crc32);
      partCrc32.set(PartNumber, crc);
      command.input.ChecksumCRC32 = crc;
    }
    tellPayloadHash(body, digest.sha256);
    const sent = await call("UploadPart", client.send(command, { abortSignal: stop }));
    task.upload.onSent?.(body.byteLength);
    // A try that was given up may still have bytes of it on the way.
    if (sent.$metadata.attempts === 1) giveBack(body);
    await step("part-uploaded");
    return sent;
  }

  async function send(command: unknown): Promise<unknown> {
    try {
      if (command instanceof CreateMultipartUploadCommand) return await begin(command);
      if (command instanceof UploadPartCommand) return await sendPart(command);
    } catch (error) {
      // Else a body that has stalled would keep the other parts, and this failure, waiting.
      fail(error);
      throw error;
    }
    if (command instanceof CompleteMultipartUploadCommand) {
      completion = command.input;
      return {};
    }
    throw new Error("lib-storage sent a request that a multipart upload does not need");
  }

  return {
    client: Object.create(client, { send: { value: send } }) as S3Client,
    completion: (): CompleteMultipartUploadCommandInput => {
      if (!completion) throw new Error("the parts are not all uploaded");
      return completion;
    },
    /** S3's checksum of the parts' checksums. */
    compositeCrc32: (): string => {
      const all = [...partCrc32].sort(([a], [b]) => a - b).map(([, crc]) => crc);
      const joined = Buffer.concat(all.map((crc) => Buffer.from(crc, "base64")));
      return `${base64Crc32(crc32(joined))}-${all.length}`;
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
