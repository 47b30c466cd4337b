import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";

export interface BodyDigest {
  /** The body piece by piece as it comes, counted and hashed. */
  counted(body: Readable): AsyncGenerator<Buffer>;
  bytes(): number;
  /** CRC-32 of the bytes so far, as S3 writes it: big-endian, base64. */
  crc32(): string;
  /** SHA-256 of all bytes; call once, after the last chunk. */
  finish(): Buffer;
}

export function makeBodyDigest(): BodyDigest {
  const hash = createHash("sha256");
  let bytes = 0;
  let crc = 0;
  return {
    async *counted(body) {
      for await (const piece of body as AsyncIterable<Buffer>) {
        hash.update(piece);
        crc = crc32(piece, crc);
        bytes += piece.byteLength;
        yield piece;
      }
    },
    bytes: () => bytes,
    crc32: () => base64Crc32(crc),
    finish: () => hash.digest(),
  };
}

export function base64Crc32(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
}
