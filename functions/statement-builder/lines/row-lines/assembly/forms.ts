/**
 * Whether a value has the form that its column promises, as in `row-forms.ts`; what has not is left to that,
 * to say what is wrong.
 */
import { ENUMS } from "./memory";

export const ANY: u32 = 0;
export const PRESENT: u32 = 1;
export const DATE: u32 = 2;
export const ENUM: u32 = 3;
export const TRANSACTION_CODE: u32 = 4;

const ENUM_VALUES: u32 = 4;
const ENUM_BYTES: u32 = 16;

export function hasForm(form: u32, column: u32, from: usize, length: u32): bool {
  switch (form) {
    case ANY:
      return true;
    case PRESENT:
      return length > 0;
    case DATE:
      return length == 10 && isDate(from);
    case TRANSACTION_CODE:
      return length == 14 && isTransactionCode(from);
    default:
      return isEnum(column, from, length);
  }
}

/** `2026-01-31`: a day of its month. */
function isDate(at: usize): bool {
  const century = pair(at);
  const ofCentury = pair(at + 2);
  const month = pair(at + 5);
  const day = pair(at + 8);
  return (
    century < 100 &&
    ofCentury < 100 &&
    century + ofCentury > 0 &&
    load<u8>(at, 4) == 0x2d &&
    load<u8>(at, 7) == 0x2d &&
    month - 1 < 12 &&
    day - 1 < 31 &&
    (day < 29 || day <= lastDay(century, ofCentury, month))
  );
}

function lastDay(century: u32, ofCentury: u32, month: u32): u32 {
  if (month != 2) return 30 + ((month + (month >> 3)) & 1);
  return (ofCentury ? ofCentury : century) & 3 ? 28 : 29;
}

/** `PMNT-RCDT-ESCT` */
function isTransactionCode(at: usize): bool {
  for (let i: u32 = 0; i < 14; i++) {
    const byte = load<u8>(at + i);
    if (i == 4 || i == 9 ? byte != 0x2d : byte < 0x41 || byte > 0x5a) return false;
  }
  return true;
}

/** `2026-01-31 23:59:59`, or with six digits behind a point. */
export function isDateTime(at: usize, length: u32): bool {
  if (length != 19 && length != 26) return false;
  const regular =
    isDate(at) &&
    load<u8>(at, 10) == 0x20 &&
    pair(at + 11) < 24 &&
    load<u8>(at, 13) == 0x3a &&
    pair(at + 14) < 60 &&
    load<u8>(at, 16) == 0x3a &&
    pair(at + 17) < 60;
  if (!regular || length == 19) return regular;
  return (
    load<u8>(at, 19) == 0x2e && pair(at + 20) < 100 && pair(at + 22) < 100 && pair(at + 24) < 100
  );
}

/** Two digits as a number; more than any where they are none. */
function pair(at: usize): u32 {
  const tens = u32(load<u8>(at)) - 0x30;
  const ones = u32(load<u8>(at, 1)) - 0x30;
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

/** Each value begins with its length. */
function isEnum(column: u32, from: usize, length: u32): bool {
  const first = ENUMS + column * ENUM_VALUES * ENUM_BYTES;
  for (let n: u32 = 0; n < ENUM_VALUES; n++) {
    const value = first + n * ENUM_BYTES;
    if (length == 0 || u32(load<u8>(value)) != length) continue;
    const unequal = i8x16.bitmask(i8x16.ne(v128.load(value + 1), v128.load(from)));
    if (!(unequal & ((1 << length) - 1))) return true;
  }
  return false;
}
