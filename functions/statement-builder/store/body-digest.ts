import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { giveBack } from "../memory/lent-block.ts";

/** Many small chunks that wait hold far more memory than their bytes. */
const CHUNK_BYTES = 128 * 1024;

export interface BodyDigest {
  /**
   * The body, counted and hashed: in large chunks, and from so many bytes on piece by piece as it comes. A piece
   * that is joined with others is given back; any other goes on as it is.
   */
  chunks(body: Readable, largeUpTo: number): AsyncGenerator<Buffer>;
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
  const counted = (chunk: Buffer): Buffer => {
    hash.update(chunk);
    crc = crc32(chunk, crc);
    bytes += chunk.byteLength;
    return chunk;
  };
  return {
    async *chunks(body, largeUpTo) {
      let held: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        held.push(chunk);
        size += chunk.byteLength;
        if (size < CHUNK_BYTES && bytes <= largeUpTo) continue;
        const large = joined(held);
        held = [];
        size = 0;
        yield counted(large);
      }
      if (size > 0) yield counted(joined(held));
    },
    bytes: () => bytes,
    crc32: () => base64Crc32(crc),
    finish: () => hash.digest(),
  };
}

/** One piece stays where it is; several are given back. */
export function joined(pieces: readonly Uint8Array[]): Buffer {
  const [first] = pieces;
  if (pieces.length === 1 && Buffer.isBuffer(first)) return first;
  const all = Buffer.concat(pieces);
  for (const piece of pieces) giveBack(piece);
  return all;
}

export function base64Crc32(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
}
