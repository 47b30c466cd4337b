/** What is read from MySQL is cut into packets: rows stay where they were read, the driver gets a copy of all others. */
import {
  PacketReader,
  type RowTaker,
} from "../../functions/statement-builder/source/packet-reader.ts";
import { seededRandom, type Random } from "../../infra/local/cluster/sample-bank/random.ts";
import { encodePacket } from "../support/bank/text-protocol.ts";

const BLOCK = 64 * 1024;
const BATCH = 128 * 1024;
const END = Buffer.of(0xfe, 0, 0, 2, 0);
const ERROR = Buffer.concat([Buffer.of(0xff, 0x25, 0x05), Buffer.from("#70100killed")]);

/** No two are alike, none is like its neighbour moved by a few bytes, and none begins as an end does. */
function payloads(sizes: readonly number[]): readonly Buffer[] {
  return sizes.map((size, n) =>
    Buffer.from(Uint8Array.from({ length: size }, (_, i) => (n * 37 + i * 11) % 251)),
  );
}

const inPackets = (all: readonly Buffer[], first = 1): readonly Buffer[] =>
  all.map((payload, n) => encodePacket(payload, first + n));

interface Readings {
  /** What the driver got, as it was then and as it lies in memory. */
  readonly seen: Buffer[];
  readonly kept: Buffer[];
  readonly batches: Buffer[];
  readonly received: number[];
  readonly ends: number[];
  readonly broken: string[];
}

/** The driver of a query whose rows begin with packet `firstRow`, counted from 0. */
function makeReader(firstRow: number): { reader: PacketReader; readings: Readings } {
  const readings: Readings = {
    seen: [],
    kept: [],
    batches: [],
    received: [],
    ends: [],
    broken: [],
  };
  const reader = new PacketReader((packets) => {
    readings.seen.push(Buffer.from(packets));
    readings.kept.push(packets);
    if (readings.seen.length - 1 === firstRow) reader.beginRows();
  });
  const taker: RowTaker = {
    onReceived: (rows) => void readings.received.push(rows),
    onBatch: (batch) => {
      readings.batches.push(Buffer.from(batch.bytes));
      batch.release();
    },
    onEnd: (sequence) => void readings.ends.push(sequence),
    onBroken: (error) => void readings.broken.push(error.message),
  };
  if (firstRow >= 0) reader.expectRows(taker);
  return { reader, readings };
}

function readInPieces(reader: PacketReader, stream: Buffer, pieceBytes: () => number): void {
  for (let at = 0; at < stream.length;) {
    const read = stream.copy(reader.room(), 0, at, at + pieceBytes());
    if (read === 0) throw new Error("there is no room to read into");
    reader.read(read);
    at += read;
  }
}

const cuts: readonly (readonly [string, (random: Random) => number])[] = [
  ["one byte at a time", () => 1],
  ["three bytes at a time", () => 3],
  ["as much as there is room for", () => 2 ** 20],
  ["anything", (random) => 1 + Math.floor(random() * (random() < 0.5 ? 9 : BLOCK))],
];

describe.each(cuts)("cut into %s", (_, cut) => {
  const random = seededRandom(1);
  const pieceBytes = (): number => cut(random);

  test("without rows all goes to the driver, in whole packets, each as it was", () => {
    const sent = inPackets(
      payloads([
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
        200_000,
        9,
      ]),
    );
    const { reader, readings } = makeReader(-1);
    readInPieces(reader, Buffer.concat(sent), pieceBytes);
    const { seen, kept } = readings;
    expect(Buffer.concat(seen).equals(Buffer.concat(sent))).toBe(true);
    expect(kept.every((packets, i) => packets.equals(seen[i] ?? Buffer.alloc(0)))).toBe(true);
    expect(outsideOfEnds(seen, sent)).toEqual([]);
  });

  test("rows go to who takes them, and the driver gets what stands before and behind", () => {
    const head = inPackets(payloads([1, 40, 50, 5]));
    const sizes = [
      1,
      200,
      3,
      BATCH - 4,
      180,
      BATCH,
      2 * BATCH + 17,
      ...Array<number>(700).fill(250),
      9,
    ];
    const rows = inPackets(payloads(sizes), 5);
    const [end = Buffer.alloc(0)] = inPackets([END], 5 + sizes.length);
    const [next = Buffer.alloc(0)] = inPackets([Buffer.from("of the next command")]);
    const { reader, readings } = makeReader(head.length);
    readInPieces(reader, Buffer.concat([...head, ...rows, end, next]), pieceBytes);
    const { seen, batches, received, ends, broken } = readings;
    const [first = Buffer.alloc(0)] = rows;
    const driven = Buffer.concat([...head, first, end, next]);
    expect(Buffer.concat(seen).equals(driven)).toBe(true);
    expect(Buffer.concat(batches).equals(Buffer.concat(rows))).toBe(true);
    expect(received.reduce((sum, more) => sum + more, 0)).toBe(707 + 1);
    // 4 packets, then 708 rows: the 713th one, counted in a byte.
    expect(ends).toEqual([713 % 256]);
    expect(broken).toEqual([]);
    expect(outsideOfEnds(batches, rows)).toEqual([]);
  });
});

