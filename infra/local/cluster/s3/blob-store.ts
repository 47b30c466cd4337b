import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** A file of bytes; what it belongs to is written elsewhere, once it is whole. */
export interface StoredBlob {
  readonly id: string;
  readonly size: number;
}

export type BlobStore = Awaited<ReturnType<typeof openBlobStore>>;

export async function openBlobStore(folder: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (id: string): string => join(folder, id);

  /** Keeps the bytes of the source, or nothing at all when it fails. Returns the blob's id. */
  async function write(source: AsyncIterable<Buffer>): Promise<string> {
    const id = randomUUID();
    try {
      await pipeline(source, createWriteStream(pathOf(id), { flags: "wx", mode: 0o600 }));
      return id;
    } catch (error) {
      await rm(pathOf(id), { force: true });
      throw error;
    }
  }

  /** The bytes `first` to `last`, both inclusive, of the blobs one after another. */
  async function* read(
    blobs: readonly StoredBlob[],
    first: number,
    last: number,
  ): AsyncGenerator<Buffer, void> {
    let offset = 0;
    for (const { id, size } of blobs) {
      const start = Math.max(first - offset, 0);
      const end = Math.min(last - offset, size - 1);
      if (start <= end)
        yield* createReadStream(pathOf(id), { start, end }) as AsyncIterable<Buffer>;
      offset += size;
    }
  }

  async function remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) await rm(pathOf(id), { force: true });
  }

  /** Removes what a kill left: blobs nothing refers to. */
  async function sweep(used: ReadonlySet<string>): Promise<void> {
    await remove((await readdir(folder)).filter((id) => !used.has(id)));
  }

  return { write, read, remove, sweep };
}
