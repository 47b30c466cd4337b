import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { S3Error } from "./s3-error.ts";

/** A request in path style: `/<bucket>/<key>?<query>`. */
export interface S3Request {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  /** Empty when the request names none. */
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
  readonly requestId: string;
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<Buffer>;
}

/** Longest key in bytes of UTF-8: the S3 user guide, "Naming Amazon S3 objects". */
const MAX_KEY_BYTES = 1024;

export function readS3Request(message: IncomingMessage, requestId: string): S3Request {
  const [rawPath = "/", query = ""] = splitOnce(message.url ?? "/", "?");
  const path = decodePath(rawPath);
  const [bucket = "", key = ""] = splitOnce(path.slice(1), "/");
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new S3Error("KeyTooLongError", "Your key is too long.");
  }
  return {
    method: message.method ?? "GET",
    path,
    bucket,
    key,
    query: new URLSearchParams(query),
    headers: message.headers,
    // An answer must still be possible after a body was refused half way.
    body: message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
    requestId,
  };
}

/** A header, or the query parameter that stands for it in a presigned URL. */
export function header(request: S3Request, name: string): string | undefined {
  const value = request.headers[name];
  if (Array.isArray(value)) return value.join(",");
  return value ?? (isAmazonHeader(name) ? (request.query.get(name) ?? undefined) : undefined);
}

/** Every name for which `header` knows a value. */
export function headerNames(request: S3Request): string[] {
  return [...Object.keys(request.headers), ...[...request.query.keys()].filter(isAmazonHeader)];
}

/** In lower case: the parameters of the signature itself are written `X-Amz-…`. */
export function isAmazonHeader(name: string): boolean {
  return name.startsWith("x-amz-");
}

/** What the signature says of the body: its SHA-256, or in which other way it is covered. */
export function payloadHash(request: S3Request): string | undefined {
  return (
    header(request, "x-amz-content-sha256") ??
    request.query.get("X-Amz-Content-Sha256") ??
    (request.query.has("X-Amz-Algorithm") ? "UNSIGNED-PAYLOAD" : undefined)
  );
}

/** A whole number in the query, or the value to use without one. */
export function numberParameter(request: S3Request, name: string, otherwise: number): number {
  const text = request.query.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new S3Error("InvalidArgument", `Provided ${name} not an integer or within integer range`);
  }
  return value;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new S3Error("InvalidURI", "Could not parse the specified URI.", { cause });
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
