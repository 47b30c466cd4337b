/** Prefix codes of limited length, from how often each symbol comes (RFC 1951, 3.2.2). */
import { LENGTH_COUNTS, SORTED, TREE } from "./memory";

const SYMBOL: u32 = 511;
const LONGEST: u32 = 15;

/** Lengths of at most `limit` bits, and the codes that follow from them. */
export function makeCode(
  counts: usize,
  symbols: u32,
  limit: u32,
  lengths: usize,
  codes: usize,
): void {
  memory.fill(lengths, 0, symbols);
  const used = sortByCount(counts, symbols);
  if (used < 2) {
    // One bit for the only symbol, and one for another that never comes: some readers want both.
    const only = used ? load<u32>(SORTED) & SYMBOL : 0;
    store<u8>(lengths + only, 1);
    store<u8>(lengths + (only ? 0 : 1), 1);
  } else {
    countLengths(used, limit);
    dealLengths(limit, lengths);
  }
  codesFromLengths(lengths, symbols, codes);
}

/** The codes of given lengths, in the order of the symbols. */
export function codesFromLengths(lengths: usize, symbols: u32, codes: usize): void {
  memory.fill(LENGTH_COUNTS, 0, (LONGEST + 1) << 2);
  for (let s: u32 = 0; s < symbols; s++) increment(LENGTH_COUNTS, load<u8>(lengths + s));
  store<u32>(LENGTH_COUNTS, 0);
  // From here on the next code of each length.
  let code: u32 = 0;
  for (let n: u32 = 1; n <= LONGEST; n++) {
    const count = load<u32>(LENGTH_COUNTS + (n << 2));
    store<u32>(LENGTH_COUNTS + (n << 2), code);
    code = (code + count) << 1;
  }
  for (let s: u32 = 0; s < symbols; s++) {
    const n = u32(load<u8>(lengths + s));
    const next = LENGTH_COUNTS + (n << 2);
    store<u32>(codes + (s << 2), n ? reversed(load<u32>(next), n) | (n << 16) : 0);
    if (n) store<u32>(next, load<u32>(next) + 1);
  }
}

/** Codes are packed from their first bit on, everything else from its lowest. */
export function reversed(code: u32, length: u32): u32 {
  let bits = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  bits = ((bits & 0x3333) << 2) | ((bits >> 2) & 0x3333);
  bits = ((bits & 0x0f0f) << 4) | ((bits >> 4) & 0x0f0f);
  bits = ((bits & 0x00ff) << 8) | (bits >> 8);
  return (bits & 0xffff) >> (16 - length);
}

function increment(table: usize, index: u32): void {
  const at = table + (index << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Those that come at all, the rarest first; equally often, by their number. Answers how many. */
function sortByCount(counts: usize, symbols: u32): u32 {
  let used: u32 = 0;
  for (let s: u32 = 0; s < symbols; s++) {
    const count = load<u32>(counts + (s << 2));
    if (count) store<u32>(SORTED + (used++ << 2), (count << 9) | s);
  }
  // Shell's sort, Ciura's gaps.
  sortByGap(57, used);
  sortByGap(23, used);
  sortByGap(10, used);
  sortByGap(4, used);
  sortByGap(1, used);
  return used;
}

function sortByGap(gap: u32, used: u32): void {
  const step = gap << 2;
  for (let i = gap; i < used; i++) {
    let at = SORTED + (i << 2);
    const value = load<u32>(at);
    while (at >= SORTED + step && load<u32>(at - step) > value) {
      store<u32>(at, load<u32>(at - step));
      at -= step;
    }
    store<u32>(at, value);
  }
}

/**
 * How many symbols get how many bits: Huffman's tree in place, after Moffat and Katajainen, "In-place
 * calculation of minimum-redundancy codes" (1995).
 */
function countLengths(used: u32, limit: u32): void {
  joinPairs(used);
  memory.fill(LENGTH_COUNTS, 0, (LONGEST + 1) << 2);
  // TREE has the depths of the inner nodes, the root last; what is no inner node is a leaf.
  let inner = i32(used) - 2;
  let nodes: u32 = 1;
  let left = used;
  for (let depth: u32 = 0; left > 0; depth++) {
    let innerHere: u32 = 0;
    while (inner >= 0 && load<u32>(TREE + (inner << 2)) == depth) {
      innerHere++;
      inner--;
    }
    const leaves = min(nodes - innerHere, left);
    const at = LENGTH_COUNTS + (min(depth, limit) << 2);
    store<u32>(at, load<u32>(at) + leaves);
    left -= leaves;
    nodes = innerHere << 1;
  }
  shortenTo(limit);
}

/** Leaves in TREE the depth of each inner node. */
function joinPairs(used: u32): void {
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let next: u32 = 0; next < used - 1; next++) {
    let sum: u32 = 0;
    for (let child: u32 = 0; child < 2; child++) {
      const leafCount = load<u32>(SORTED + (leaf << 2)) >> 9;
      if (leaf < used && (root >= next || leafCount <= load<u32>(TREE + (root << 2)))) {
        sum += leafCount;
        leaf++;
      } else {
        sum += load<u32>(TREE + (root << 2));
        store<u32>(TREE + (root << 2), next);
        root++;
      }
    }
    store<u32>(TREE + (next << 2), sum);
  }
  store<u32>(TREE + ((used - 2) << 2), 0);
  for (let i = i32(used) - 3; i >= 0; i--) {
    const parent = load<u32>(TREE + (i << 2));
    store<u32>(TREE + (i << 2), load<u32>(TREE + (parent << 2)) + 1);
  }
}

/** Cut depths make Kraft's sum too large: leaves move down until it is 1 again. */
function shortenTo(limit: u32): void {
  const one: u32 = 1 << limit;
  let sum: u32 = 0;
  for (let n: u32 = 1; n <= limit; n++) {
    sum += load<u32>(LENGTH_COUNTS + (n << 2)) << (limit - n);
  }
  const longest = LENGTH_COUNTS + (limit << 2);
  for (; sum > one; sum--) {
    let at = longest - 4;
    while (load<u32>(at) == 0) at -= 4;
    store<u32>(at, load<u32>(at) - 1);
    store<u32>(at + 4, load<u32>(at + 4) + 2);
    store<u32>(longest, load<u32>(longest) - 1);
  }
}

/** The rarest symbols get the longest codes. */
function dealLengths(limit: u32, lengths: usize): void {
  let at = SORTED;
  for (let n = limit; n > 0; n--) {
    for (let left = load<u32>(LENGTH_COUNTS + (n << 2)); left > 0; left--) {
      store<u8>(lengths + (load<u32>(at) & SYMBOL), n);
      at += 4;
    }
  }
}
