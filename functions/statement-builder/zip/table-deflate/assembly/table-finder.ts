/** Matches in a table. Its two candidates: the same column of the row before, and the last place of the same six bytes. */
import { LONGEST_MATCH } from "./block-header";
import { firstSeparator } from "./landmarks";
import {
  equalBytes,
  equalBytesBefore,
  keepLiterals,
  keepMatch,
  literalEnd,
  matchEnd,
  pays,
  setFound,
  uncovered,
} from "./matches";
import { ABOVE, INPUT, LOOK, SEPARATORS, SIX_BYTES_SEEN, WINDOW_BYTES } from "./memory";

const SIX_BYTES_BITS: u64 = 13;

/** Offset in SIX_BYTES_SEEN. */
export function hashOfSix(bytes: u64): usize {
  return usize(((bytes << 16) * 0x9e3779b97f4a7c15) >> (64 - SIX_BYTES_BITS)) << 2;
}

/** The next place where a match may begin: `p` itself, or a later one. */
export function nextLook(p: usize): usize {
  let word = load<u64>(LOOK - (INPUT >> 3) + (p >> 3)) >> u64(p & 7);
  while (!word) {
    p = (p + 56) & ~7;
    word = load<u64>(LOOK - (INPUT >> 3) + (p >> 3));
  }
  return p + usize(ctz(word));
}

/**
 * `origin` is the position in the stream of address 0, which is what the table of hashes speaks of;
 * `floor` the lowest address that a match may point at.
 */
export function findInTable(end: usize, origin: u32, floor: usize): void {
  let separator = firstSeparator;
  let match = matchEnd;
  let literal = literalEnd;
  let from = uncovered;
  let p = nextLook(from);
  while (p < end) {
    const bytes = load<u64>(p);
    const seen = SIX_BYTES_SEEN + hashOfSix(bytes);
    const position = u32(p) + origin;
    const distance = position - load<u32>(seen);
    store<u32>(seen, position);
    const before = p - distance;
    const known = distance - 1 < WINDOW_BYTES && load<u32>(before) == u32(bytes);
    let length: u32 = 0;
    let source: usize = before;
    const byte = u32(bytes) & 0xff;
    if (byte == 0x2c || byte == 0x0a) {
      while (usize(load<u32>(separator)) < p) separator += 4;
      source = usize(load<u32>(separator, ABOVE - SEPARATORS));
      const unequal = i8x16.bitmask(i8x16.ne(v128.load(p), v128.load(source)));
      length = p - source - 1 < WINDOW_BYTES ? ctz(unequal | 0x10000) : 0;
      if (length < 7) {
        if (length < 4 || !pays(p, length, u32(p - source))) length = 0;
        if (known) {
          const other = equalBytes(p, before);
          if (other > length + 1 && pays(p, other, distance)) {
            length = other;
            source = before;
          }
        }
      } else if (length == 16) length = 16 + equalBytes(p + 16, source + 16);
    } else if (known) {
      length = equalBytes(p, before);
      if (!pays(p, length, distance)) length = 0;
    }
    if (length >= 3) {
      const back = min(min(equalBytesBefore(p, source), u32(p - from)), u32(source - floor));
      const start = p - back;
      length = min(min(length + back, LONGEST_MATCH), u32(end - start));
      if (length >= 3) {
        keepLiterals(literal, from, start);
        literal += start - from;
        keepMatch(match, u32(start - from), length, u32(p - source));
        match += 8;
        from = start + length;
        p = nextLook(from);
        continue;
      }
    }
    p = nextLook(p + 1);
  }
  setFound(match, literal, from);
}
