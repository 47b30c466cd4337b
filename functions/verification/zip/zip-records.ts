/**
 * The records of a zip beside its entries' data: marks, the central directory, the end. Source: PKWARE,
 * APPNOTE.TXT, sections 4.3 and 4.4.
 */
import type { ByteReader } from "./byte-reader.ts";
import { shownName } from "../wrong-statement.ts";

/** The marks of a zip's records: sections 4.3.7 to 4.3.16 and 4.4.1.4. */
export const CENTRAL_HEADER = 0x02014b50;
export const END = 0x06054b50;
export const ZIP64_END = 0x06064b50;
/** In a field of 32 bits: the value is in the zip64 field. */
export const IN_ZIP64 = 0xffff_ffff;
export const LOCAL_HEADER = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
const ZIP64_LOCATOR = 0x07064b50;

/** The bytes are not a whole, consistent zip; the message says where. */
export class DamagedZip extends Error {
  override readonly name = "DamagedZip";
  /** The entry's name, where it is one's. */
  readonly file: string | null;

  constructor(message: string, file: string | null = null) {
    super(file === null ? message : `${shownName(file)}: ${message}`);
    this.file = file;
  }
}

/** What a zip says of an entry beside its data. */
export interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  /** Date and time as MS-DOS had them: sections 4.4.6. */
  readonly time: number;
  readonly madeBy: number;
  /** External attributes; the internal ones are 0. */
  readonly rights: number;
  /** Has no comment, no attributes of its data, and no extra field but that of zip64. */
  readonly isBare: boolean;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  readonly comment: string;
}

