/**
 * Reads a zip from its first byte to its last, in one pass and with flat memory, and holds every
 * part of it against every other: what stands behind an entry, in front of it and in the central
 * directory must agree, and nothing may follow. Source: PKWARE, APPNOTE.TXT, sections 4.3 and 4.4.
 *
 * Only web standards are used, so that it runs in a browser as well.
 */
import { ByteReader } from "./byte-reader.ts";
import { mostInflated } from "../limits.ts";
import { crc32 } from "./crc32.ts";
import {
  CENTRAL_HEADER,
  DamagedZip,
  DESCRIPTOR,
  hasOnlyZip64,
  IN_ZIP64,
  LOCAL_HEADER,
  readCentralDirectory,
  signature,
  take,
  textOf,
  viewOf,
  withZip64,
  type ReadEntry,
  type ZipDirectory,
} from "./zip-records.ts";

/** Takes the content of one entry. */
export interface EntrySink {
  write(bytes: Uint8Array): void;
  end(): void;
}

const HAS_DESCRIPTOR = 1 << 3;
/** How hard it was deflated, that a descriptor follows, that the name is UTF-8: section 4.4.4. */
const KNOWN_FLAGS = (0b11 << 1) | HAS_DESCRIPTOR | (1 << 11);
const STORED = 0;
const DEFLATED = 8;

/** Bytes of an entry's name. */
const MAX_NAME = 255;

type OnDamage = (damage: DamagedZip) => void;

/**
 * @param open called for each entry in the order of the file
 * @param onBytes told of every byte of the source, once and in order
 * @param onDamage told of an entry whose data is not what the zip says of it; the entries behind it
 * are read all the same. Without it such a zip is read no further.
 * The source is closed in the end, also when it was not read to its own.
 *
 * @throws DamagedZip; whatever the source or a sink throws
 */
export async function readZip(
  source: AsyncIterable<Uint8Array>,
  open: (name: string) => EntrySink,
  onBytes: (bytes: Uint8Array) => void,
  onDamage?: OnDamage,
): Promise<ZipDirectory> {
  const reader = new ByteReader(source, onBytes);
  const entries: ReadEntry[] = [];
  try {
    while ((await signature(reader)) === LOCAL_HEADER) {
      entries.push(await readEntry(reader, open, onDamage));
    }
    const directory = await readCentralDirectory(reader, entries);
    if ((await reader.peek(1)).length > 0) throw new DamagedZip("bytes follow the end of the zip");
    return directory;
  } finally {
    await reader.close();
  }
}

async function readEntry(
  reader: ByteReader,
  open: (name: string) => EntrySink,
  onDamage: OnDamage | undefined,
): Promise<ReadEntry> {
  const offset = reader.position;
  const header = await take(reader, 30, "a local header");
  const flags = header.getUint16(6, true);
  const method = header.getUint16(8, true);
  const nameLength = header.getUint16(26, true);
  if (nameLength > MAX_NAME) throw new DamagedZip("a file name is too long");
  const name = textOf(await take(reader, nameLength, "a file name"));
  const extra = await take(reader, header.getUint16(28, true), "an extra field");
  const sizes = { compressed: header.getUint32(18, true), size: header.getUint32(22, true) };
  const declared = { crc: header.getUint32(14, true), ...withZip64(sizes, extra, name) };
  if (method !== DEFLATED && method !== STORED)
    throw new DamagedZip("compressed by an unknown method", name);
  if ((flags & ~KNOWN_FLAGS) !== 0)
    throw new DamagedZip("encrypted, or in a form that no statement has", name);

  const sink = open(name);
  const content = { crc: 0, size: 0 };
  const counted = { compressed: 0 };
  const write = (bytes: Uint8Array): void => {
    content.crc = crc32(bytes, content.crc);
    content.size += bytes.length;
    if (content.size > mostInflated(counted.compressed)) {
      throw new DamagedZip("more data than a statement can hold", name);
    }
    sink.write(bytes);
  };
  const described = (flags & HAS_DESCRIPTOR) !== 0;
  const data = described
    ? untilDescriptor(reader, name)
    : exactly(reader, declared.compressed, name);
  const damage = (what: string): void => {
    const damaged = new DamagedZip(what, name);
    if (!onDamage) throw damaged;
    onDamage(damaged);
  };
  let isWhole = true;
  if (method === DEFLATED) isWhole = await inflate(count(data, counted), write);
  else for await (const bytes of count(data, counted)) write(bytes);

  const found = { ...content, ...counted };
  const expected = described ? await readDescriptor(reader, counted.compressed) : declared;
  if (described && !leavesToDescriptor(declared, expected)) {
    throw new DamagedZip("the header in front of it and the record behind it differ", name);
  }
  if (expected.compressed !== found.compressed)
    throw new DamagedZip("the zip says that its data has another length", name);
  if (!isWhole) damage("has changed: its compressed data is damaged");
  else if (expected.size !== found.size)
    damage("has changed: the zip says that it has another size");
  else if (expected.crc !== found.crc) damage("has changed: its checksum (CRC-32) differs");
  sink.end();
  const time = header.getUint32(10, true);
  const isBare = hasOnlyZip64(extra, sizes);
  return {
    name,
    offset,
    version: header.getUint16(4, true),
    flags,
    method,
    time,
    isBare,
    ...counted,
    size: expected.size,
    crc: expected.crc,
  };
}

