/** The bits on their way out, first bit lowest (RFC 1951, 3.1.1). They stay between calls. */
import { OUTPUT } from "./memory";

/** Bits that do not fill a byte yet. */
export let pending: u64 = 0;
export let pendingBits: u64 = 0;
/** Where the next byte goes. */
export let end: usize = OUTPUT;

export function setBits(bits: u64, count: u64, at: usize): void {
  pending = bits;
  pendingBits = count;
  end = at;
}

/** Up to 56 bits. */
export function put(bits: u64, count: u64): void {
  pending |= bits << pendingBits;
  pendingBits += count;
  store<u64>(end, pending);
  end += usize(pendingBits >> 3);
  pending >>= pendingBits & ~7;
  pendingBits &= 7;
}

export function putToByteBoundary(): void {
  if (pendingBits) put(0, 8 - pendingBits);
}
