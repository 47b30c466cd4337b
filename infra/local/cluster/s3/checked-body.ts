/**
 * The body of a request, freed of its coding and held against everything the client said about it:
 * length, Content-MD5, the signed hash and the checksum. What does not match is never kept, because
 * the stream ends with an error.
 */
import {
  announcedChecksum,
  digestOf,
  makeDigests,
  type AnnouncedChecksum,
  type BodyDigests,
  type Checksum,
} from "./checksum.ts";
import { decodeChunked } from "./chunked-body.ts";
import { S3Error } from "./s3-error.ts";
import { header, payloadHash, type S3Request } from "./s3-request.ts";

/** Largest object of one PutObject and largest part: 5 GiB. */
const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;
const CHUNKED_WITH_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

export interface BodySummary {
  readonly size: number;
  readonly md5: Buffer;
  readonly checksum: Checksum | undefined;
}

export interface CheckedBody {
  /** To be read once and whole; throws an S3Error when the body is not what the client said. */
  readonly bytes: AsyncIterable<Buffer>;
  /** After the last byte. */
  readonly summary: () => BodySummary;
}

export function checkedBody(request: S3Request): CheckedBody {
  const bodyHash = payloadHash(request) ?? "UNSIGNED-PAYLOAD";
  const announced = announcedChecksum(request);
  const length = announcedLength(request, bodyHash);
  const trailers = new Map<string, string>();
  let summary: BodySummary | undefined;

  async function* bytes(): AsyncGenerator<Buffer, void> {
    const digests = makeDigests({
      sha256: isSha256(bodyHash) || announced?.algorithm === "SHA256",
    });
    let received = 0;
    for await (const piece of payload(request, bodyHash, trailers)) {
      received += piece.length;
      if (received > length) throw incomplete();
      digests.update(piece);
      yield piece;
    }
    if (received !== length) throw incomplete();
    const finished = digests.finish();
    requirePayloadHash(bodyHash, finished);
    requireMd5(header(request, "content-md5"), finished);
    const checksum = announced && requireChecksum(announced, trailers, finished);
    summary = { size: received, md5: finished.md5, checksum };
  }

  return {
    bytes: bytes(),
    summary: () => {
      if (!summary) throw new Error("the body was not read to its end");
      return summary;
    },
  };
}

/** A small document such as XML, whole. */
export async function readText(request: S3Request, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of checkedBody(request).bytes) {
    size += piece.length;
    if (size > maxBytes) throw new S3Error("EntityTooLarge", "The document is too large.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function payload(
  request: S3Request,
  bodyHash: string,
  trailers: Map<string, string>,
): AsyncIterable<Buffer> {
  if (bodyHash === CHUNKED_WITH_TRAILER) return decodeChunked(request.body, trailers);
  if (bodyHash === "UNSIGNED-PAYLOAD" || isSha256(bodyHash)) return request.body;
  throw new S3Error("NotImplemented", `Payload signing ${bodyHash} is not supported.`);
}

function announcedLength(request: S3Request, bodyHash: string): number {
  const name =
    bodyHash === CHUNKED_WITH_TRAILER ? "x-amz-decoded-content-length" : "content-length";
  const text = header(request, name);
  if (text === undefined || !/^\d+$/.test(text)) {
    throw new S3Error("MissingContentLength", `You must provide the ${name} HTTP header.`);
  }
  const length = Number(text);
  if (length > MAX_UPLOAD_BYTES) {
    throw new S3Error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.");
  }
  return length;
}

function isSha256(bodyHash: string): boolean {
  return /^[0-9a-f]{64}$/.test(bodyHash);
}

function requirePayloadHash(bodyHash: string, digests: BodyDigests): void {
  if (isSha256(bodyHash) && digests.sha256?.toString("hex") !== bodyHash) {
    throw new S3Error(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
}

function requireMd5(given: string | undefined, digests: BodyDigests): void {
  if (given === undefined) return;
  const expected = Buffer.from(given, "base64");
  if (expected.length !== 16) {
    throw new S3Error("InvalidDigest", "The Content-MD5 you specified is not valid.");
  }
  if (!expected.equals(digests.md5)) {
    throw new S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
}

function requireChecksum(
  announced: AnnouncedChecksum,
  trailers: ReadonlyMap<string, string>,
  digests: BodyDigests,
): Checksum {
  const { algorithm } = announced;
  const name = `x-amz-checksum-${algorithm.toLowerCase()}`;
  const given = announced.value ?? trailers.get(name);
  const value = digestOf(digests, algorithm);
  if (
    given === undefined ||
    Buffer.from(given, "base64").length !== Buffer.from(value, "base64").length
  ) {
    throw new S3Error("InvalidRequest", `Value for ${name} header is invalid.`);
  }
  if (given !== value) {
    throw new S3Error(
      "BadDigest",
      `The ${algorithm} you specified did not match the calculated checksum.`,
    );
  }
  return { algorithm, value };
}

function incomplete(): S3Error {
  return new S3Error(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  );
}
