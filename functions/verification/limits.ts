/** How much of a statement is read, whatever its zip says. What writes one keeps to the same. */
import { FORMAT_FOLDERS, MAX_ACCOUNT_FILES } from "../domain/manifest.ts";

/** More than a manifest of `MAX_MANIFEST_BYTES` has room for, so that this alone is never what a customer has too much of. */
export const MAX_ACCOUNTS = 100_000;
/** Of the zip: every account's files, and some others. */
export const MAX_ENTRIES = 64 + Object.keys(FORMAT_FOLDERS).length * MAX_ACCOUNT_FILES;

/** Deflate can make 1032 bytes of one; lines with numbers and times of their own never come near. */
const MAX_RATIO = 256;
const FREE_BYTES = 64 * 1024 * 1024;

/** Bytes of an entry of which so many deflated ones were read: at each moment, not at its end alone. */
export function mostInflated(deflated: number): number {
  return FREE_BYTES + MAX_RATIO * deflated;
}
