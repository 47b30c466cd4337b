/**
 * The words of a publication, for those who take part in it: the bucket, `publish.ts`, which tells
 * how, and the two ways in which a body gets to the store.
 */
import type { S3Client } from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import type { Log } from "../../platform/telemetry/log.ts";
import type { Encryption } from "./encryption.ts";
import type { FoundMetadata, ObjectMetadata } from "./object-metadata.ts";
import type { S3Settings } from "../../platform/store/s3-client.ts";

export interface StatementUpload {
  readonly key: string;
  readonly metadata: ObjectMetadata;
  /** The bucket's default when absent. */
  readonly encryption?: Encryption | undefined;
  /** The bytes of the zip; must end with an error, not cleanly, when the zip is not whole. */
  readonly body: Readable;
  /** Milliseconds left of the lease; rejects when it is lost. Asked right before the creating write. */
  readonly lease: () => Promise<number>;
  readonly signal: AbortSignal;
  /** Told how many bytes a part had that is with the store. */
  readonly onSent?: ((bytes: number) => void) | undefined;
  readonly onStep?: ((step: PublishStep) => void | Promise<void>) | undefined;
  /** Runs each of the two phases. */
  readonly during?: (<T>(phase: PublishPhase, work: () => Promise<T>) => Promise<T>) | undefined;
}

/** While the body comes and its parts are sent; from the lease to the object that was looked at. */
export type PublishPhase = "build" | "publish";

/**
 * Told of each part that is with the store, of the moment before the lease is asked for the
 * creating write, and of that write's answer. A small statement has no parts.
 */
export const PUBLISH_STEPS = ["part-uploaded", "publishing", "published"] as const;
export type PublishStep = (typeof PUBLISH_STEPS)[number];

/**
 * Besides these a publication rejects with the body's own error, with what `lease` threw, with the
 * signal's reason, or with
 * - RetryableError `publish_conflict`: another write of the key was under way (409);
 * - RetryableError `publish_unknown`: no clear answer, and no object found (yet);
 * - RetryableError `store_not_create_only`: the store would overwrite;
 * - RetryableError `storage_unavailable`: the store refused, or failed before the creating write;
 * - StatementFailure `object_damaged`: the stored object is not what was sent.
 */
export type PublishOutcome =
  | { readonly kind: "published"; readonly bytes: number; readonly sha256: string }
  /** The key has an object of another claim: of the same request, to adopt, or of another one. */
  | { readonly kind: "taken"; readonly by: FoundMetadata };

/** What the store says about an object; checksums where it keeps them, base64. */
export interface PresentObject {
  readonly kind: "present";
  readonly bytes: number;
  readonly metadata: FoundMetadata;
  readonly sha256?: string | undefined;
  readonly crc32?: string | undefined;
}

export type Look = { readonly kind: "absent" } | PresentObject;

/** How a body is cut and sent. */
export interface UploadSettings extends Pick<S3Settings, "checksums"> {
  readonly bucket: string;
  /** Size of a part, at least 5 MiB; also the largest statement sent in one PutObject. */
  readonly partBytes: number;
  /** Parts in flight at once; memory is about partBytes × (queue + 1). */
  readonly queue: number;
}

/** What a publication works with. */
export interface PublishParts {
  readonly client: S3Client;
  readonly config: UploadSettings;
  readonly look: (key: string, signal: AbortSignal) => Promise<Look>;
  readonly abortUpload: (key: string, uploadId: string, signal: AbortSignal) => Promise<void>;
  readonly abortUploads: (key: string, signal: AbortSignal, except?: string) => Promise<number>;
  readonly read: (key: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Resolves when it is known that the store overwrites nothing; asked once for all uploads. */
  readonly proveCreateOnly: () => Promise<unknown>;
  readonly log: Log;
}

export interface StagedObject {
  readonly bytes: number;
  /** Of all bytes, lower-case hex. */
  readonly sha256: string;
  /** Whether the checksums the store keeps, if it does, are those of the bytes that were sent. */
  matches(stored: StoredChecksums): boolean;
  /**
   * The one request that makes the object, create-only; rejects with the SDK's error. `confirmed`
   * when the store has answered with the very checksum of what was sent.
   */
  create(signal: AbortSignal): Promise<"created" | "confirmed">;
  /** Leaves nothing behind, and keeps `create` from succeeding later; never rejects. */
  discard(): Promise<void>;
}

/** Base64, as S3 writes them; a multipart upload's may end in `-<parts>`. */
export interface StoredChecksums {
  readonly sha256?: string | undefined;
  readonly crc32?: string | undefined;
}

export interface Staging {
  readonly step: (name: PublishStep) => Promise<void>;
  /** Aborted by the first failure, which is its reason. */
  readonly stop: AbortSignal;
  readonly fail: (error: unknown) => void;
}
