/** Zips as another tool would write them: sizes in front of the data, no data descriptors. */
import { crc32, deflateRawSync } from "node:zlib";

export type ZipFile = readonly [name: string, content: Uint8Array | string];

export interface ZipWriterOptions {
  /** 0 stored, 8 deflated; another one is written as it is told, over stored data. */
  readonly method?: number;
  readonly comment?: string;
}

/** Source: PKWARE, APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipFiles(
  files: readonly ZipFile[],
  { method = 8, comment = "" }: ZipWriterOptions = {},
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
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(0x21_0000, 6);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([20, 3]);
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
