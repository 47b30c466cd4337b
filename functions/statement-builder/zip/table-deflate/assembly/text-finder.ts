/**
 * Matches in running text, where words repeat rather than columns: four bytes are a candidate too, and the
 * second place of a match can be found again.
 */
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
import { ABOVE, FOUR_BYTES_SEEN, SEPARATORS, SIX_BYTES_SEEN, WINDOW_BYTES } from "./memory";
import { hashOfSix, nextLook } from "./table-finder";

const FOUR_BYTES_BITS: u32 = 14;

/** Offset in FOUR_BYTES_SEEN. */
function hashOfFour(bytes: u32): usize {
  return usize((bytes * 0x9e3779b1) >> (32 - FOUR_BYTES_BITS)) << 2;
}

/** As `findInTable`. */
export function findInText(end: usize, origin: u32, floor: usize): void {
  let separator = firstSeparator;
  let match = matchEnd;
  let literal = literalEnd;
  let from = uncovered;
  let p = nextLook(from);
  while (p < end) {
    const bytes = load<u64>(p);
    const first = u32(bytes);
    let position = u32(p) + origin;
    const sixSeen = SIX_BYTES_SEEN + hashOfSix(bytes);
    const fourSeen = FOUR_BYTES_SEEN + hashOfFour(first);
    const six = position - load<u32>(sixSeen);
    const four = position - load<u32>(fourSeen);
    store<u32>(sixSeen, position);
    store<u32>(fourSeen, position);
    let length: u32 = 0;
    let distance: u32 = 0;
    if ((first & 0xff) == 0x2c || (first & 0xff) == 0x0a) {
      while (usize(load<u32>(separator)) < p) separator += 4;
      distance = u32(p) - load<u32>(separator, ABOVE - SEPARATORS);
      if (distance - 1 < WINDOW_BYTES && load<u32>(p - distance) == first) {
        length = equalBytes(p, p - distance);
        if (!pays(p, length, distance)) length = 0;
      }
    }
    if (length < 8 && six - 1 < WINDOW_BYTES && load<u32>(p - six) == first) {
      const other = equalBytes(p, p - six);
      if (other > length + 1 && pays(p, other, six)) {
        length = other;
        distance = six;
      }
    }
    if (length < 6 && four - 1 < WINDOW_BYTES && load<u32>(p - four) == first) {
      const other = equalBytes(p, p - four);
      if (other > length && pays(p, other, four)) {
        length = other;
        distance = four;
      }
    }
    if (length >= 3) {
      const source = p - distance;
      const back = min(min(equalBytesBefore(p, source), u32(p - from)), u32(source - floor));
      const start = p - back;
      length = min(min(length + back, LONGEST_MATCH), u32(end - start));
      if (length >= 3) {
        keepLiterals(literal, from, start);
        literal += start - from;
        keepMatch(match, u32(start - from), length, distance);
        match += 8;
        from = start + length;
        p = nextLook(p + 1);
        if (p < from) {
          const inside = load<u64>(p);
          position = u32(p) + origin;
          store<u32>(SIX_BYTES_SEEN + hashOfSix(inside), position);
          store<u32>(FOUR_BYTES_SEEN + hashOfFour(u32(inside)), position);
          p = nextLook(from);
        }
        continue;
      }
    }
    p = nextLook(p + 1);
  }
  setFound(match, literal, from);
}
