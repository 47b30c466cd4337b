/**
 * Reads a zip from its first byte to its last, in one pass and with flat memory, and holds every
 * part of it against every other: what stands behind an entry, in front of it and in the central
 * directory must agree, and nothing may follow. Source: PKWARE, APPNOTE.TXT, sections 4.3 and 4.4.
 *
 * Only web standards are used, so that it runs in a browser as well.
 */
import { ByteReader } from "./byte-reader.ts";
import { crc32 } from "./crc32.ts";

/** The marks of a zip's records: sections 4.3.7 to 4.3.16 and 4.4.1.4. */
export const CENTRAL_HEADER = 0x02014b50;
export const END = 0x06054b50;
export const ZIP64_END = 0x06064b50;
/** In a field of 32 bits: the value is in the zip64 field. */
export const IN_ZIP64 = 0xffff_ffff;
const LOCAL_HEADER = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const ZIP64_LOCATOR = 0x07064b50;

/** The bytes are not a whole, consistent zip; the message says where. */
export class DamagedZip extends Error {
  override readonly name = "DamagedZip";
}

/** Takes the content of one entry. */
export interface EntrySink {
  write(bytes: Uint8Array): void;
  end(): void;
}

interface Entry {
  readonly name: string;
  /** The version of the format needed to read it. */
  readonly version: number;
  /** Flags, method, time and date: the central directory repeats them. */
  readonly common: string;
  readonly offset: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

const ZIP64_EXTRA = 0x0001;
const HAS_DESCRIPTOR = 1 << 3;
const STORED = 0;
const DEFLATED = 8;
const ZIP64_VERSION = 45;

/** Deflate can make 1032 bytes of one; lines with numbers and times of their own never come near. */
const MAX_RATIO = 256;
/** Bytes of an entry's name. */
const MAX_NAME = 255;
const FREE_BYTES = 64 * 1024 * 1024;

/**
 * @param open called for each entry in the order of the file
 * The source is closed in the end, also when it was not read to its own.
 *
 * @throws DamagedZip; whatever the source or a sink throws
 */
export async function readZip(
  source: AsyncIterable<Uint8Array>,
  open: (name: string) => EntrySink,
  onBytes: (bytes: Uint8Array) => void,
): Promise<void> {
  const reader = new ByteReader(source, onBytes);
  const entries: Entry[] = [];
  try {
    while ((await signature(reader)) === LOCAL_HEADER) entries.push(await readEntry(reader, open));
    await readCentralDirectory(reader, entries);
    if ((await reader.peek(1)).length > 0) throw new DamagedZip("bytes follow the end of the zip");
  } finally {
    await reader.close();
  }
}

async function signature(reader: ByteReader): Promise<number> {
  const bytes = await reader.peek(4);
  return bytes.length === 4 ? viewOf(bytes).getUint32(0, true) : 0;
}

async function take(reader: ByteReader, count: number, what: string): Promise<DataView> {
  const bytes = await reader.take(count);
  if (bytes.length < count) throw new DamagedZip(`the zip ends inside ${what}`);
  return viewOf(bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(view: DataView): string {
  return new TextDecoder().decode(view);
}

async function readEntry(reader: ByteReader, open: (name: string) => EntrySink): Promise<Entry> {
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
  if (method !== DEFLATED && method !== STORED) throw new DamagedZip(`${name}: unknown method`);

  const sink = open(name);
  const content = { crc: 0, size: 0 };
  const counted = { compressed: 0 };
  const write = (bytes: Uint8Array): void => {
    content.crc = crc32(bytes, content.crc);
    content.size += bytes.length;
    if (content.size > FREE_BYTES + MAX_RATIO * counted.compressed) {
      throw new DamagedZip(`${name}: more data than a statement can hold`);
    }
    sink.write(bytes);
  };
  const described = (flags & HAS_DESCRIPTOR) !== 0;
  const data = described
    ? untilDescriptor(reader, name)
    : exactly(reader, declared.compressed, name);
  if (method === DEFLATED) await inflate(count(data, counted), write, name);
  else for await (const bytes of count(data, counted)) write(bytes);

  const found = { ...content, ...counted };
  const expected = described ? await readDescriptor(reader, counted.compressed) : declared;
  if (described && !leavesToDescriptor(declared, expected)) {
    throw new DamagedZip(`${name}: the local header says otherwise`);
  }
  if (expected.crc !== found.crc) throw new DamagedZip(`${name}: the checksum differs`);
  if (expected.compressed !== found.compressed || expected.size !== found.size) {
    throw new DamagedZip(`${name}: the sizes differ`);
  }
  sink.end();
  const version = header.getUint16(4, true);
  return { name, offset, version, common: commonFields(header, 6), ...found };
}

type Measures = Pick<Entry, "crc" | "compressed" | "size">;

/** Before its descriptor an entry says nothing, or that it may be large, or the same. */
function leavesToDescriptor(declared: Measures, described: Measures): boolean {
  const agrees = (key: "compressed" | "size"): boolean =>
    [0, IN_ZIP64, described[key]].includes(declared[key]);
  return [0, described.crc].includes(declared.crc) && agrees("compressed") && agrees("size");
}

function commonFields(header: DataView, at: number): string {
  return [0, 2, 4, 6].map((field) => header.getUint16(at + field, true)).join();
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
    if (bytes.length === 0) throw new DamagedZip(`the zip ends inside ${name}`);
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
    if (certain <= 0) throw new DamagedZip(`the zip ends inside ${name}`);
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

async function inflate(
  data: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => void,
  name: string,
): Promise<void> {
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
      if (ending.damaged || ending.refusal) break;
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
  if (ending.damaged) throw new DamagedZip(`${name}: the data is damaged`);
}

// --- central directory -------------------------------------------------------------------------

async function readCentralDirectory(reader: ByteReader, entries: readonly Entry[]): Promise<void> {
  const offset = reader.position;
  for (const entry of entries) await readCentralHeader(reader, entry);
  const size = reader.position - offset;
  const at = reader.position;
  const zip64 = (await signature(reader)) === ZIP64_END;
  if (zip64) await readZip64End(reader, { at, offset, size, count: entries.length });
  const end = await take(reader, 22, "the end record");
  await take(reader, end.getUint16(20, true), "the comment");
  const matches = (value: number, expected: number, inZip64: number): boolean =>
    value === expected || (zip64 && value === inZip64);
  const ok =
    end.getUint32(0, true) === END &&
    matches(end.getUint16(4, true), 0, 0xffff) &&
    matches(end.getUint16(6, true), 0, 0xffff) &&
    matches(end.getUint16(8, true), entries.length, 0xffff) &&
    matches(end.getUint16(10, true), entries.length, 0xffff) &&
    matches(end.getUint32(12, true), size, IN_ZIP64) &&
    matches(end.getUint32(16, true), offset, IN_ZIP64);
  if (!ok) throw new DamagedZip("the end record does not describe the zip");
}

async function readCentralHeader(reader: ByteReader, entry: Entry): Promise<void> {
  const header = await take(reader, 46, "the central directory");
  if (header.getUint32(0, true) !== CENTRAL_HEADER) {
    throw new DamagedZip("the central directory lacks an entry");
  }
  const name = textOf(await take(reader, header.getUint16(28, true), "a file name"));
  const extra = await take(reader, header.getUint16(30, true), "an extra field");
  await take(reader, header.getUint16(32, true), "a comment");
  const found = withZip64(
    {
      size: header.getUint32(24, true),
      compressed: header.getUint32(20, true),
      offset: header.getUint32(42, true),
    },
    extra,
    name,
  );
  // Whoever writes a stream learns only behind an entry's data that it needs zip64.
  const version = header.getUint16(6, true);
  const inZip64 = [20, 24, 42].some((at) => header.getUint32(at, true) === IN_ZIP64);
  const ok =
    name === entry.name &&
    commonFields(header, 8) === entry.common &&
    (version === entry.version || (inZip64 && version === ZIP64_VERSION)) &&
    header.getUint32(16, true) === entry.crc &&
    [0, 0xffff].includes(header.getUint16(34, true)) &&
    found.size === entry.size &&
    found.compressed === entry.compressed &&
    found.offset === entry.offset;
  if (!ok) throw new DamagedZip(`${entry.name}: the central directory says otherwise`);
}

async function readZip64End(
  reader: ByteReader,
  directory: { at: number; offset: number; size: number; count: number },
): Promise<void> {
  const end = await take(reader, 56, "the zip64 end record");
  const locator = await take(reader, 20, "the zip64 locator");
  const number = (at: number): number => Number(end.getBigUint64(at, true));
  const ok =
    number(24) === directory.count &&
    number(32) === directory.count &&
    number(40) === directory.size &&
    number(48) === directory.offset &&
    locator.getUint32(0, true) === ZIP64_LOCATOR &&
    Number(locator.getBigUint64(8, true)) === directory.at;
  if (!ok) throw new DamagedZip("the zip64 end record does not describe the zip");
}

/** Replaces the 32-bit values that stand for "see the zip64 extra field", in that field's order. */
function withZip64<T extends Partial<Record<"size" | "compressed" | "offset", number>>>(
  values: T,
  extra: DataView,
  name: string,
): T {
  let field: DataView | undefined;
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) throw new DamagedZip(`${name}: a broken extra field`);
    if (extra.getUint16(at, true) === ZIP64_EXTRA) {
      field = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    }
  }
  if (!field) return values;
  const result = { ...values };
  let next = 0;
  for (const key of ["size", "compressed", "offset"] as const) {
    if (values[key] !== IN_ZIP64 || next + 8 > field.byteLength) continue;
    Object.assign(result, { [key]: Number(field.getBigUint64(next, true)) });
    next += 8;
  }
  return result;
}
