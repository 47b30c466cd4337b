/** What a client says about an object in the headers of its upload, and how it gets it back. */
import { CHECKSUM_HEADERS } from "./checksum.ts";
import type { ObjectAttributes, StoredObject } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";
import { header, headerNames, type S3Request } from "./s3-request.ts";

const KEPT_HEADERS = [
  "content-type",
  "content-disposition",
  "content-encoding",
  "content-language",
  "cache-control",
  "expires",
];

/** Told back in the answer to the upload as well. Nothing is encrypted here. */
const ENCRYPTION_HEADERS = [
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
];

/** All metadata of an object, names and values: S3 user guide, "Working with object metadata". */
const MAX_METADATA_BYTES = 2048;

export function readAttributes(request: S3Request): ObjectAttributes {
  const metadata = headerNames(request).filter((name) => name.startsWith("x-amz-meta-"));
  const headers: Record<string, string> = { "content-type": "binary/octet-stream" };
  for (const name of [...KEPT_HEADERS, ...ENCRYPTION_HEADERS, ...metadata]) {
    const value = header(request, name);
    if (value !== undefined) headers[name] = value;
  }
  const metadataBytes = metadata.reduce(
    (sum, name) => sum + name.length - "x-amz-meta-".length + (headers[name]?.length ?? 0),
    0,
  );
  if (metadataBytes > MAX_METADATA_BYTES) {
    throw new S3Error("MetadataTooLarge", "Your metadata headers exceed the allowed size.");
  }
  return { headers: withoutTransferCoding(headers) };
}

export function encryptionHeaders(attributes: ObjectAttributes): Record<string, string> {
  return Object.fromEntries(
    ENCRYPTION_HEADERS.flatMap((name) => {
      const value = attributes.headers[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** The headers of HeadObject and GetObject but for length and range. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  return {
    ...object.headers,
    "accept-ranges": "bytes",
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.lastModified).toUTCString(),
  };
}

export function checksumHeaders(object: StoredObject): Record<string, string> {
  if (!object.checksum) return {};
  return {
    [CHECKSUM_HEADERS[object.checksum.algorithm]]: object.checksum.value,
    "x-amz-checksum-type": object.checksum.value.includes("-") ? "COMPOSITE" : "FULL_OBJECT",
  };
}

/** `aws-chunked` says how the body travelled, not what it is. */
function withoutTransferCoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "content-encoding": encoding = "", ...others } = headers;
  const kept = encoding.split(",").filter((coding) => !["", "aws-chunked"].includes(coding.trim()));
  return kept.length === 0 ? others : { ...others, "content-encoding": kept.join(",").trim() };
}
