/** Regular amounts: what a decimal column sends, at the scale of its currency or with zeros behind. */
import { putRaw } from "./fields";

const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const COMMA: u8 = 0x2c;
/** So many digits fit into 63 bits. */
const MOST_DIGITS: u32 = 18;

/** Of the amount read last: minor units, and how many of its bytes are written. */
export let minorUnits: i64 = 0;
export let writtenBytes: u32 = 0;

/**
 * False for what is left to the plain line: another shape, more digits, leading zeros, a sign before
 * nothing, or anything but zeros beyond the scale.
 */
export function readAmount(from: usize, length: u32, scale: u32): bool {
  const end = from + length;
  const negative = length > 0 && load<u8>(from) == MINUS;
  const first = from + u32(negative);
  let point = first;
  let value: u64 = 0;
  for (; point < end; point++) {
    const digit = u32(load<u8>(point)) - 0x30;
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  const digits = u32(point - first);
  if (digits < 1 || digits + scale > MOST_DIGITS) return false;
  if (digits > 1 && load<u8>(first) == 0x30) return false;
  if (point == end) {
    if (scale > 0) return false;
  } else {
    if (load<u8>(point) != POINT) return false;
    if (u32(end - point) - 1 < max<u32>(scale, 1)) return false;
    const kept = point + 1 + scale;
    for (let p = point + 1; p < kept; p++) {
      const digit = u32(load<u8>(p)) - 0x30;
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
    for (let p = kept; p < end; p++) if (load<u8>(p) != 0x30) return false;
  }
  if (negative && value == 0) return false;
  minorUnits = negative ? -i64(value) : i64(value);
  writtenBytes = u32(scale == 0 ? point - from : point + 1 + scale - from);
  return true;
}

/** A balance of its own; mostly the bank has just this one for the row, at hand as text. */
export function putBalance(to: usize, balance: i64, bank: usize, length: u32, scale: u32): usize {
  return readAmount(bank, length, scale) && minorUnits == balance
    ? putRaw(to, bank, writtenBytes)
    : putMinorUnits(to, balance, scale);
}

/** Minor units as a decimal of so many digits behind the point, and a comma. */
function putMinorUnits(to: usize, value: i64, scale: u32): usize {
  let rest = value < 0 ? u64(0) - u64(value) : u64(value);
  let digits: u32 = 1;
  for (let more = rest / 10; more; more /= 10) digits++;
  if (digits <= scale) digits = scale + 1;
  let first = to;
  if (value < 0) store<u8>(first++, MINUS);
  const end = first + digits + u32(scale > 0);
  let at = end;
  for (let n: u32 = 0; n < digits; n++) {
    if (n == scale && scale > 0) store<u8>(--at, POINT);
    store<u8>(--at, 0x30 + u8(rest % 10));
    rest /= 10;
  }
  store<u8>(end, COMMA);
  return end + 1;
}
