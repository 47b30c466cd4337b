/**
 * What stands in a zip beside the data of its files, for one of less than 4 GiB: byte for byte as
 * archiver writes it. Source: PKWARE, APPNOTE.TXT, sections 4.3.7 to 4.3.16.
 */
import {
  CENTRAL_HEADER,
  DESCRIPTOR,
  END,
  IN_ZIP64,
  LOCAL_HEADER,
} from "../../verification/zip/zip-records.ts";
import { DEFLATED, FLAGS, MADE_BY, RIGHTS } from "../../verification/zip/zip-seal.ts";

/** A file that was written. */
export interface WrittenEntry {
  readonly path: string;
  /** Where its local header is. */
  readonly offset: number;
  readonly crc32: number;
  readonly bytes: number;
  readonly deflatedBytes: number;
}

/** Of the format, to read what has its length behind it. */
const VERSION = 20;
const [LOCAL_BYTES, DESCRIPTOR_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 16, 46, 22];

/** @param time as `zipTime` has it */
export function localHeader(path: string, time: number): Buffer {
  const name = Buffer.from(path);
  const header = Buffer.alloc(LOCAL_BYTES + name.length);
  header.writeUInt32LE(LOCAL_HEADER, 0);
  writeKind(header, 4, time);
  header.writeUInt16LE(name.length, 26);
  name.copy(header, LOCAL_BYTES);
  return header;
}

/** @throws RangeError for 4 GiB and more */
export function descriptor({ crc32, deflatedBytes, bytes }: Omit<WrittenEntry, "path">): Buffer {
  const record = Buffer.alloc(DESCRIPTOR_BYTES);
  record.writeUInt32LE(DESCRIPTOR, 0);
  record.writeUInt32LE(crc32, 4);
  record.writeUInt32LE(below4Gib(deflatedBytes), 8);
  record.writeUInt32LE(below4Gib(bytes), 12);
  return record;
}

/** The central directory of these files, which begins at `offset`, and the end behind it. */
export function directoryAndEnd(
  entries: readonly WrittenEntry[],
  time: number,
  offset: number,
): Buffer {
  const directory = Buffer.concat(entries.map((entry) => centralHeader(entry, time)));
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(below4Gib(offset), 16);
  return Buffer.concat([directory, end]);
}

function centralHeader(
  { path, offset, crc32, deflatedBytes, bytes }: WrittenEntry,
  time: number,
): Buffer {
  const name = Buffer.from(path);
  const header = Buffer.alloc(CENTRAL_BYTES + name.length);
  header.writeUInt32LE(CENTRAL_HEADER, 0);
  header.writeUInt16LE(MADE_BY, 4);
  writeKind(header, 6, time);
  header.writeUInt32LE(crc32, 16);
  header.writeUInt32LE(deflatedBytes, 20);
  header.writeUInt32LE(bytes, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt32LE(RIGHTS, 38);
  header.writeUInt32LE(below4Gib(offset), 42);
  name.copy(header, CENTRAL_BYTES);
  return header;
}

/** What a local header and the directory say in the same way: version, flags, method and time. */
function writeKind(header: Buffer, at: number, time: number): void {
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(FLAGS, at + 2);
  header.writeUInt16LE(DEFLATED, at + 4);
  header.writeUInt32LE(time, at + 6);
}

function below4Gib(bytes: number): number {
  if (bytes >= IN_ZIP64) throw new RangeError(`${bytes} bytes of a zip that should be a small one`);
  return bytes;
}
