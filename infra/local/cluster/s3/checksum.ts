/**
 * Checksums of an object or a part:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { S3Error } from "./s3-error.ts";
import { header, type S3Request } from "./s3-request.ts";

export const CHECKSUM_HEADERS = {
  CRC32: "x-amz-checksum-crc32",
  SHA256: "x-amz-checksum-sha256",
} as const;
export type ChecksumAlgorithm = keyof typeof CHECKSUM_HEADERS;
const CHECKSUM_ALGORITHMS = Object.keys(CHECKSUM_HEADERS) as readonly ChecksumAlgorithm[];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a multipart object with `-<number of parts>` behind it. */
  readonly value: string;
}

/** The algorithm of this name; the others of S3 are not implemented here. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name);
  if (!found) throw new S3Error("NotImplemented", `Checksum algorithm ${name} is not supported.`);
  return found;
}

/** The checksum the client wants kept: its value, or where it will stand. */
export interface AnnouncedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** `undefined` while it is still to come, in the trailer. */
  readonly value: string | undefined;
}

export function announcedChecksum(request: S3Request): AnnouncedChecksum | undefined {
  const trailer = header(request, "x-amz-trailer");
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const name = CHECKSUM_HEADERS[algorithm];
    const value = header(request, name);
    if (value !== undefined) return { algorithm, value };
    if (trailer === name) return { algorithm, value: undefined };
  }
  if (trailer !== undefined) {
    throw new S3Error("NotImplemented", `The trailer ${trailer} is not supported.`);
  }
  return undefined;
}

/** Every digest of a body, in one pass. */
export function makeDigests(wanted: { readonly sha256: boolean }) {
  const md5 = createHash("md5");
  const sha256 = wanted.sha256 ? createHash("sha256") : undefined;
  let crc = 0;
  let size = 0;
  return {
    update(bytes: Buffer): void {
      size += bytes.length;
      md5.update(bytes);
      sha256?.update(bytes);
      crc = crc32(bytes, crc);
    },
    finish: (): BodyDigests => ({
      size,
      md5: md5.digest(),
      crc32: uint32(crc),
      sha256: sha256?.digest(),
    }),
  };
}

export interface BodyDigests {
  readonly size: number;
  readonly md5: Buffer;
  readonly crc32: Buffer;
  readonly sha256: Buffer | undefined;
}

export function digestOf(digests: BodyDigests, algorithm: ChecksumAlgorithm): string {
  const digest = algorithm === "CRC32" ? digests.crc32 : digests.sha256;
  if (!digest) throw new Error(`${algorithm} was not computed`);
  return digest.toString("base64");
}

/** The checksum of the parts' checksums, as S3 keeps it for a multipart object. */
export function compositeChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly string[],
): Checksum {
  const joined = Buffer.concat(parts.map((value) => Buffer.from(value, "base64")));
  const digests = makeDigests({ sha256: algorithm === "SHA256" });
  digests.update(joined);
  return { algorithm, value: `${digestOf(digests.finish(), algorithm)}-${parts.length}` };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
