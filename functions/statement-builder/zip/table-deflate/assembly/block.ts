/** One deflate block of what was found in the input: dynamic, fixed or stored, whichever is smallest. */
import {
  DISTANCE_SYMBOLS,
  distanceExtraBits,
  distanceSymbol,
  END_OF_BLOCK,
  fixedBits,
  joinLengthCodes,
  LITERAL_SYMBOLS,
  planDynamic,
  putDynamicHeader,
  putFixedHeader,
} from "./block-header";
import { end as outputEnd, pending, pendingBits, put, putToByteBoundary, setBits } from "./bits";
import { increment, keepLiterals, literalEnd, matchEnd, setFound, uncovered } from "./matches";
import {
  DISTANCE_CODES,
  DISTANCE_COUNTS,
  INPUT,
  LITERAL_CODES,
  LITERAL_COSTS,
  LITERAL_COUNTS,
  LITERAL_LENGTHS,
  LITERALS,
  MATCHES,
  MATCH_LENGTH_CODES,
  QUARTER_COUNTS,
} from "./memory";

const STORED_BYTES: u32 = 65535;
/** What a literal that the block before did not have is taken to cost. */
const UNSEEN_COST: u8 = 10;

export function beginBlock(): void {
  memory.fill(LITERAL_COUNTS, 0, LITERAL_SYMBOLS << 2);
  memory.fill(DISTANCE_COUNTS, 0, DISTANCE_SYMBOLS << 2);
  setFound(MATCHES, LITERALS, INPUT);
}

export function putBlock(bytes: u32, last: bool, asStored: bool): void {
  keepLiterals(literalEnd, uncovered, INPUT + bytes);
  setFound(matchEnd, literalEnd + (INPUT + bytes - uncovered), INPUT + bytes);
  countLiterals();
  increment(LITERAL_COUNTS, END_OF_BLOCK);
  const dynamic = planDynamic();
  const fixed = fixedBits();
  const stored = (bytes + 5 * (bytes / STORED_BYTES + 1)) << 3;
  if (asStored || stored < min(dynamic, fixed)) {
    putStored(bytes, last);
    return;
  }
  if (fixed < dynamic) putFixedHeader(last);
  else putDynamicHeader(last);
  joinLengthCodes();
  keepCosts();
  putSymbols();
}

function countLiterals(): void {
  memory.fill(QUARTER_COUNTS, 0, 4096);
  const fours = LITERALS + ((literalEnd - LITERALS) & ~3);
  for (let p = LITERALS; p < fours; p += 4) {
    const four = load<u32>(p);
    increment(QUARTER_COUNTS, four & 0xff);
    increment(QUARTER_COUNTS + 1024, (four >> 8) & 0xff);
    increment(QUARTER_COUNTS + 2048, (four >> 16) & 0xff);
    increment(QUARTER_COUNTS + 3072, four >> 24);
  }
  for (let p = fours; p < literalEnd; p++) increment(QUARTER_COUNTS, load<u8>(p));
  for (let at: usize = 0; at < 1024; at += 16) {
    const first = v128.load(QUARTER_COUNTS + at);
    const second = v128.load(QUARTER_COUNTS + 1024 + at);
    const third = v128.load(QUARTER_COUNTS + 2048 + at);
    const fourth = v128.load(QUARTER_COUNTS + 3072 + at);
    const sum = i32x4.add(i32x4.add(first, second), i32x4.add(third, fourth));
    v128.store(LITERAL_COUNTS + at, sum);
  }
}

/** What short matches are weighed against: the first guess, before there was a block. */
export function guessCosts(): void {
  for (let b: u32 = 0; b < 256; b++) store<u8>(LITERAL_COSTS + b, isDigit(b) ? 4 : 7);
}

function keepCosts(): void {
  for (let b: u32 = 0; b < 256; b++) {
    const length = load<u8>(LITERAL_LENGTHS + b);
    store<u8>(LITERAL_COSTS + b, length ? length : UNSEEN_COST);
  }
}

/** How many bytes of the block were literals other than digits. */
export function wordLiterals(): u32 {
  let count: u32 = 0;
  for (let b: u32 = 0; b < 256; b++) if (!isDigit(b)) count += load<u32>(LITERAL_COUNTS + (b << 2));
  return count;
}

function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

function putStored(bytes: u32, last: bool): void {
  let from = INPUT;
  let left = bytes;
  do {
    const length = min(left, STORED_BYTES);
    left -= length;
    put(last && left == 0 ? 1 : 0, 3);
    putToByteBoundary();
    put(u64(length) | (u64(~length & 0xffff) << 16), 32);
    memory.copy(outputEnd, from, length);
    setBits(0, 0, outputEnd + length);
    from += length;
  } while (left > 0);
}

function putSymbols(): void {
  let bits = pending;
  let count = pendingBits;
  let to = outputEnd;
  let p = LITERALS;
  for (let at = MATCHES; at < matchEnd; at += 8) {
    const match = load<u64>(at);
    // Four literals at a time, and of the last four only the bits of those that are there.
    let run = i32(match >> 32);
    do {
      const a = load<u32>(LITERAL_CODES + (usize(load<u8>(p)) << 2));
      const b = load<u32>(LITERAL_CODES + (usize(load<u8>(p, 1)) << 2));
      const c = load<u32>(LITERAL_CODES + (usize(load<u8>(p, 2)) << 2));
      const d = load<u32>(LITERAL_CODES + (usize(load<u8>(p, 3)) << 2));
      const one = u64(a >> 16);
      const two = one + u64(b >> 16);
      const third = u64(c >> 16);
      const three = two + third;
      const four = three + u64(d >> 16);
      const firstTwo = u64(a & 0xffff) | (u64(b & 0xffff) << one);
      const lastTwo = u64(c & 0xffff) | (u64(d & 0xffff) << third);
      // A byte each for none, one, two, three, and four or more.
      const sums = (one << 8) | (two << 16) | (three << 24) | (four * 0x0101010100000000);
      const taken = (sums >> u64(((run & 3) | (i32(run > 3) << 2)) << 3)) & 0xff;
      bits |= ((firstTwo | (lastTwo << two)) & ((u64(1) << taken) - 1)) << count;
      count += taken;
      store<u64>(to, bits);
      to += usize(count >> 3);
      bits >>= count & ~7;
      count &= 7;
      p += run > 3 ? 4 : run;
      run -= 4;
    } while (run > 0);
    const length = load<u32>(MATCH_LENGTH_CODES + (usize((match >> 16) & 0xffff) << 2));
    bits |= u64(length & 0xffffff) << count;
    count += u64(length >> 24);
    const distance = u32(match) & 0xffff;
    const symbol = distanceSymbol(distance);
    const code = load<u32>(DISTANCE_CODES + (symbol << 2));
    bits |= u64(code & 0xffff) << count;
    count += u64(code >> 16);
    const extra = distanceExtraBits(symbol);
    bits |= u64(distance & ((1 << extra) - 1)) << count;
    count += u64(extra);
    store<u64>(to, bits);
    to += usize(count >> 3);
    bits >>= count & ~7;
    count &= 7;
  }
  setBits(bits, count, to);
  for (; p < literalEnd; p++) {
    const code = load<u32>(LITERAL_CODES + (usize(load<u8>(p)) << 2));
    put(code & 0xffff, code >> 16);
  }
  const code = load<u32>(LITERAL_CODES + (END_OF_BLOCK << 2));
  put(code & 0xffff, code >> 16);
}
