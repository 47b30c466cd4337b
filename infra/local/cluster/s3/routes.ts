/**
 * Which operation a request means. Whatever is not named here, a header or a query parameter as much
 * as an operation, is answered 501: nothing a client asks for is quietly left undone.
 */
import { createBucket, headBucket, listBuckets } from "./bucket-operations.ts";
import { listObjects } from "./list-objects.ts";
import { listMultipartUploads } from "./list-uploads.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from "./multipart-operations.ts";
import { getObject, headObject, putObject } from "./object-operations.ts";
import type { Operation } from "./operation.ts";
import { S3Error } from "./s3-error.ts";
import { headerNames, isAmazonHeader, type S3Request } from "./s3-request.ts";

interface Route {
  readonly method: string;
  readonly on: "service" | "bucket" | "object";
  /** Query parameters that must be there and that may be there. */
  readonly needs: readonly string[];
  readonly allows: readonly string[];
  /** Conditional headers it honours. */
  readonly conditions: readonly string[];
  readonly run: Operation;
}

const OVERRIDES = [
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
];
const OBJECT_PAGES = [
  "prefix",
  "delimiter",
  "max-keys",
  "continuation-token",
  "start-after",
  "encoding-type",
  "fetch-owner",
];
const UPLOAD_PAGES = ["prefix", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"];

const READ = ["if-match", "if-none-match"];
const CREATE = ["if-none-match"];

const ROUTES: readonly Route[] = [
  route("GET", "service", [], [], listBuckets),
  route("PUT", "bucket", [], [], createBucket),
  route("HEAD", "bucket", [], [], headBucket),
  route("GET", "bucket", ["list-type"], OBJECT_PAGES, listObjects),
  route("GET", "bucket", ["uploads"], UPLOAD_PAGES, listMultipartUploads),
  route("PUT", "object", [], [], putObject, CREATE),
  route("GET", "object", [], OVERRIDES, getObject, READ),
  route("HEAD", "object", [], OVERRIDES, headObject, READ),
  route("POST", "object", ["uploads"], [], createMultipartUpload),
  route("PUT", "object", ["partNumber", "uploadId"], [], uploadPart),
  route("POST", "object", ["uploadId"], [], completeMultipartUpload, CREATE),
  route("DELETE", "object", ["uploadId"], [], abortMultipartUpload),
];

function route(
  method: string,
  on: Route["on"],
  needs: readonly string[],
  allows: readonly string[],
  run: Operation,
  conditions: readonly string[] = [],
): Route {
  return { method, on, needs, allows, conditions, run };
}

/** @throws S3Error NotImplemented */
export function findOperation(request: S3Request): Operation {
  const names = [...request.query.keys()].filter((name) => !isCommonParameter(name));
  const on = request.bucket === "" ? "service" : request.key === "" ? "bucket" : "object";
  const found = ROUTES.find(
    (candidate) =>
      candidate.method === request.method &&
      candidate.on === on &&
      candidate.needs.every((name) => names.includes(name)) &&
      names.every((name) => candidate.needs.includes(name) || candidate.allows.includes(name)),
  );
  const unknown = headerNames(request).find((name) => isUnknown(name, found?.conditions ?? []));
  if (!found || unknown !== undefined) {
    const what = unknown ?? `${request.method} on a ${on} with [${names.join(", ")}]`;
    throw new S3Error("NotImplemented", `This local server does not provide ${what}.`);
  }
  return found.run;
}

/** Parts of a presigned URL, headers among them, and the SDK's name of the operation. */
function isCommonParameter(name: string): boolean {
  return name === "x-id" || name.startsWith("X-Amz-") || isAmazonHeader(name);
}

const KNOWN_HEADERS = new Set([
  "x-amz-checksum-algorithm",
  "x-amz-checksum-crc32",
  "x-amz-checksum-mode",
  "x-amz-checksum-sha256",
  "x-amz-checksum-type",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-decoded-content-length",
  "x-amz-mp-object-size",
  "x-amz-sdk-checksum-algorithm",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
  "x-amz-trailer",
  "x-amz-user-agent",
]);

/** Of the headers that change what S3 does: its own, and the conditions of HTTP. */
function isUnknown(name: string, conditions: readonly string[]): boolean {
  if (name.startsWith("if-")) return !conditions.includes(name);
  return isAmazonHeader(name) && !name.startsWith("x-amz-meta-") && !KNOWN_HEADERS.has(name);
}
