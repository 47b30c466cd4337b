/** A body becomes parts of one size, whatever pieces it comes in, in memory that is used again. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { BlockPool } from "../../functions/statement-builder/memory/lent-block.ts";
import { base64Crc32, cutBody } from "../../functions/statement-builder/store/body-parts.ts";

const PART_BYTES = 200_000;

function bytesOf(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, n) => (n * n) >> 5));
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function* piecesOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function cut(whole: Buffer, size: number) {
  const body = cutBody(Readable.from(piecesOf(whole, size)), PART_BYTES);
  const parts: Buffer[] = [];
  const memories = new Set<ArrayBufferLike>();
  for await (const { block, isLast, ...hashes } of body.parts) {
    const part = Buffer.from(block.bytes);
    expect(hashes).toEqual({ crc32: base64Crc32(crc32(part)), sha256: sha256(part) });
    expect(isLast).toBe(Buffer.concat([...parts, part]).length === whole.length);
    memories.add(block.bytes.buffer);
    block.release();
    parts.push(part);
  }
  return { body, parts, memories };
}

test.each([
  [0, [0]],
  [1, [1]],
  [PART_BYTES, [PART_BYTES]],
  [PART_BYTES + 1, [PART_BYTES, 1]],
  [5 * PART_BYTES, Array.from({ length: 5 }, () => PART_BYTES)],
  [1_234_567, [...Array.from({ length: 6 }, () => PART_BYTES), 34_567]],
])("%d bytes", async (bytes, sizes) => {
  const whole = bytesOf(bytes);
  for (const size of [777, 70_000, 450_000]) {
    const { body, parts, memories } = await cut(whole, size);
    expect(parts.map(({ length }) => length)).toEqual(sizes);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    expect(body.bytes()).toBe(bytes);
    expect(body.crc32()).toBe(base64Crc32(crc32(whole)));
    expect(body.finish().toString("hex")).toBe(sha256(whole));
    expect(memories.size).toBe(1);
  }
});

test("the body's pieces are given back", async () => {
  const pool = new BlockPool(1_000);
  const memories = new Set<ArrayBufferLike>();
  function* pieces(): Generator<Buffer> {
    for (let n = 0; n < 1_000; n++) {
      const piece = pool.lend(pool.room(1_000), 1_000).handOn();
      memories.add(piece.buffer);
      yield piece;
    }
  }
  const { parts } = cutBody(Readable.from(pieces()), PART_BYTES);
  for await (const { block } of parts) block.release();
  // As many as the stream reads ahead.
  expect(memories.size).toBeLessThan(40);
});

test("the memory of a small body is small", async () => {
  const body = cutBody(Readable.from([bytesOf(50_000)]), PART_BYTES);
  const { value } = await body.parts.next();
  expect(value?.block.bytes.buffer.byteLength).toBeLessThan(PART_BYTES / 2);
});

test("a body that fails has no last part", async () => {
  function* pieces(): Generator<Buffer> {
    yield bytesOf(10);
    throw new Error("the rows are wrong");
  }
  const { parts } = cutBody(Readable.from(pieces()), PART_BYTES);
  await expect(parts.next()).rejects.toThrow("the rows are wrong");
});
