/** The parts of a body: all of its bytes, cut where S3 wants them, in memory that is used again. */
import { Upload } from "@aws-sdk/lib-storage";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { giveBack, lend } from "../../functions/statement-builder/memory/lent-block.ts";
import {
  digestOf,
  partsOf,
  requireKnownUpload,
  type BodyPart,
} from "../../functions/statement-builder/store/body-parts.ts";
import { seededRandom } from "../../infra/local/cluster/sample-bank/random.ts";

const PART_BYTES = 1_000;

async function* piecesOf(sizes: readonly number[], released: () => void = () => undefined) {
  for (const [n, size] of sizes.entries()) {
    // Memory of its own, as what is lent has.
    const bytes = Buffer.from(
      Uint8Array.from({ length: size }, (_, i) => (n * 31 + i * 7) % 251).buffer,
    );
    yield await Promise.resolve(lend(bytes, released).handOn());
  }
}

async function bytesOf(sizes: readonly number[]): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of piecesOf(sizes)) all.push(piece);
  return Buffer.concat(all);
}

const random = seededRandom(3);

test.each([
  ["pieces of anything", Array.from({ length: 60 }, () => Math.floor(random() * 400)), 12],
  ["a piece of several parts", [10, 3_500, 10], 4],
  ["whole parts, to the byte", [400, 600, 1_000, 1_000], 3],
])(
  "%s: every byte, in its order, in parts of one size but for the last",
  async (_, sizes, least) => {
    const parts: BodyPart[] = [];
    for await (const part of partsOf(piecesOf(sizes), PART_BYTES)) {
      // Not given back: each keeps its memory.
      parts.push(part);
    }
    const expected = await bytesOf(sizes);
    expect(Buffer.concat(parts.map(({ data }) => data)).equals(expected)).toBe(true);
    expect(parts.map(({ partNumber }) => partNumber)).toEqual(parts.map((_part, n) => n + 1));
    expect(parts.length).toBeGreaterThanOrEqual(least);
    for (const { data } of parts) {
      const sha256 = createHash("sha256").update(data).digest("hex");
      expect(digestOf(data)).toEqual({ crc32: crc32(data), sha256 });
    }
    expect(parts.slice(0, -1).every(({ data }) => data.length === PART_BYTES)).toBe(true);
    expect(parts.map(({ lastPart }) => lastPart)).toEqual(
      parts.map((_part, n) => (n === parts.length - 1 ? true : undefined)),
    );
  },
);

test("pieces are given back once they are copied, and parts that were given back are filled again", async () => {
  let released = 0;
  const memories = new Set<ArrayBufferLike>();
  const sizes = Array<number>(100).fill(300);
  for await (const { data } of partsOf(
    piecesOf(sizes, () => (released += 1)),
    PART_BYTES,
  )) {
    memories.add(data.buffer);
    giveBack(data);
  }
  expect(released).toBe(100);
  expect(memories.size).toBe(1);
});

test("the parts of the next body are cut in the same memory", async () => {
  const memories = async (): Promise<readonly ArrayBufferLike[]> => {
    const parts = await all(partsOf(piecesOf([1_500, 1_500]), PART_BYTES));
    for (const { data } of parts) giveBack(data);
    return parts.map(({ data }) => data.buffer);
  };
  const before = new Set(await memories());
  expect((await memories()).every((memory) => before.has(memory))).toBe(true);
});

test("a small body is one part: one piece stays where it is, several are joined", async () => {
  for (const sizes of [[900], [300, 300, 399], []]) {
    const pieces = await all(piecesOf(sizes));
    const [part, ...others] = await all(partsOf(fromArray(pieces), PART_BYTES));
    expect(others).toEqual([]);
    expect(part).toMatchObject({ partNumber: 1, lastPart: true });
    expect(part?.data.equals(await bytesOf(sizes))).toBe(true);
    expect(part?.data === pieces[0]).toBe(sizes.length === 1);
  }
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

async function* fromArray(pieces: readonly Buffer[]) {
  yield* await Promise.resolve(pieces);
}

test("the lib-storage that is installed is as known; another one ends the start", () => {
  expect(requireKnownUpload).not.toThrow();
  const inside = Upload.prototype as unknown as { __doConcurrentUpload?: unknown };
  const { __doConcurrentUpload: known } = inside;
  delete inside.__doConcurrentUpload;
  try {
    expect(requireKnownUpload).toThrow("lib-storage has an upload without __doConcurrentUpload");
  } finally {
    inside.__doConcurrentUpload = known;
  }
});
