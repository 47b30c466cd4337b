/**
 * A body on its way to the store: hashed piece by piece, and copied into parts of one size, the last one
 * shorter. Their memory is used again, so that a statement of any length takes as much of it.
 */
import { createHash, type Hash } from "node:crypto";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { BlockPool, giveBack, type LentBlock } from "../memory/lent-block.ts";

/** Of a part that may be all there is; it grows as long as more comes. */
const FIRST_BYTES = 64 * 1024;

export interface BodyPart {
  /** To be released when it is with the store. */
  readonly block: LentBlock;
  /** As S3 writes it: big-endian, base64. */
  readonly crc32: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly isLast: boolean;
}

export interface BodyParts {
  /** One at least. To be asked for once; the body's pieces are given back. */
  readonly parts: AsyncGenerator<BodyPart, void>;
  /** Of all parts so far. */
  bytes(): number;
  /** Of the bytes so far, as S3 writes it. */
  crc32(): string;
  /** Of all bytes; call once, after the last part. */
  finish(): Buffer;
}

export function cutBody(body: Readable, partBytes: number): BodyParts {
  const sha256 = createHash("sha256");
  const pool = new BlockPool(partBytes);
  let bytes = 0;
  let crc = 0;

  async function* parts(): AsyncGenerator<BodyPart, void> {
    let part = makePart(Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, partBytes)), partBytes);
    // The hash of the first part is that of the body so far.
    let ownHash: Hash | undefined;
    const lent = (isLast: boolean): BodyPart => ({
      ...part.lent(pool),
      sha256: (ownHash ?? sha256.copy()).digest("hex"),
      isLast,
    });
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      for (let from = 0; from < piece.byteLength;) {
        if (part.isFull()) {
          yield lent(false);
          part = makePart(pool.room(partBytes), partBytes);
          ownHash = createHash("sha256");
        }
        const taken = part.take(piece.subarray(from));
        sha256.update(taken);
        ownHash?.update(taken);
        crc = crc32(taken, crc);
        bytes += taken.byteLength;
        from += taken.byteLength;
      }
      giveBack(piece);
    }
    yield lent(true);
  }

  return {
    parts: parts(),
    bytes: () => bytes,
    crc32: () => base64Crc32(crc),
    finish: () => sha256.digest(),
  };
}

/** A part that is being filled. */
function makePart(room: Buffer, partBytes: number) {
  let crc = 0;
  let filled = 0;
  return {
    isFull: () => filled === partBytes,
    /** Answers those of the bytes that there was room for. */
    take(bytes: Uint8Array): Uint8Array {
      const taken = bytes.subarray(0, partBytes - filled);
      while (room.length < filled + taken.length) room = enlarged(room, filled, partBytes);
      room.set(taken, filled);
      filled += taken.length;
      crc = crc32(taken, crc);
      return taken;
    },
    lent: (pool: BlockPool) => ({
      block: pool.lend(room, filled),
      crc32: base64Crc32(crc),
    }),
  };
}

function enlarged(room: Buffer, filled: number, most: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(room.length * 2, most));
  room.copy(larger, 0, 0, filled);
  return larger;
}

export function base64Crc32(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
}
