/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
import { createHash } from "node:crypto";
import { checkedBody, readText } from "./checked-body.ts";
import {
  CHECKSUM_HEADERS,
  checksumAlgorithm,
  compositeChecksum,
  type Checksum,
  type ChecksumAlgorithm,
} from "./checksum.ts";
import { encryptionHeaders, readAttributes } from "./object-attributes.ts";
import { readOnlyIfAbsent } from "./object-operations.ts";
import type { StoredObject } from "./object-store.ts";
import { xmlResponse, type Operation } from "./operation.ts";
import { S3Error } from "./s3-error.ts";
import { header, numberParameter, type S3Request } from "./s3-request.ts";
import type { StoredPart, Upload } from "./upload-store.ts";
import { xmlElements, xmlText } from "./xml.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

export const createMultipartUpload: Operation = (request, { store, uploads }) => {
  store.requireBucket(request.bucket);
  const algorithm = header(request, "x-amz-checksum-algorithm");
  const type = header(request, "x-amz-checksum-type") ?? "COMPOSITE";
  if (type !== "COMPOSITE") {
    throw new S3Error("NotImplemented", `Multipart checksums of type ${type} are not supported.`);
  }
  const { bucket, key } = request;
  const upload = uploads.create({
    ...readAttributes(request),
    bucket,
    key,
    checksumAlgorithm: algorithm === undefined ? undefined : checksumAlgorithm(algorithm),
  });
  const content = { Bucket: bucket, Key: key, UploadId: upload.uploadId };
  return xmlResponse("InitiateMultipartUploadResult", content, {
    ...encryptionHeaders(upload),
    ...(algorithm !== undefined && {
      "x-amz-checksum-algorithm": algorithm,
      "x-amz-checksum-type": type,
    }),
  });
};

export const uploadPart: Operation = async (request, { store, uploads }) => {
  const upload = findUpload(request, uploads);
  const partNumber = numberParameter(request, "partNumber", 0);
  if (partNumber < 1 || partNumber > MAX_PARTS) {
    throw new S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000");
  }
  const body = checkedBody(request);
  const blob = await store.blobs.write(body.bytes);
  try {
    const { size, md5, checksum } = body.summary();
    const etag = md5.toString("hex");
    const value = partChecksum(upload, checksum);
    await uploads.putPart(upload, { partNumber, size, etag, checksum: value, blob });
    return {
      status: 200,
      headers: {
        etag: `"${etag}"`,
        ...encryptionHeaders(upload),
        ...(checksum && { [CHECKSUM_HEADERS[checksum.algorithm]]: checksum.value }),
      },
    };
  } catch (error) {
    await store.blobs.remove([blob]);
    throw error;
  }
};

/** Joins the parts by reference: no byte is copied, whatever the size. */
export const completeMultipartUpload: Operation = async (request, { store, uploads, announce }) => {
  const onlyIfAbsent = readOnlyIfAbsent(request);
  const document = await readText(request, MAX_DOCUMENT_BYTES);
  const upload = findUpload(request, uploads);
  const parts = chooseParts(document, uploads.parts(upload), upload.checksumAlgorithm);
  const object = joinParts(upload, parts);
  requireSize(header(request, "x-amz-mp-object-size"), object);
  const put = store.put(request.bucket, object, { onlyIfAbsent });
  // From here on the parts' bytes are the object's; the parts left out belong to nobody.
  const chosen = new Set(parts.map((part) => part.blob));
  const rest = uploads.parts(upload).filter((part) => !chosen.has(part.blob));
  uploads.forget(upload.uploadId);
  await put;
  await store.blobs.remove(rest.map((part) => part.blob));
  announce("ObjectCreated:CompleteMultipartUpload", request, object);
  const { bucket, key, checksum } = { ...object, bucket: request.bucket };
  return xmlResponse(
    "CompleteMultipartUploadResult",
    {
      Location: `/${bucket}/${key}`,
      Bucket: bucket,
      Key: key,
      ETag: `"${object.etag}"`,
      ...(checksum && {
        [`Checksum${checksum.algorithm}`]: checksum.value,
        ChecksumType: "COMPOSITE",
      }),
    },
    encryptionHeaders(object),
  );
};

export const abortMultipartUpload: Operation = async (request, { uploads }) => {
  await uploads.abort(findUpload(request, uploads));
  return { status: 204 };
};

function findUpload(
  request: S3Request,
  uploads: { find(bucket: string, key: string, uploadId: string): Upload },
): Upload {
  return uploads.find(request.bucket, request.key, request.query.get("uploadId") ?? "");
}

/**
 * The part's checksum by the upload's algorithm. Where the upload has none, the checksum of a part
 * has served its purpose once the part has arrived.
 */
function partChecksum(upload: Upload, checksum: Checksum | undefined): string | undefined {
  const { checksumAlgorithm: expected } = upload;
  if (expected === undefined) return undefined;
  if (expected === checksum?.algorithm) return checksum.value;
  throw new S3Error(
    "InvalidRequest",
    `Checksum Type mismatch occurred, expected checksum Type: ${expected}, ` +
      `actual checksum Type: ${checksum?.algorithm ?? "null"}`,
  );
}

/** The parts the client names, in its order, each held against what was uploaded. */
function chooseParts(
  document: string,
  uploaded: readonly StoredPart[],
  algorithm: ChecksumAlgorithm | undefined,
): StoredPart[] {
  const named = xmlElements(document, "Part").map((part) => ({
    partNumber: Number(xmlText(part, "PartNumber")),
    etag: xmlText(part, "ETag")?.replaceAll('"', ""),
    checksum: algorithm && xmlText(part, `Checksum${algorithm}`),
  }));
  if (named.length === 0 || named.length > MAX_PARTS) {
    throw new S3Error("MalformedXML", "The XML you provided was not well-formed");
  }
  if (named.some((part, i) => i > 0 && part.partNumber <= (named[i - 1]?.partNumber ?? 0))) {
    throw new S3Error("InvalidPartOrder", "The list of parts was not in ascending order.");
  }
  const byNumber = new Map(uploaded.map((part) => [part.partNumber, part]));
  return named.map(({ partNumber, etag, checksum }, i) => {
    const part = byNumber.get(partNumber);
    if (part?.etag !== etag || (checksum !== undefined && checksum !== part?.checksum)) {
      throw new S3Error("InvalidPart", "One or more of the specified parts could not be found.");
    }
    if (part && part.size < MIN_PART_BYTES && i < named.length - 1) {
      throw new S3Error("EntityTooSmall", "Your proposed upload is smaller than the minimum size");
    }
    return part;
  }) as StoredPart[];
}

function requireSize(announced: string | undefined, object: StoredObject): void {
  if (announced !== undefined && Number(announced) !== object.size) {
    throw new S3Error(
      "InvalidRequest",
      "The provided object size does not match the sum of parts.",
    );
  }
}

function joinParts(upload: Upload, parts: readonly StoredPart[]): StoredObject {
  const { key, headers, uploadId, checksumAlgorithm } = upload;
  const md5 = createHash("md5");
  for (const part of parts) md5.update(part.etag, "hex");
  return {
    key,
    headers,
    uploadId,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    etag: `${md5.digest("hex")}-${parts.length}`,
    lastModified: Date.now(),
    checksum:
      checksumAlgorithm &&
      compositeChecksum(
        checksumAlgorithm,
        parts.map((part) => part.checksum ?? ""),
      ),
    blobs: parts.map((part) => ({ id: part.blob, size: part.size })),
  };
}
