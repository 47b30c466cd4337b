/** Blocks deflated side by side are one deflate stream, whatever pieces the bytes came in. */
import { ZipArchive } from "archiver";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { crc32, inflateRawSync } from "node:zlib";
import { BlockPool } from "../../functions/statement-builder/memory/lent-block.ts";
import { DeflateBlocks } from "../../functions/statement-builder/zip/deflate-blocks.ts";
import {
  deflateInBlocks,
  requireKnownArchiver,
} from "../../functions/statement-builder/zip/zip-blocks.ts";
import { unzip } from "../support/statements/statement.ts";

const MIB = 1024 * 1024;

/** Lines that repeat themselves now and then, and bytes that do not. */
function lines(bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  let at = 0;
  for (let n = 0; at < bytes; n++) {
    const noise = (Math.imul(n, 2_654_435_761) >>> 0).toString(36);
    at += out.write(`${n},account-${n % 7},${noise},Rent flat ${n % 1000}\r\n`, at);
  }
  return out;
}

async function deflated(input: Buffer, pieceBytes: number, level = 4) {
  const blocks = new DeflateBlocks(level);
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; at += pieceBytes) {
    pieces.push(input.subarray(at, at + pieceBytes));
  }
  const output = await buffer(Readable.from(pieces, { objectMode: false }).pipe(blocks));
  return { output, blocks };
}

test.each([0, 1, 300, MIB - 1, MIB, MIB + 1, 2 * MIB, 9 * MIB + 12_345])(
  "%d bytes come back",
  async (bytes) => {
    const input = lines(bytes);
    const { output, blocks } = await deflated(input, 100_000);
    expect(inflateRawSync(output).equals(input)).toBe(true);
    expect(blocks).toMatchObject({ crc32: crc32(input), bytesIn: bytes, bytesOut: output.length });
  },
);

test("the pieces the bytes come in leave no trace", async () => {
  const input = lines(3 * MIB + 77);
  const [whole, small, odd] = await Promise.all(
    [input.length, 10_000, 65_537].map(async (piece) => (await deflated(input, piece)).output),
  );
  expect(small?.equals(whole ?? Buffer.alloc(0))).toBe(true);
  expect(odd?.equals(whole ?? Buffer.alloc(0))).toBe(true);
});

test("a chunk is given back once it may be written over", async () => {
  const input = lines(3 * MIB);
  const pool = new BlockPool(100_000);
  const memories = new Set<ArrayBufferLike>();
  const blocks = new DeflateBlocks(4);
  const output = buffer(blocks);
  for (let at = 0; at < input.length; at += 100_000) {
    const room = pool.room(100_000);
    memories.add(room.buffer);
    const chunk = pool.lend(room, input.copy(room, 0, at)).handOn();
    await new Promise((resolve) => blocks.write(chunk, resolve));
  }
  blocks.end();
  expect(inflateRawSync(await output).equals(input)).toBe(true);
  expect(memories.size).toBe(1);
});

test("a block refers to the one before it", async () => {
  const noise = Buffer.concat(
    Array.from({ length: 40 }, (_, n) => Buffer.from(crc32(String(n)).toString(2))),
  );
  const once = await deflated(noise, MIB, 9);
  const split = Buffer.concat([Buffer.alloc(MIB - noise.length), noise, noise]);
  const padded = await deflated(Buffer.concat([Buffer.alloc(MIB - noise.length), noise]), MIB, 9);
  const both = await deflated(split, MIB, 9);
  expect(both.output.length - padded.output.length).toBeLessThan(once.output.length / 10);
});

const OPTIONS = {
  level: 4,
  isTable: () => false,
  onError: () => undefined,
};

async function zipped(blocks: boolean, files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const archive = new ZipArchive({ zlib: { level: 4 } });
  const errors: Error[] = [];
  if (blocks) deflateInBlocks(archive, { ...OPTIONS, onError: (error) => errors.push(error) });
  const zip = buffer(archive);
  for (const [name, content] of Object.entries(files)) {
    const entry = new Promise((resolve) => archive.once("entry", resolve));
    archive.append(Readable.from([content], { objectMode: false }), { name });
    await entry;
  }
  await archive.finalize();
  expect(errors).toEqual([]);
  return await zip;
}

test("archiver's zip holds the same files with and without blocks", async () => {
  const files = { "a.csv": lines(2 * MIB + 5), "empty.txt": Buffer.alloc(0), "b.txt": lines(10) };
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, String(text)]),
  );
  for (const blocks of [true, false]) {
    expect(await unzip(await zipped(blocks, files))).toEqual(texts);
  }
});

test("an archiver of another shape writes no zip", () => {
  const archive = new ZipArchive();
  Object.assign(archive, { _module: { engine: {} } });
  expect(() => deflateInBlocks(archive, OPTIONS)).toThrow("archiver has no writer");
});

test("the archiver that is installed is as known", () => {
  expect(requireKnownArchiver).not.toThrow();
});
