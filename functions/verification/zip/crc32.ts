/**
 * CRC-32 as zips have it (ISO 3309, polynomial 0xEDB88320 reflected). Node's own where there is
 * one; elsewhere, as in a browser, the table's.
 */

/** `crc32(b, crc32(a))` is the checksum of a and b together. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return NODE_CRC32 ? NODE_CRC32(bytes, before) : portableCrc32(bytes, before);
}

// Browsers have no `process`, and older runtimes no `getBuiltinModule`.
const { process } = globalThis as { process?: Partial<Pick<NodeJS.Process, "getBuiltinModule">> };
const NODE_CRC32 = process?.getBuiltinModule?.("node:zlib").crc32;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

export function portableCrc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
