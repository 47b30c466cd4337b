/** What is read from MySQL is handed on in whole packets, and as a copy unless it may be written over. */
import { Socket } from "node:net";
import { PacketReader, socketOf } from "../../functions/statement-builder/source/packet-socket.ts";
import { seededRandom, type Random } from "../../infra/local/cluster/sample-bank/random.ts";

const BLOCK = 64 * 1024;

function packet(payload: Buffer, sequence = 7): Buffer {
  const header = Buffer.from([0, 0, 0, sequence]);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}

/** No two packets are alike, and none is like its neighbour moved by a few bytes. */
function packets(sizes: readonly number[]): readonly Buffer[] {
  return sizes.map((size, n) =>
    packet(Buffer.from(Uint8Array.from({ length: size }, (_, i) => (n * 37 + i * 11) % 251))),
  );
}

/** Reads `stream` in pieces; what was handed out, as it was then and as it lies in memory. */
function readInPieces(stream: Buffer, reuse: boolean, pieceBytes: () => number) {
  const seen: Buffer[] = [];
  const kept: Buffer[] = [];
  const reader = new PacketReader((chunk) => {
    seen.push(Buffer.from(chunk));
    kept.push(chunk);
  });
  reader.reuse = reuse;
  for (let at = 0; at < stream.length;) {
    const read = stream.copy(reader.room(), 0, at, at + pieceBytes());
    if (read === 0) throw new Error("there is no room to read into");
    reader.read(read);
    at += read;
  }
  return { seen, kept };
}

const SIZES = [
  0,
  1,
  2,
  3,
  4,
  200,
  0,
  251,
  1_000,
  BLOCK - 5,
  BLOCK - 4,
  70,
  BLOCK - 3,
  8,
  2 * BLOCK,
  9,
];

const cuts: readonly (readonly [string, (random: Random) => number])[] = [
  ["one byte at a time", () => 1],
  ["three bytes at a time", () => 3],
  ["as much as there is room for", () => BLOCK],
  ["anything", (random) => 1 + Math.floor(random() * (random() < 0.5 ? 9 : BLOCK))],
];

describe.each(cuts)("cut into %s", (_, cut) => {
  const random = seededRandom(1);
  const sent = packets(SIZES);
  const stream = Buffer.concat(sent);
  const pieceBytes = (): number => cut(random);

  test("all comes in order, and packets that fit in a block come whole", () => {
    const ends = new Set<number>();
    let end = 0;
    for (const one of sent) {
      end += one.length;
      // Inside of what does not fit in a block, a cut may be anywhere.
      if (one.length <= BLOCK) ends.add(end);
      else for (let at = end - one.length; at <= end; at++) ends.add(at);
    }
    const { seen } = readInPieces(stream, true, pieceBytes);
    expect(Buffer.concat(seen).equals(stream)).toBe(true);
    let at = 0;
    const cutAt = seen.map((chunk) => (at += chunk.length));
    expect(cutAt.filter((place) => !ends.has(place))).toEqual([]);
  });

  test("what was handed out stays as it was unless its memory may be used again", () => {
    const { seen, kept } = readInPieces(stream, false, pieceBytes);
    expect(kept.every((chunk, i) => chunk.equals(seen[i] ?? chunk))).toBe(true);
  });

  test("the pieces of a packet larger than a block are never written over", () => {
    const large = Buffer.concat(packets([2 * BLOCK]));
    const around = packets([50, 60]);
    const { seen, kept } = readInPieces(
      Buffer.concat([...around, large, ...around]),
      true,
      pieceBytes,
    );
    const pieces = kept.filter((chunk, i) => chunk.equals(seen[i] ?? Buffer.alloc(0)));
    expect(Buffer.concat(pieces).includes(large)).toBe(true);
  });
});

test("rows use the same memory again and again", () => {
  const memories = new Set<ArrayBufferLike>();
  const reader = new PacketReader((chunk) => memories.add(chunk.buffer));
  reader.reuse = true;
  const row = packet(Buffer.alloc(100, "row"));
  for (let n = 0; n < 1_000; n++) reader.read(row.copy(reader.room()));
  expect(memories.size).toBe(2);
});

test("a connection that keeps its socket elsewhere is refused", () => {
  const stream = new Socket();
  expect(socketOf({ stream })).toBe(stream);
  expect(() => socketOf({ socket: stream })).toThrow("mysql2 has a connection without a stream");
});
