/**
 * The last look at a zip before its last bytes leave: its own end must describe the very bytes and
 * files that were written. Then it is sealed (`zip-seal.ts` of the verifier). Source: PKWARE, APPNOTE.TXT, sections 4.3.12 to 4.3.16.
 */
import { createHash, type Hash } from "node:crypto";
import { Transform } from "node:stream";
import { CENTRAL_HEADER, END, IN_ZIP64, ZIP64_END } from "../../verification/zip/zip-records.ts";
import { SEAL_BYTES, sealOf } from "../../verification/zip/zip-seal.ts";

export interface WrittenFile {
  readonly path: string;
  /** Uncompressed. */
  readonly bytes: number;
}

export interface WrittenFiles {
  readonly files: WrittenFile[];
  /** No file follows: what comes from now on is the last of them, or the zip's end. */
  isComplete: boolean;
}

const CENTRAL_HEADER_BYTES = 46;
const ZIP64_END_BYTES = 76;
const END_BYTES = 22;
/** The last of them. */
const COMMENT_LENGTH_BYTES = 2;

/**
 * Lets a zip pass, all but what comes once its files are complete, and so its end, which follows once it agrees with `files`, and its seal as the
 * zip's comment, in the place of none. `readAhead` pieces wait for who reads it.
 * Fails with an Error otherwise: then the zip never ends.
 */
export function holdEnd(written: WrittenFiles, readAhead: number): Transform {
  let held: Buffer[] = [];
  let total = 0;
  const sha256 = createHash("sha256");
  return new Transform({
    // Piece by piece: read as bytes, all that waits would be joined in new memory.
    readableObjectMode: true,
    readableHighWaterMark: readAhead,
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      if (written.isComplete) {
        held.push(chunk);
        done();
        return;
      }
      sha256.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const bytes = held.reduce((sum, { length }) => sum + length, 0);
      const tail = Buffer.concat(held, bytes + SEAL_BYTES);
      held = [];
      try {
        done(null, sealedEnd(tail, total, written.files, sha256));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/**
 * The last bytes of a zip with the seal behind them, in the memory that they came in.
 *
 * @param room from the last of the files on, without a comment; then `SEAL_BYTES` more
 * @param total bytes of the zip so far
 * @param sha256 of the bytes in front of the tail
 * @throws Error unless the end describes these files
 */
export function sealedEnd(
  room: Buffer,
  total: number,
  files: readonly WrittenFile[],
  sha256: Hash,
): Buffer {
  const tail = room.subarray(0, -SEAL_BYTES);
  const problem = problemOfEnd(tail, total, files);
  if (problem !== undefined) throw new Error(`the zip's end is wrong: ${problem}`);
  tail.writeUInt16LE(SEAL_BYTES, tail.length - COMMENT_LENGTH_BYTES);
  room.write(sealOf(sha256.update(tail).digest("hex")), tail.length, "latin1");
  return room;
}

/** What in the end of a zip of `total` bytes disagrees with the files in it. */
export function problemOfEnd(
  tail: Buffer,
  total: number,
  files: readonly WrittenFile[],
): string | undefined {
  const end = tail.length - END_BYTES;
  if (end < 0 || tail.readUInt32LE(end) !== END) return "no end record";
  const directory = directoryAt(tail, end);
  if (directory.count !== files.length) return "another number of entries";
  const at = directory.offset - (total - tail.length);
  if (at < 0 || at + directory.bytes !== directory.end) return "the directory lies elsewhere";
  return problemOfDirectory(tail.subarray(at, directory.end), files);
}

interface Directory {
  readonly count: number;
  readonly bytes: number;
  /** From the start of the zip. */
  readonly offset: number;
  /** Where in the tail it must end. */
  readonly end: number;
}

function directoryAt(tail: Buffer, end: number): Directory {
  const zip64 = end - ZIP64_END_BYTES;
  if (zip64 >= 0 && tail.readUInt32LE(zip64) === ZIP64_END) {
    const number = (at: number): number => Number(tail.readBigUInt64LE(zip64 + at));
    return { count: number(32), bytes: number(40), offset: number(48), end: zip64 };
  }
  return {
    count: tail.readUInt16LE(end + 10),
    bytes: tail.readUInt32LE(end + 12),
    offset: tail.readUInt32LE(end + 16),
    end,
  };
}

function problemOfDirectory(directory: Buffer, files: readonly WrittenFile[]): string | undefined {
  let at = 0;
  for (const { path, bytes } of files) {
    if (directory.length < at + CENTRAL_HEADER_BYTES) return "an entry is missing";
    if (directory.readUInt32LE(at) !== CENTRAL_HEADER) return "an entry is broken";
    const nameEnd = at + CENTRAL_HEADER_BYTES + directory.readUInt16LE(at + 28);
    if (directory.toString("utf8", at + CENTRAL_HEADER_BYTES, nameEnd) !== path) {
      return "an entry has another name";
    }
    // The first value of the zip64 field is the size.
    const size = directory.readUInt32LE(at + 24);
    const written = size === IN_ZIP64 ? directory.readBigUInt64LE(nameEnd + 4) : BigInt(size);
    if (written !== BigInt(bytes)) return `${path} has another size`;
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return at === directory.length ? undefined : "bytes between directory and end";
}