/** Places where what was handed out ends, but no packet does. */
function outsideOfEnds(
  handedOut: readonly Buffer[],
  packets: readonly Buffer[],
): readonly number[] {
  let end = 0;
  const ends = new Set(packets.map((packet) => (end += packet.length)));
  let at = 0;
  return handedOut.map((bytes) => (at += bytes.length)).filter((place) => !ends.has(place));
}

test("rows use the same memory again and again, once it is given back", () => {
  const memories = new Set<ArrayBufferLike>();
  const reader = new PacketReader(() => reader.beginRows());
  reader.expectRows({
    onReceived: () => undefined,
    onBatch(batch) {
      memories.add(batch.bytes.buffer);
      batch.release();
    },
    onEnd: () => undefined,
    onBroken: (error) => {
      throw error;
    },
  });
  for (let n = 0; n < 20_000; n++) reader.feed(encodePacket(Buffer.alloc(100, "row"), n));
  expect(memories.size).toBe(2);
});

test("an error in the place of a row is the driver's, as the end is", () => {
  const { reader, readings } = makeReader(0);
  const [first = Buffer.alloc(0), second = Buffer.alloc(0), error = Buffer.alloc(0)] = inPackets([
    Buffer.from("first"),
    Buffer.from("second"),
    ERROR,
  ]);
  reader.feed(Buffer.concat([first, second, error]));
  expect(Buffer.concat(readings.batches)).toEqual(Buffer.concat([first, second]));
  expect(readings.seen).toEqual([first, error]);
  expect(readings.ends).toEqual([3]);
});

test("a row may begin with the byte of an end, if it is longer than one", () => {
  const { reader, readings } = makeReader(0);
  const rows = inPackets([Buffer.from("first"), Buffer.concat([END, Buffer.from("and more")])]);
  const [end = Buffer.alloc(0)] = inPackets([END], 3);
  reader.feed(Buffer.concat([...rows, end]));
  expect(Buffer.concat(readings.batches)).toEqual(Buffer.concat(rows));
  expect(readings.ends).toEqual([3]);
});

test.each([
  ["a number that is not the next one", encodePacket(Buffer.from("row"), 9), "number 9"],
  ["no payload", Buffer.concat([encodePacket(Buffer.alloc(0), 2), Buffer.of(0)]), "of 0 bytes"],
  ["a payload that goes on in the next packet", Buffer.of(255, 255, 255, 2, 1), "16 MiB"],
])("a packet with %s is no row, and is told", (_, packet, message) => {
  const { reader, readings } = makeReader(0);
  reader.feed(Buffer.concat([encodePacket(Buffer.from("first"), 1), packet]));
  expect(readings.broken).toEqual([expect.stringContaining(message)]);
  expect(readings.batches).toEqual([]);
});

test("a first row that goes on in the next packet is told, and nobody gets a part of it", () => {
  const { reader, readings } = makeReader(1);
  const long = Buffer.concat([Buffer.of(255, 255, 255, 1), Buffer.alloc(0xffffff, "row")]);
  const rest = encodePacket(Buffer.from("the rest of it"), 2);
  reader.feed(Buffer.concat([long, rest, Buffer.alloc(BATCH)]));
  expect(readings).toMatchObject({ seen: [], batches: [], broken: ["a row of more than 16 MiB"] });
});

test("a result without rows is the driver's, packet by packet", () => {
  const { reader, readings } = makeReader(-1);
  reader.expectRows({
    onReceived: () => undefined,
    onBatch: (batch) => void readings.batches.push(batch.bytes),
    onEnd: (sequence) => void readings.ends.push(sequence),
    onBroken: (error) => void readings.broken.push(error.message),
  });
  const packets = inPackets([Buffer.from("columns"), END, END]);
  reader.feed(Buffer.concat(packets));
  expect(readings.seen).toEqual(packets);
  reader.expectRows(undefined);
  reader.feed(Buffer.concat(packets));
  expect(readings.seen.slice(packets.length)).toEqual([Buffer.concat(packets)]);
  expect([...readings.batches, ...readings.ends, ...readings.broken]).toEqual([]);
});
