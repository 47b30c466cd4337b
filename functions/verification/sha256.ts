/**
 * SHA-256 over a stream. The Web's own crypto can only hash what is whole in memory, so where Node's
 * is missing (a browser) a library hashes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

export interface Hash {
  update(bytes: Uint8Array): void;
  /** Lower-case hex; the last call. */
  digest(): string;
}

export function makeSha256(): Hash {
  // Browsers have no `process`, and older runtimes no `getBuiltinModule`.
  const { process } = globalThis as { process?: Partial<Pick<NodeJS.Process, "getBuiltinModule">> };
  const crypto = process?.getBuiltinModule?.("node:crypto");
  if (!crypto) return makePortableSha256();
  const hash = crypto.createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest("hex"),
  };
}

export function makePortableSha256(): Hash {
  const hash = sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => bytesToHex(hash.digest()),
  };
}
