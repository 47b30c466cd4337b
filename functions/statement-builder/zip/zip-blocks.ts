/**
 * Has archiver deflate its entries in blocks, and count their CRC in native code: the one place
 * that leans on archiver's inside. Where that is not as known here, archiver does as it always
 * does: more slowly, and the same files.
 */
import type { ZipArchive } from "archiver";
import type { Transform } from "node:stream";
import { DeflateBlocks } from "./deflate-blocks.ts";
import { TableEntry } from "./table-entry.ts";

/** What archiver's zip writer knows of an entry only after its bytes. */
interface Entry {
  getName(): string;
  setCrc(crc: number): void;
  setSize(bytes: number): void;
  setCompressedSize(bytes: number): void;
}

/** Of compress-commons, under archiver: `_smartStream` opens the stream an entry's bytes go into. */
interface ZipWriter extends NodeJS.WritableStream {
  _smartStream(entry: Entry, callback: (error: Error | null, entry: Entry) => void): Transform;
  _afterAppend(entry: Entry): void;
}

interface BlocksOptions {
  readonly level: number;
  /** Which files go to the table deflate instead of zlib, by their path. */
  readonly isTable: (path: string) => boolean;
  /** Hears of a deflate that failed. */
  readonly onError: (error: Error) => void;
  /** Is given each chunk of an entry back once nothing reads it any more. */
  readonly onTaken: (chunk: Buffer) => void;
}

/** @returns whether it does; to be called before the first entry. */
export function deflateInBlocks(
  archive: ZipArchive,
  { level, isTable, onError, onTaken }: BlocksOptions,
): boolean {
  const writer = writerOf(archive);
  if (!writer) return false;
  writer._smartStream = (entry, callback) => {
    const blocks = isTable(entry.getName())
      ? new TableEntry(onTaken)
      : new DeflateBlocks(level, onTaken);
    blocks.once("error", onError);
    blocks.once("end", () => {
      entry.setCrc(blocks.crc32);
      entry.setSize(blocks.bytesIn);
      entry.setCompressedSize(blocks.bytesOut);
      writer._afterAppend(entry);
      callback(null, entry);
    });
    blocks.pipe(writer, { end: false });
    return blocks;
  };
  return true;
}

function writerOf(archive: ZipArchive): ZipWriter | undefined {
  const { _module: zip } = archive as { _module?: { engine?: Partial<ZipWriter> } };
  const writer = zip?.engine;
  const known =
    typeof writer?._smartStream === "function" && typeof writer._afterAppend === "function";
  return known ? (writer as ZipWriter) : undefined;
}
