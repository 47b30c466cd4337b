/**
 * SHA-256 over a stream. The Web's own crypto can only hash what is whole in memory, so where Node's
 * is missing (a browser) a library hashes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

export interface Hash {
  update(bytes: Uint8Array): void;
  /** Of the bytes so far, to go on by itself. */
  copy(): Hash;
  /** Lower-case hex; the last call. */
  digest(): string;
}

export function makeSha256(): Hash {
  // Browsers have no `process`, and older runtimes no `getBuiltinModule`.
  const { process } = globalThis as { process?: Partial<Pick<NodeJS.Process, "getBuiltinModule">> };
  const crypto = process?.getBuiltinModule?.("node:crypto");
  return crypto ? nodeHash(crypto.createHash("sha256")) : makePortableSha256();
}

/** As much of Node's as is used here: where there is no Node, there are no types of it either. */
interface NodeHash {
  update(bytes: Uint8Array): unknown;
  copy(): NodeHash;
  digest(form: "hex"): string;
}

function nodeHash(hash: NodeHash): Hash {
  return {
    update: (bytes) => void hash.update(bytes),
    copy: () => nodeHash(hash.copy()),
    digest: () => hash.digest("hex"),
  };
}

export function makePortableSha256(): Hash {
  return portableHash(sha256.create());
}

function portableHash(hash: ReturnType<typeof sha256.create>): Hash {
  return {
    update: (bytes) => void hash.update(bytes),
    copy: () => portableHash(hash.clone()),
    digest: () => bytesToHex(hash.digest()),
  };
}
