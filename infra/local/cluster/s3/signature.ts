/**
 * Signature Version 4 in the Authorization header or in a presigned URL:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { S3Error } from "./s3-error.ts";
import { header, isAmazonHeader, payloadHash, type S3Request } from "./s3-request.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

interface Signature {
  readonly accessKeyId: string;
  /** `<yyyymmdd>/<region>/s3/aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `yyyymmddThhmmssZ`. */
  readonly date: string;
  readonly bodyHash: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
/** How far the clocks may be apart. */
const MAX_SKEW_MS = 15 * 60_000;
/** A presigned URL lives seven days at most. */
const MAX_EXPIRES_SECONDS = 604_800;

/**
 * Returns when the request is signed by these credentials and in time.
 * @throws S3Error with the code S3 answers otherwise.
 */
export function verifySignature(request: S3Request, credentials: S3Credentials, now: number): void {
  const presigned = request.query.has("X-Amz-Algorithm");
  const given = presigned ? fromQuery(request, now) : fromHeader(request, now);
  if (given.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error("InvalidAccessKeyId", "The access key id does not exist in our records.");
  }
  if (given.scope !== `${given.date.slice(0, 8)}/${credentials.region}/s3/aws4_request`) {
    throw malformed(presigned, "The credential's scope has another date, region or service.");
  }
  requireSigned(request, given.signedHeaders);
  const expected = sign(canonicalRequest(request, given), given, credentials.secretAccessKey);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(given.signature))) {
    throw new S3Error(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided.",
    );
  }
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,]+)\/([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/;

function fromHeader(request: S3Request, now: number): Signature {
  const authorization = header(request, "authorization");
  if (authorization === undefined) throw new S3Error("AccessDenied", "Access Denied");
  const match = AUTHORIZATION.exec(authorization);
  if (!match) throw malformed(false, "The authorization header is malformed.");
  const [, accessKeyId = "", scope = "", signedHeaders = "", signature = ""] = match;
  const date = header(request, "x-amz-date") ?? "";
  const signedAt = parseDate(date);
  if (signedAt === undefined) {
    throw new S3Error("AccessDenied", "A valid x-amz-date header is required.");
  }
  if (Math.abs(now - signedAt) > MAX_SKEW_MS) throw tooSkewed();
  const bodyHash = payloadHash(request);
  if (bodyHash === undefined) {
    throw new S3Error("InvalidRequest", "Missing required header: x-amz-content-sha256");
  }
  return {
    accessKeyId,
    scope,
    signedHeaders: signedHeaders.split(";"),
    signature,
    date,
    bodyHash,
  };
}

function fromQuery(request: S3Request, now: number): Signature {
  const parameter = (name: string): string => {
    const value = request.query.get(name);
    if (value === null) throw malformed(true, `The query-string parameter ${name} is missing.`);
    return value;
  };
  if (parameter("X-Amz-Algorithm") !== ALGORITHM) throw malformed(true, "Unknown X-Amz-Algorithm.");
  const [, accessKeyId = "", scope = ""] =
    /^([^/]+)\/(.+)$/.exec(parameter("X-Amz-Credential")) ?? [];
  const date = parameter("X-Amz-Date");
  const signature = parameter("X-Amz-Signature");
  const signedAt = parseDate(date);
  const expires = Number(parameter("X-Amz-Expires"));
  if (signedAt === undefined || !/^[0-9a-f]{64}$/.test(signature)) {
    throw malformed(true, "X-Amz-Date or X-Amz-Signature is not valid.");
  }
  if (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES_SECONDS) {
    throw malformed(true, "X-Amz-Expires must be between 1 and 604800 seconds.");
  }
  if (signedAt - now > MAX_SKEW_MS) throw tooSkewed();
  if (now > signedAt + expires * 1000) throw new S3Error("AccessDenied", "Request has expired");
  const signedHeaders = parameter("X-Amz-SignedHeaders").split(";");
  const bodyHash = payloadHash(request) ?? "UNSIGNED-PAYLOAD";
  return { accessKeyId, scope, signedHeaders, signature, date, bodyHash };
}

/** `host` and every `x-amz-*` header must be signed, or anybody could add one on the way. */
function requireSigned(request: S3Request, signedHeaders: readonly string[]): void {
  const needed = Object.keys(request.headers).filter(isAmazonHeader);
  const missing = ["host", ...needed].filter((name) => !signedHeaders.includes(name));
  if (missing.length > 0) {
    throw new S3Error("AccessDenied", `Headers present but not signed: ${missing.join(", ")}`);
  }
}

function canonicalRequest(request: S3Request, given: Signature): string {
  const path = request.path.split("/").map(uriEncode).join("/");
  const query = [...request.query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`);
  const headers = given.signedHeaders.map(
    (name) => `${name}:${(header(request, name) ?? "").trim().replaceAll(/ +/g, " ")}\n`,
  );
  return [
    request.method,
    path,
    query.join("&"),
    headers.join(""),
    given.signedHeaders.join(";"),
    given.bodyHash,
  ].join("\n");
}

function sign(canonical: string, given: Signature, secret: string): string {
  const hash = createHash("sha256").update(canonical).digest("hex");
  const key = given.scope
    .split("/")
    .reduce<Buffer>((secretKey, part) => hmac(secretKey, part), Buffer.from(`AWS4${secret}`));
  return hmac(key, [ALGORITHM, given.date, given.scope, hash].join("\n")).toString("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** RFC 3986: everything but the unreserved characters, hexadecimal in upper case. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function parseDate(date: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1);
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function malformed(presigned: boolean, message: string): S3Error {
  return new S3Error(
    presigned ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed",
    message,
  );
}

function tooSkewed(): S3Error {
  return new S3Error(
    "RequestTimeTooSkewed",
    "The difference between the request time and the current time is too large.",
  );
}
