/**
 * The parts of a body for lib-storage, cut here: it would copy each part into 5 MiB of new memory, and all of a
 * large statement waits for the garbage collector then. The one place that leans on lib-storage's inside.
 */
import { Upload, type Options } from "@aws-sdk/lib-storage";
import { Readable } from "node:stream";
import { BlockPool, giveBack } from "../memory/lent-block.ts";
import { RunningDigest } from "./body-digest.ts";

/** What lib-storage makes of a body. */
export interface BodyPart {
  readonly partNumber: number;
  readonly data: Buffer;
  readonly lastPart?: true;
}

/** Of `Upload`: several of these send the parts of one body at a time, each the next one. */
interface Uploading {
  __doConcurrentUpload(parts: AsyncIterable<BodyPart>): Promise<void>;
}

/** @throws Error for a lib-storage that is not as known here; to be asked at the start. */
export function requireKnownUpload(): void {
  uploadingOf(Upload.prototype);
}

function uploadingOf(upload: object): Uploading {
  const { __doConcurrentUpload: send } = upload as Partial<Uploading>;
  if (typeof send === "function") return upload as Uploading;
  throw new Error(
    "lib-storage has an upload without __doConcurrentUpload: this release only knows the version of its lock file",
  );
}

/** An upload of these parts, two at least. */
export function makeUpload(
  { params, ...options }: Options,
  parts: AsyncIterable<BodyPart>,
): Upload {
  const upload = new Upload({ ...options, params: { ...params, Body: Readable.from([]) } });
  const uploading = uploadingOf(upload);
  const send = uploading.__doConcurrentUpload.bind(upload);
  uploading.__doConcurrentUpload = async () => await send(parts);
  return upload;
}

export interface PartDigest {
  readonly crc32: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** By the bytes of a part, which are all that lib-storage hands on of it. */
const digests = new WeakMap<Buffer, PartDigest>();

/** Of a part that was cut here; all at once it would keep everybody waiting. */
export function digestOf(data: Buffer): PartDigest {
  const digest = digests.get(data);
  if (!digest) throw new Error("a part is sent that was not cut here");
  return digest;
}

/** What a large statement at a time needs: two that are sent, and one that is filled. */
const SPARE_PARTS = 3;
/**
 * By the size of a part: the next statement is cut in the same memory. A part that somebody gave back too early
 * would be sent with other bytes than those of its hash, and be refused.
 */
const pools = new Map<number, BlockPool>();

function poolOf(partBytes: number): BlockPool {
  const pool = pools.get(partBytes) ?? new BlockPool(partBytes, partBytes, SPARE_PARTS);
  pools.set(partBytes, pool);
  return pool;
}

/** Up to here a body is held in its pieces: most statements are no larger, and need no room of a part. */
const HELD_BYTES = 128 * 1024;

/**
 * Parts of `partBytes` each, but for the last one, from pieces that are given back once they are copied.
 * A part is lent: whoever has sent it gives it back.
 */
export async function* partsOf(
  pieces: AsyncIterable<Buffer>,
  partBytes: number,
): AsyncGenerator<BodyPart, undefined> {
  const pool = poolOf(partBytes);
  let room: Buffer | undefined;
  let filled = new RunningDigest();
  let partNumber = 1;
  function lent(memory: Buffer): Buffer {
    const data = pool.lend(memory, filled.bytes).handOn();
    digests.set(data, { crc32: filled.crc32, sha256: filled.sha256().toString("hex") });
    return data;
  }
  function* copied(piece: Buffer): Generator<BodyPart> {
    for (let from = 0; from < piece.length;) {
      if (room && filled.bytes === partBytes) {
        yield { partNumber, data: lent(room) };
        partNumber += 1;
        filled = new RunningDigest();
        room = undefined;
      }
      room ??= pool.room(partBytes);
      const taken = piece.copy(room, filled.bytes, from);
      filled.add(room.subarray(filled.bytes, filled.bytes + taken));
      from += taken;
    }
    giveBack(piece);
  }
  let held: Buffer[] | undefined = [];
  let heldBytes = 0;
  for await (const piece of pieces) {
    held?.push(piece);
    heldBytes += piece.length;
    if (held && heldBytes <= Math.min(HELD_BYTES, partBytes)) continue;
    for (const one of held ?? [piece]) yield* copied(one);
    held = undefined;
  }
  const data = room ? lent(room) : joined(held ?? []);
  yield { partNumber, data, lastPart: true };
}

/** One piece stays where it is; several are given back. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  if (first && pieces.length === 1) return first;
  const all = Buffer.concat(pieces);
  for (const piece of pieces) giveBack(piece);
  return all;
}
