/**
 * The zip of a statement of few rows, written into memory in one pass: archiver takes a stream for each file
 * and a write for each field of each record, which is a tenth of a statement of 500 rows. The bytes are
 * those that archiver makes of the same files. A reader who is behind is waited for, so however much
 * there turns out to be of it, memory stays as it is.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { AddFile } from "../contents/statement-files.ts";
import { SEAL_BYTES, zipTime } from "../../verification/zip/zip-seal.ts";
import { CheckedTable } from "./checked-table.ts";
import { deflateBlock } from "./deflate-blocks.ts";
import { sealedEnd } from "./zip-end.ts";
import { descriptor, directoryAndEnd, localHeader, type WrittenEntry } from "./zip-records.ts";

export interface SmallZipOptions {
  /** Of zlib, for what is no table. */
  readonly level: number;
  /** Of every entry, milliseconds since the epoch. */
  readonly date: number;
  readonly signal: AbortSignal;
  readonly onFile?: ((path: string) => void) | undefined;
  /** Puts the files into the zip, one behind the other. What comes in pieces is a table. */
  readonly write: (addFile: AddFile) => Promise<void>;
}

/** What is handed on before the end is known. */
const PIECE_BYTES = 64 * 1024;
const READ_AHEAD_BYTES = 1024 * 1024;

/** The stream is destroyed with what `write` rejects with, or with the signal's reason. */
export function makeSmallZip({ level, date, signal, onFile, write }: SmallZipOptions): Readable {
  const time = zipTime(date);
  const out = new ZipBytes(signal);
  const entries: WrittenEntry[] = [];
  const addFile: AddFile = async (path, mediaType, content) => {
    onFile?.(path);
    const offset = out.bytes;
    const sha256 = createHash("sha256");
    out.add(localHeader(path, time));
    const written = Buffer.isBuffer(content)
      ? await addBuffer(out, content, level)
      : await addTable(out, content, (block) => sha256.update(block));
    if (Buffer.isBuffer(content)) sha256.update(content);
    entries.push({ path, offset, ...written });
    out.add(descriptor({ offset, ...written }));
    return { path, media_type: mediaType, bytes: written.bytes, sha256: sha256.digest("hex") };
  };
  write(addFile).then(
    () => out.end(entries, time),
    (error: unknown) => out.destroy(error as Error),
  );
  return out;
}

type Written = Omit<WrittenEntry, "path" | "offset">;

async function addBuffer(out: ZipBytes, content: Buffer, level: number): Promise<Written> {
  const deflated = await deflateBlock(content, undefined, { level });
  out.add(deflated);
  return { crc32: crc32(content), bytes: content.length, deflatedBytes: deflated.length };
}

async function addTable(
  out: ZipBytes,
  blocks: AsyncIterable<Buffer>,
  onBlock: (block: Buffer) => void,
): Promise<Written> {
  using table = new CheckedTable((deflated) => out.add(Buffer.from(deflated)));
  for await (const block of blocks) {
    onBlock(block);
    await table.take(block);
    await out.drained();
  }
  await table.end();
  return { crc32: table.crc32, bytes: table.bytesIn, deflatedBytes: table.bytesOut };
}

class ZipBytes extends Readable {
  /** All that was added. */
  bytes = 0;
  readonly #sha256 = createHash("sha256");
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.destroy(this.#signal.reason as Error);
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Whoever reads wants more, or nothing any more. */
  #wanted = Promise.withResolvers<undefined>();

  constructor(signal: AbortSignal) {
    super({ highWaterMark: READ_AHEAD_BYTES });
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    // An error without a listener would end the process; whoever reads the zip gets it all the same.
    this.on("error", () => undefined);
    if (signal.aborted) this.#onAbort();
  }

  add(piece: Buffer): Buffer {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    this.bytes += piece.length;
    return piece;
  }

  /** Hands on what was added. @throws Error when nobody takes it any more */
  async drained(): Promise<void> {
    if (this.destroyed) throw this.errored ?? new Error("the zip was closed");
    if (this.#heldBytes < PIECE_BYTES) return;
    const piece = this.#taken();
    this.#sha256.update(piece);
    this.#wanted = Promise.withResolvers();
    if (this.push(piece)) return;
    await this.#wanted.promise;
  }

  /** The last of the files is in it, and all of it is true. */
  end(entries: readonly WrittenEntry[], time: number): void {
    if (this.destroyed) return;
    this.add(directoryAndEnd(entries, time, this.bytes));
    try {
      this.push(sealedEnd(this.#taken(SEAL_BYTES), this.bytes, entries, this.#sha256));
      this.push(null);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _read(): void {
    this.#wanted.resolve(undefined);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#wanted.resolve(undefined);
    done(error);
  }

  /** @param room left free behind it */
  #taken(room = 0): Buffer {
    const piece = Buffer.concat(this.#held, this.#heldBytes + room);
    this.#held = [];
    this.#heldBytes = 0;
    return piece;
  }
}
