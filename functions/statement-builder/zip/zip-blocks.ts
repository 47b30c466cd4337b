/**
 * Has archiver deflate its entries by ourselves, and count their CRC in native code: the one place
 * that leans on archiver's inside. Where that is not as known here there is no zip: archiver's own
 * deflate makes the same files at four times the cost, and nobody would know why.
 */
import { ZipArchive } from "archiver";
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
}

/** @throws Error for an archiver that is not as known here; to be asked at the start. */
export function requireKnownArchiver(): void {
  writerOf(new ZipArchive());
}

/**
 * To be called before the first entry.
 * @throws Error for an archiver of another shape
 */
export function deflateInBlocks(
  archive: ZipArchive,
  { level, isTable, onError }: BlocksOptions,
): void {
  const writer = writerOf(archive);
  writer._smartStream = (entry, callback) => {
    const blocks = isTable(entry.getName()) ? new TableEntry() : new DeflateBlocks(level);
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
}

function writerOf(archive: ZipArchive): ZipWriter {
  const { _module: zip } = archive as { _module?: { engine?: Partial<ZipWriter> } };
  const writer = zip?.engine;
  if (typeof writer?._smartStream === "function" && typeof writer._afterAppend === "function")
    return writer as ZipWriter;
  throw new Error(
    "archiver has no writer with _smartStream and _afterAppend: this release only knows the version of its lock file",
  );
}
