/** Zips as another tool would write them: sizes in front of the data, no data descriptors. */
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";

export type ZipFile = readonly [name: string, content: Uint8Array | string];

export interface ZipWriterOptions {
  /** 0 stored, 8 deflated; another one is written as it is told, over stored data. */
  readonly method?: number;
  readonly comment?: string;
  /** As the builder writes a zip: with its seal, and with entries of this time and of its rights. */
  readonly sealed?: number;
}

/** 0100644 in the upper half, and MS-DOS's "archive". */
const RIGHTS = 0x81a4_0020;

/** Source: PKWARE, APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipFiles(
  files: readonly ZipFile[],
  { method = 8, comment = "", sealed }: ZipWriterOptions = {},
): Buffer {
  if (sealed !== undefined) return sealedFiles(files, sealed);
  return written(files, { method, comment, time: 0x21_0000, isOfBuilder: false });
}

function sealedFiles(files: readonly ZipFile[], epochMs: number): Buffer {
  const zip = written(files, {
    method: 8,
    comment: "-".repeat("sha256:".length + 64),
    time: dosTime(new Date(epochMs)),
    isOfBuilder: true,
  });
  const before = zip.subarray(0, zip.lastIndexOf("PK\x05\x06") + 22);
  const hash = createHash("sha256").update(before).digest("hex");
  return Buffer.concat([before, Buffer.from(`sha256:${hash}`)]);
}

function dosTime(at: Date): number {
  const date = (at.getUTCFullYear() - 1980) * 512 + (at.getUTCMonth() + 1) * 32 + at.getUTCDate();
  const time = at.getUTCHours() * 2048 + at.getUTCMinutes() * 32 + (at.getUTCSeconds() >> 1);
  return date * 65_536 + time;
}

interface Written {
  readonly method: number;
  readonly comment: string;
  readonly time: number;
  readonly isOfBuilder: boolean;
}

function written(
  files: readonly ZipFile[],
  { method, comment, time, isOfBuilder }: Written,
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of files) {
    const name = Buffer.from(path);
    const plain = Buffer.from(content);
    const data = method === 8 ? deflateRawSync(plain) : plain;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    if (isOfBuilder) common.writeUInt16LE(8, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(time, 6);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(name.length, 22);
    const descriptor = Buffer.alloc(isOfBuilder ? 16 : 0);
    if (isOfBuilder) {
      descriptor.write("PK\x07\x08");
      common.copy(descriptor, 4, 10, 22);
    }
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, data, descriptor]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    if (isOfBuilder) rest.writeUInt32LE(RIGHTS, 6);
    const madeBy = Buffer.from([isOfBuilder ? 45 : 20, 3]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, common, rest, name]));
    parts.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([
    ...parts,
    ...directory,
    Buffer.from("PK\x05\x06"),
    end,
    Buffer.from(comment),
  ]);
}
