/**
 * Where a match may begin, and which separator stands above which: 64 bytes at a time, before the
 * finder walks over them.
 */
import { ABOVE, INPUT, LOOK, SEPARATORS, WINDOW } from "./memory";

const COMMA: u8 = 0x2c;
const LINE_FEED: u8 = 0x0a;

/** Bit i: whether byte i of the 64 bytes before was a digit. */
let digitsBefore: u64 = 0;
/** In SEPARATORS: behind the last one, the first of the row they are in, and the one above the next. */
let listEnd: usize = SEPARATORS;
let row: usize = SEPARATORS;
let above: usize = SEPARATORS;
/** The first separator of this input. */
export let firstSeparator: usize = SEPARATORS;

export function forgetLandmarks(): void {
  digitsBefore = 0;
  listEnd = row = above = firstSeparator = SEPARATORS;
}

/**
 * A number is literal: one looks where no number goes on, and not at a letter right behind a digit.
 * What meets by chance in numbers are matches of four digits, which cost more bits than the digits do.
 * Of sixteen digits and more in a row each is looked at, or a long run of zeros would stay one.
 */
export function findLandmarks(bytes: u32): void {
  const end = INPUT + bytes;
  let look = LOOK;
  firstSeparator = listEnd;
  for (let p = INPUT; p < end; p += 64, look += 8) {
    let digits: u64 = 0;
    let letters: u64 = 0;
    let separators: u64 = 0;
    for (let k: usize = 0; k < 64; k += 16) {
      const v = v128.load(p + k);
      const digit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10));
      const separator = v128.or(
        i8x16.eq(v, i8x16.splat(COMMA)),
        i8x16.eq(v, i8x16.splat(LINE_FEED)),
      );
      digits |= u64(i8x16.bitmask(digit)) << u64(k);
      separators |= u64(i8x16.bitmask(separator)) << u64(k);
      letters |= u64(i8x16.bitmask(i8x16.gt_s(v, i8x16.splat(0x40)))) << u64(k);
    }
    const behindDigit = (digits << 1) | (digitsBefore >> 63);
    store<u64>(look, (~digits & ~(letters & behindDigit)) | endsOfSixteen(digits, digitsBefore));
    digitsBefore = digits;
    listSeparators(separators, p);
  }
  store<u64>(look, ~0);
  store<u64>(look, ~0, 8);
  store<u32>(listEnd, 0xffffffff);
  pairSeparators();
}

/** The bits of those that are the sixteenth in a row, or later. */
function endsOfSixteen(now: u64, before: u64): u64 {
  const two = now & ((now << 1) | (before >> 63));
  const twoBefore = before & (before << 1);
  const four = two & ((two << 2) | (twoBefore >> 62));
  const fourBefore = twoBefore & (twoBefore << 2);
  const eight = four & ((four << 4) | (fourBefore >> 60));
  const eightBefore = fourBefore & (fourBefore << 4);
  return eight & ((eight << 8) | (eightBefore >> 56));
}

function listSeparators(separators: u64, p: usize): void {
  let at = listEnd;
  listEnd += usize(popcnt(separators)) << 2;
  // Four at a time, whether there are four or not: fewer branches that nobody can foresee.
  while (at < listEnd) {
    store<u32>(at, u32(p + usize(ctz(separators))));
    separators &= separators - 1;
    store<u32>(at, u32(p + usize(ctz(separators))), 4);
    separators &= separators - 1;
    store<u32>(at, u32(p + usize(ctz(separators))), 8);
    separators &= separators - 1;
    store<u32>(at, u32(p + usize(ctz(separators))), 12);
    separators &= separators - 1;
    at += 16;
  }
}

/** To each the one with the same number in the row before. */
function pairSeparators(): void {
  let up = above;
  let first = row;
  for (let at = firstSeparator; at < listEnd; at += 4) {
    store<u32>(at, load<u32>(up), ABOVE - SEPARATORS);
    const endsRow = load<u8>(usize(load<u32>(at))) == LINE_FEED;
    up = endsRow ? first : up + 4;
    first = endsRow ? at + 4 : first;
  }
  above = up;
  row = first;
}

/** The input moves down by `bytes`, and with it what is still to be found in the window. */
export function carryLandmarks(bytes: u32): void {
  let from = min(above, row);
  while (from < listEnd && load<u32>(from) < u32(WINDOW) + bytes) from += 4;
  const count = listEnd - from;
  for (let i: usize = 0; i < count; i += 4) {
    store<u32>(SEPARATORS + i, load<u32>(from + i) - bytes);
  }
  above = SEPARATORS + (max(above, from) - from);
  row = SEPARATORS + (max(row, from) - from);
  listEnd = SEPARATORS + count;
}
