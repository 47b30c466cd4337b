/** Regular amounts: what a decimal column sends, at the scale of its currency or with zeros behind. */

const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
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