/** What was read of an entry and its header; the directory must say the same. */
export interface ReadEntry extends Pick<ZipEntry, "name" | "flags" | "method" | "time"> {
  /** The version of the format needed to read it. */
  readonly version: number;
  readonly isBare: boolean;
  readonly offset: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

const LOCATOR_BYTES = 20;
const ZIP64_EXTRA = 0x0001;
const ZIP64_VERSION = 45;
/** Of the zip64 end record behind the field that says it. */
const ZIP64_END_LENGTH = 44;

export async function signature(reader: ByteReader): Promise<number> {
  const bytes = await reader.peek(4);
  return bytes.length === 4 ? viewOf(bytes).getUint32(0, true) : 0;
}

export async function take(reader: ByteReader, count: number, what: string): Promise<DataView> {
  const bytes = await reader.take(count);
  if (bytes.length < count) throw new DamagedZip(`the zip ends inside ${what}`);
  return viewOf(bytes);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function textOf(view: DataView): string {
  // Else a byte order mark in front of a name would be dropped here, and be a part of it for others.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(view);
}

export async function readCentralDirectory(
  reader: ByteReader,
  entries: readonly ReadEntry[],
): Promise<ZipDirectory> {
  const offset = reader.position;
  if (offset === 0 && (await signature(reader)) !== END) throw new DamagedZip("it is no zip");
  const listed: ZipEntry[] = [];
  for (const entry of entries) listed.push(await readCentralHeader(reader, entry));
  const size = reader.position - offset;
  const at = reader.position;
  const zip64 = (await signature(reader)) === ZIP64_END;
  if (zip64) await readZip64End(reader, { at, offset, size, count: entries.length });
  const end = await take(reader, 22, "the end record");
  const comment = textOf(await take(reader, end.getUint16(20, true), "the comment"));
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
  return { entries: listed, comment };
}

async function readCentralHeader(reader: ByteReader, entry: ReadEntry): Promise<ZipEntry> {
  const header = await take(reader, 46, "the central directory");
  if (header.getUint32(0, true) !== CENTRAL_HEADER) {
    throw new DamagedZip("the zip's list of its files (the central directory) lacks one");
  }
  const name = textOf(await take(reader, header.getUint16(28, true), "a file name"));
  const extra = await take(reader, header.getUint16(30, true), "an extra field");
  const comment = await take(reader, header.getUint16(32, true), "a comment");
  const sizes = {
    size: header.getUint32(24, true),
    compressed: header.getUint32(20, true),
    offset: header.getUint32(42, true),
  };
  const found = withZip64(sizes, extra, name);
  if (endsAsLocator(extra, comment)) {
    throw new DamagedZip("what the zip's list of its files says of it is an end of a zip", name);
  }
  // Whoever writes a stream learns only behind an entry's data that it needs zip64.
  const version = header.getUint16(6, true);
  const inZip64 = Object.values(sizes).includes(IN_ZIP64);
  const ok =
    name === entry.name &&
    header.getUint16(8, true) === entry.flags &&
    header.getUint16(10, true) === entry.method &&
    header.getUint32(12, true) === entry.time &&
    (version === entry.version || (inZip64 && version === ZIP64_VERSION)) &&
    header.getUint32(16, true) === entry.crc &&
    [0, 0xffff].includes(header.getUint16(34, true)) &&
    found.size === entry.size &&
    found.compressed === entry.compressed &&
    found.offset === entry.offset;
  if (!ok)
    throw new DamagedZip(
      "it and the zip's list of its files (the central directory) differ",
      entry.name,
    );
  const { flags, method, time } = entry;
  const internal = header.getUint16(36, true);
  return {
    name,
    flags,
    method,
    time,
    madeBy: header.getUint16(4, true),
    rights: header.getUint32(38, true),
    isBare:
      entry.isBare && internal === 0 && comment.byteLength === 0 && hasOnlyZip64(extra, sizes),
  };
}

/** Readers look for a zip64 locator right in front of the end record, and follow it to another list of files. */
function endsAsLocator(extra: DataView, comment: DataView): boolean {
  const last = new Uint8Array(extra.byteLength + comment.byteLength);
  last.set(new Uint8Array(extra.buffer, extra.byteOffset, extra.byteLength));
  last.set(
    new Uint8Array(comment.buffer, comment.byteOffset, comment.byteLength),
    extra.byteLength,
  );
  const at = last.length - LOCATOR_BYTES;
  return at >= 0 && viewOf(last).getUint32(at, true) === ZIP64_LOCATOR;
}

/** No field but that of zip64, and in it no more than the values that stand there for others. */
export function hasOnlyZip64(extra: DataView, values: Readonly<Record<string, number>>): boolean {
  if (extra.byteLength === 0) return true;
  const length = 8 * Object.values(values).filter((value) => value === IN_ZIP64).length;
  return (
    length > 0 &&
    extra.byteLength === 4 + length &&
    extra.getUint16(0, true) === ZIP64_EXTRA &&
    extra.getUint16(2, true) === length
  );
}

async function readZip64End(
  reader: ByteReader,
  directory: { at: number; offset: number; size: number; count: number },
): Promise<void> {
  const end = await take(reader, 56, "the zip64 end record");
  const locator = await take(reader, LOCATOR_BYTES, "the zip64 locator");
  const number = (at: number): number => Number(end.getBigUint64(at, true));
  const ok =
    number(4) === ZIP64_END_LENGTH &&
    end.getUint32(16, true) === 0 &&
    end.getUint32(20, true) === 0 &&
    number(24) === directory.count &&
    number(32) === directory.count &&
    number(40) === directory.size &&
    number(48) === directory.offset &&
    locator.getUint32(0, true) === ZIP64_LOCATOR &&
    locator.getUint32(4, true) === 0 &&
    locator.getUint32(16, true) === 1 &&
    Number(locator.getBigUint64(8, true)) === directory.at;
  if (!ok) throw new DamagedZip("the zip64 end record does not describe the zip");
}

/** Replaces the 32-bit values that stand for "see the zip64 extra field", in that field's order. */
export function withZip64<T extends Partial<Record<"size" | "compressed" | "offset", number>>>(
  values: T,
  extra: DataView,
  name: string,
): T {
  let field: DataView | undefined;
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) throw new DamagedZip("a broken extra field", name);
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
