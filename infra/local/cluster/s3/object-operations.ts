import { checkedBody } from "./checked-body.ts";
import {
  checksumHeaders,
  encryptionHeaders,
  objectHeaders,
  readAttributes,
} from "./object-attributes.ts";
import type { Operation } from "./operation.ts";
import type { StoredObject } from "./object-store.ts";
import { readRange } from "./range.ts";
import { S3Error } from "./s3-error.ts";
import { header, type S3Request, type S3Response } from "./s3-request.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Operation = async (request, { store, announce }) => {
  store.requireBucket(request.bucket);
  const onlyIfAbsent = readOnlyIfAbsent(request);
  const attributes = readAttributes(request);
  const body = checkedBody(request);
  const blob = await store.blobs.write(body.bytes);
  const { size, md5, checksum } = body.summary();
  const object: StoredObject = {
    ...attributes,
    key: request.key,
    size,
    etag: md5.toString("hex"),
    lastModified: Date.now(),
    checksum,
    blobs: [{ id: blob, size }],
  };
  try {
    await store.put(request.bucket, object, { onlyIfAbsent });
  } catch (error) {
    await store.blobs.remove([blob]);
    throw error;
  }
  announce("ObjectCreated:Put", request, object);
  return {
    status: 200,
    headers: {
      etag: `"${object.etag}"`,
      ...checksumHeaders(object),
      ...encryptionHeaders(object),
    },
  };
};

/** `If-None-Match: *` on a write; S3 knows no other value there. */
export function readOnlyIfAbsent(request: S3Request): boolean {
  const value = header(request, "if-none-match");
  if (value === undefined || value === "*") return value === "*";
  throw new S3Error("NotImplemented", "If-None-Match on a write takes only *.");
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: Operation = (request, { store }) => {
  const object = store.object(request.bucket, request.key);
  if (isUnchanged(request, object)) return { status: 304, headers: objectHeaders(object) };
  const { response, first, last } = describe(request, object);
  return { ...response, body: store.blobs.read(object.blobs, first, last) };
};

export const headObject: Operation = (request, { store }) => {
  const object = store.object(request.bucket, request.key);
  if (isUnchanged(request, object)) return { status: 304, headers: objectHeaders(object) };
  return describe(request, object).response;
};

/** @throws S3Error PreconditionFailed when `If-Match` names another version */
function isUnchanged(request: S3Request, object: StoredObject): boolean {
  const names = (value: string): boolean =>
    value.split(",").some((etag) => ["*", object.etag, `"${object.etag}"`].includes(etag.trim()));
  const ifMatch = header(request, "if-match");
  if (ifMatch !== undefined && !names(ifMatch)) {
    throw new S3Error(
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold",
    );
  }
  const ifNoneMatch = header(request, "if-none-match");
  return ifNoneMatch !== undefined && names(ifNoneMatch);
}

interface Description {
  readonly response: S3Response;
  readonly first: number;
  readonly last: number;
}

function describe(request: S3Request, object: StoredObject): Description {
  const range = readRange(header(request, "range"), object.size);
  const { first, last } = range ?? { first: 0, last: object.size - 1 };
  const withChecksum = range === undefined && header(request, "x-amz-checksum-mode") === "ENABLED";
  const headers = {
    ...objectHeaders(object),
    ...(withChecksum && checksumHeaders(object)),
    ...(range && { "content-range": `bytes ${first}-${last}/${object.size}` }),
    ...headerOverrides(request),
    "content-length": String(last - first + 1),
  };
  return { response: { status: range ? 206 : 200, headers }, first, last };
}

/** `response-content-type=…` and the like, for links given to browsers. */
function headerOverrides(request: S3Request): Record<string, string> {
  const overrides = [...request.query].filter(([name]) => name.startsWith("response-"));
  return Object.fromEntries(
    overrides.map(([name, value]) => [name.slice("response-".length), value]),
  );
}
