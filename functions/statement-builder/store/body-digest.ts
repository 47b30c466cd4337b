import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";

/** Length, CRC-32 and SHA-256 of bytes, taken while they come. */
export class RunningDigest {
  bytes = 0;
  crc32 = 0;
  readonly #sha256 = createHash("sha256");

  add(piece: Buffer): void {
    this.#sha256.update(piece);
    this.crc32 = crc32(piece, this.crc32);
    this.bytes += piece.byteLength;
  }

  /** Call once, after the last piece. */
  sha256(): Buffer {
    return this.#sha256.digest();
  }
}

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
  const digest = new RunningDigest();
  return {
    async *counted(body) {
      for await (const piece of body as AsyncIterable<Buffer>) {
        digest.add(piece);
        yield piece;
      }
    },
    bytes: () => digest.bytes,
    crc32: () => base64Crc32(digest.crc32),
    finish: () => digest.sha256(),
  };
}

export function base64Crc32(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
}
