/** What both finders share: how far two places are equal, whether a match pays, and where it is kept. */
import { distanceSymbol, FIRST_LENGTH_SYMBOL, LONGEST_MATCH } from "./block-header";
import {
  DISTANCE_COUNTS,
  LITERAL_COSTS,
  LITERAL_COUNTS,
  LITERALS,
  MATCHES,
  MATCH_LENGTH_SLOTS,
} from "./memory";

/** Where the next match and the next literal go. */
export let matchEnd: usize = MATCHES;
export let literalEnd: usize = LITERALS;
/** The first byte that neither a match nor a kept literal covers. */
export let uncovered: usize = 0;

export function setFound(matches: usize, literals: usize, from: usize): void {
  matchEnd = matches;
  literalEnd = literals;
  uncovered = from;
}

/** How many bytes are equal, from both places on; at most a few more than a match may have. */
export function equalBytes(a: usize, b: usize): u32 {
  let n: u32 = 0;
  do {
    const unequal = i8x16.bitmask(i8x16.ne(v128.load(a + n), v128.load(b + n)));
    if (unequal) return n + ctz(unequal);
    n += 16;
  } while (n < LONGEST_MATCH);
  return n;
}

/** How many bytes before both places are equal, up to eight. */
export function equalBytesBefore(a: usize, b: usize): u32 {
  return u32(clz(load<u64>(a - 8) ^ load<u64>(b - 8))) >> 3;
}

/** Whether a match takes fewer bits than its bytes did in the block before. */
export function pays(p: usize, length: u32, distance: u32): bool {
  if (length > 6) return true;
  const literals = cost(p) + cost(p + 1) + cost(p + 2) + cost(p + 3) + (length - 4) * 5;
  return literals > 9 + (distance < 5 ? 0 : 30 - clz(distance - 1));
}

function cost(p: usize): u32 {
  return load<u8>(LITERAL_COSTS + load<u8>(p));
}

/** Copies up to `end`, and up to 15 bytes more. */
export function keepLiterals(to: usize, from: usize, end: usize): void {
  do {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  } while (from < end);
}

/** Writes and counts a match. */
export function keepMatch(at: usize, literals: u32, length: u32, distance: u32): void {
  store<u64>(at, (u64(literals) << 32) | (u64(length) << 16) | u64(distance - 1));
  const slot = u32(load<u8>(MATCH_LENGTH_SLOTS + length));
  increment(LITERAL_COUNTS + (FIRST_LENGTH_SYMBOL << 2), slot);
  increment(DISTANCE_COUNTS, distanceSymbol(distance - 1));
}

export function increment(table: usize, index: u32): void {
  const at = table + (index << 2);
  store<u32>(at, load<u32>(at) + 1);
}