type Measures = Pick<ReadEntry, "crc" | "compressed" | "size">;

/** Before its descriptor an entry says nothing, or that it may be large, or the same. */
function leavesToDescriptor(declared: Measures, described: Measures): boolean {
  const agrees = (key: "compressed" | "size"): boolean =>
    [0, IN_ZIP64, described[key]].includes(declared[key]);
  return [0, described.crc].includes(declared.crc) && agrees("compressed") && agrees("size");
}

async function* count(data: AsyncIterable<Uint8Array>, total: { compressed: number }) {
  for await (const bytes of data) {
    total.compressed += bytes.length;
    yield bytes;
  }
}

async function* exactly(reader: ByteReader, length: number, name: string) {
  for (let left = length; left > 0;) {
    const there = await reader.peekAny(1);
    const bytes = await reader.take(Math.min(left, there.length));
    if (bytes.length === 0) throw new DamagedZip("the zip ends inside of it", name);
    left -= bytes.length;
    yield bytes;
  }
}

const DESCRIPTOR_BYTES = 16;
const ZIP64_DESCRIPTOR_BYTES = 24;
/** A descriptor of either form, and the signature that must follow it. */
const LOOK_AHEAD = ZIP64_DESCRIPTOR_BYTES + 4;

/**
 * The data up to its descriptor. The size is not known before, so the descriptor is recognised: its
 * signature, the very number of bytes that came before it, and the next header's signature. That
 * bytes of the data look so is no danger: the checksum or what follows would differ, and the zip is
 * refused.
 */
async function* untilDescriptor(reader: ByteReader, name: string) {
  let seen = 0;
  for (;;) {
    const bytes = await reader.peekAny(LOOK_AHEAD);
    const end = findDescriptor(bytes, seen);
    if (end >= 0) {
      if (end > 0) yield await reader.take(end);
      return;
    }
    const certain = bytes.length - LOOK_AHEAD + 1;
    if (certain <= 0) throw new DamagedZip("the zip ends inside of it", name);
    seen += certain;
    yield await reader.take(certain);
  }
}

function findDescriptor(bytes: Uint8Array, before: number): number {
  const view = viewOf(bytes);
  let at = bytes.indexOf(0x50);
  for (; at >= 0 && at + DESCRIPTOR_BYTES + 4 <= bytes.length; at = bytes.indexOf(0x50, at + 1)) {
    if (view.getUint32(at, true) !== DESCRIPTOR) continue;
    if (descriptorLength(view, at, before + at)) return at;
  }
  return -1;
}

/** 16, or 24 in zip64; 0 when what stands there is no descriptor of `compressed` bytes. */
function descriptorLength(view: DataView, at: number, compressed: number): number {
  const followedByHeader = (length: number): boolean => {
    const next = at + length;
    if (next + 4 > view.byteLength) return false;
    return [LOCAL_HEADER, CENTRAL_HEADER].includes(view.getUint32(next, true));
  };
  if (view.getUint32(at + 8, true) === compressed && followedByHeader(DESCRIPTOR_BYTES)) {
    return DESCRIPTOR_BYTES;
  }
  if (!followedByHeader(ZIP64_DESCRIPTOR_BYTES)) return 0;
  return Number(view.getBigUint64(at + 8, true)) === compressed ? ZIP64_DESCRIPTOR_BYTES : 0;
}

async function readDescriptor(reader: ByteReader, compressed: number) {
  const ahead = viewOf(await reader.peek(LOOK_AHEAD));
  const length = descriptorLength(ahead, 0, compressed);
  const view = await take(reader, length, "a data descriptor");
  const number = (at: number): number =>
    length === DESCRIPTOR_BYTES
      ? view.getUint32(8 + at * 4, true)
      : Number(view.getBigUint64(8 + at * 8, true));
  return { crc: view.getUint32(4, true), compressed: number(0), size: number(1) };
}

/** All of the data is read in any case but when `write` throws; false when it is no deflate stream. */
async function inflate(
  data: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => void,
): Promise<boolean> {
  const inflater = new DecompressionStream("deflate-raw");
  const writer = inflater.writable.getWriter();
  const ending: { damaged?: true; refusal?: Error } = {};
  const consume = async (): Promise<void> => {
    for await (const bytes of inflater.readable) {
      try {
        write(bytes as Uint8Array);
      } catch (error) {
        ending.refusal = error as Error;
        return;
      }
    }
  };
  const consumed = consume().catch(() => (ending.damaged = true));
  try {
    for await (const bytes of data) {
      if (ending.refusal) break;
      if (ending.damaged) continue;
      await writer.write(Uint8Array.from(bytes)).catch(() => undefined);
    }
    await writer.close().catch(() => undefined);
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  } finally {
    await consumed;
  }
  // What the sink threw is for whoever gave it; the rest is the inflater's.
  if (ending.refusal) throw ending.refusal;
  return !ending.damaged;
}
