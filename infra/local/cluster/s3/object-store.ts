/**
 * Buckets, objects and unfinished uploads, in memory and as one small file each:
 *
 *   blobs/<uuid>                                 bytes of a part or of a whole object
 *   buckets/<bucket>/bucket.json
 *   buckets/<bucket>/objects/<sha-256 of key>.json
 *   uploads/<upload id>/upload.json, part-<n>.json
 *
 * An object exists once its file has its name. What was answered survives the death of the process;
 * the death of the machine is not provided for.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { openBlobStore, type StoredBlob } from "./blob-store.ts";
import type { Checksum } from "./checksum.ts";
import { listFolder, readJson, readJsonFolder, writeJson } from "./json-file.ts";
import { S3Error } from "./s3-error.ts";

/** What the client says once about an object and gets back with it. */
export interface ObjectAttributes {
  /** Response headers, `x-amz-meta-*` among them. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredObject extends ObjectAttributes {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly lastModified: number;
  readonly checksum?: Checksum | undefined;
  readonly blobs: readonly StoredBlob[];
  /** The multipart upload it came from. */
  readonly uploadId?: string | undefined;
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: number;
}

interface OpenBucket extends Bucket {
  readonly objects: Map<string, StoredObject>;
}

export type ObjectStore = Awaited<ReturnType<typeof openObjectStore>>;

export async function openObjectStore(dir: string) {
  const blobs = await openBlobStore(join(dir, "blobs"));
  const folder = join(dir, "buckets");
  const buckets = new Map(listFolder(folder).map((name) => [name, loadBucket(folder, name)]));
  const fileOf = (bucket: string, key: string): string =>
    join(folder, bucket, "objects", `${createHash("sha256").update(key).digest("hex")}.json`);

  function open(name: string): OpenBucket {
    const bucket = buckets.get(name);
    if (!bucket) throw new S3Error("NoSuchBucket", "The specified bucket does not exist");
    return bucket;
  }

  return {
    blobs,

    buckets: (): readonly Bucket[] =>
      [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),

    createBucket(name: string): void {
      const bucket = { name, createdAt: Date.now() };
      if (buckets.has(name)) {
        throw new S3Error("BucketAlreadyOwnedByYou", "Your request to create it succeeded before.");
      }
      writeJson(join(folder, name, "bucket.json"), bucket);
      buckets.set(name, { ...bucket, objects: new Map() });
    },

    /** @throws S3Error NoSuchBucket */
    requireBucket: (name: string): Bucket => open(name),

    objects: (bucket: string): readonly StoredObject[] => [...open(bucket).objects.values()],

    /** @throws S3Error NoSuchBucket, NoSuchKey */
    object(bucket: string, key: string): StoredObject {
      const object = open(bucket).objects.get(key);
      if (!object) throw new S3Error("NoSuchKey", "The specified key does not exist.");
      return object;
    },

    /** Puts the object in place of an older one; with `onlyIfAbsent` there must be none. */
    put(bucket: string, object: StoredObject, { onlyIfAbsent = false } = {}): Promise<void> {
      const { objects } = open(bucket);
      const older = objects.get(object.key);
      if (older && onlyIfAbsent) {
        throw new S3Error(
          "PreconditionFailed",
          "At least one of the pre-conditions you specified did not hold",
        );
      }
      writeJson(fileOf(bucket, object.key), object);
      objects.set(object.key, object);
      return blobs.remove((older?.blobs ?? []).map(({ id }) => id));
    },
  };
}

function loadBucket(folder: string, name: string): OpenBucket {
  const { createdAt } = readJson(join(folder, name, "bucket.json")) as Bucket;
  const objects = readJsonFolder(join(folder, name, "objects")) as StoredObject[];
  return { name, createdAt, objects: new Map(objects.map((object) => [object.key, object])) };
}
