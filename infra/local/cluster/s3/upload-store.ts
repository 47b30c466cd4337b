import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { BlobStore } from "./blob-store.ts";
import type { ChecksumAlgorithm } from "./checksum.ts";
import { listFolder, readJson, readJsonFolder, writeJson } from "./json-file.ts";
import type { ObjectAttributes } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";

export interface StoredPart {
  readonly partNumber: number;
  readonly size: number;
  /** MD5 in hex, without quotes. */
  readonly etag: string;
  /** Base64, by the upload's algorithm. */
  readonly checksum?: string | undefined;
  readonly blob: string;
}

export interface Upload extends ObjectAttributes {
  /** Sorts by the time of its creation. */
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: number;
  readonly checksumAlgorithm?: ChecksumAlgorithm | undefined;
}

interface OpenUpload extends Upload {
  readonly parts: Map<number, StoredPart>;
}

export type UploadStore = ReturnType<typeof openUploadStore>;

/** Multipart uploads that are neither completed nor aborted. */
export function openUploadStore(folder: string, blobs: BlobStore) {
  const uploads = new Map(listFolder(folder).flatMap((id) => loadUpload(folder, id)));
  let created = 0;

  function open(bucket: string, key: string, uploadId: string): OpenUpload {
    const upload = uploads.get(uploadId);
    if (upload?.bucket !== bucket || upload.key !== key) {
      throw new S3Error("NoSuchUpload", "The specified multipart upload does not exist.");
    }
    return upload;
  }

  /** Forgets the upload and leaves its parts' bytes alone. */
  function forget(uploadId: string): void {
    uploads.delete(uploadId);
    rmSync(join(folder, uploadId), { recursive: true, force: true });
  }

  return {
    forget,

    create(upload: Omit<Upload, "uploadId" | "initiated">): Upload {
      const initiated = Date.now();
      const sequence = `${initiated.toString().padStart(15, "0")}${String(created++).padStart(6, "0")}`;
      const uploadId = `${sequence}${randomUUID().replaceAll("-", "")}`;
      const stored = { ...upload, uploadId, initiated };
      writeJson(join(folder, uploadId, "upload.json"), stored);
      uploads.set(uploadId, { ...stored, parts: new Map() });
      return stored;
    },

    /** @throws S3Error NoSuchUpload */
    find: (bucket: string, key: string, uploadId: string): Upload => open(bucket, key, uploadId),

    /** By part number. */
    parts: (upload: Upload): readonly StoredPart[] =>
      [...open(upload.bucket, upload.key, upload.uploadId).parts.values()].sort(
        (a, b) => a.partNumber - b.partNumber,
      ),

    /** By key, then by time. */
    ofBucket: (bucket: string): readonly Upload[] =>
      [...uploads.values()].filter((upload) => upload.bucket === bucket),

    all: (): readonly Upload[] => [...uploads.values()],

    /** Keeps the part in place of an older one of its number; the upload may be gone by now. */
    async putPart({ bucket, key, uploadId }: Upload, part: StoredPart): Promise<void> {
      const { parts } = open(bucket, key, uploadId);
      const older = parts.get(part.partNumber);
      writeJson(join(folder, uploadId, `part-${part.partNumber}.json`), part);
      parts.set(part.partNumber, part);
      if (older) await blobs.remove([older.blob]);
    },

    async abort(upload: Upload): Promise<void> {
      const parts = [...open(upload.bucket, upload.key, upload.uploadId).parts.values()];
      forget(upload.uploadId);
      await blobs.remove(parts.map((part) => part.blob));
    },
  };
}

/** Nothing when the process died while it made or removed the folder. */
function loadUpload(folder: string, uploadId: string): (readonly [string, OpenUpload])[] {
  const files = listFolder(join(folder, uploadId));
  if (!files.includes("upload.json")) {
    rmSync(join(folder, uploadId), { recursive: true, force: true });
    return [];
  }
  const upload = readJson(join(folder, uploadId, "upload.json")) as Upload;
  const documents = readJsonFolder(join(folder, uploadId)) as Partial<StoredPart>[];
  const parts = documents.filter((document): document is StoredPart => document.blob !== undefined);
  return [[uploadId, { ...upload, parts: new Map(parts.map((part) => [part.partNumber, part])) }]];
}
