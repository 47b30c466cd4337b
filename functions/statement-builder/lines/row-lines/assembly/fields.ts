/**
 * One field and the comma behind it, in the rules of `domain/csv/csv-field.ts`. Each function answers where
 * the next one goes, or 0 for a value that is left to the plain line. Copies go 16 bytes at a time: what
 * lies behind is written next.
 */

import { isDateTime } from "./forms";

const QUOTE: u8 = 0x22;
const APOSTROPHE: u8 = 0x27;
const COMMA: u8 = 0x2c;
const STAR: u8 = 0x2a;

/** As it is. */
export function putRaw(to: usize, from: usize, length: u32): usize {
  let i: u32 = 0;
  do {
    v128.store(to + i, v128.load(from + i));
    i += 16;
  } while (i < length);
  store<u8>(to + length, COMMA);
  return to + length + 1;
}

/** Quoted where RFC 4180 asks for it; left to the plain line where it may begin a formula. */
export function putPlain(to: usize, from: usize, length: u32): usize {
  if (length == 0) return putRaw(to, from, 0);
  if (mayBeginFormula(load<u8>(from)) || isLookedThrough(load<u8>(from))) return 0;
  let special: u32 = 0;
  let i: u32 = 0;
  do {
    const v = v128.load(from + i);
    v128.store(to + i, v);
    const left = length - i;
    special |= specialBytes(v) & (left < 16 ? (1 << left) - 1 : 0xffff);
    i += 16;
  } while (i < length);
  if (special) {
    const care = careFor(from, length);
    if (care == FORMULA) return 0;
    if (care == QUOTES) return putQuoted(to, from, length);
  }
  store<u8>(to + length, COMMA);
  return to + length + 1;
}

/** A bit for each quote, and for each byte that may be a separator of cells: tab to carriage return, below them too. */
function specialBytes(v: v128): u32 {
  const separators = v128.or(i8x16.eq(v, i8x16.splat(0x3b)), i8x16.eq(v, i8x16.splat(0x7c)));
  const quoted = v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x2c)));
  const controls = i8x16.lt_u(v, i8x16.splat(0x0e));
  return u32(i8x16.bitmask(v128.or(v128.or(separators, quoted), controls)));
}

const NONE: u32 = 0;
const QUOTES: u32 = 1;
const FORMULA: u32 = 2;

/** What a text asks for, whose first byte asks for nothing. */
function careFor(from: usize, length: u32): u32 {
  let care = NONE;
  let begins = false;
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(from + i);
    if (begins) {
      if (mayBeginFormula(byte)) return FORMULA;
      begins = isLookedThrough(byte);
    }
    if (needsQuotes(byte)) care = QUOTES;
    if (isSeparator(byte)) begins = true;
  }
  return care;
}

function needsQuotes(byte: u8): bool {
  return byte == QUOTE || byte == COMMA || byte == 0x0d || byte == 0x0a;
}

function isSeparator(byte: u8): bool {
  return (
    byte == COMMA || byte == 0x3b || byte == 0x7c || byte == 0x09 || byte == 0x0d || byte == 0x0a
  );
}

/** Spaces, controls, quotes, apostrophes. */
function isLookedThrough(byte: u8): bool {
  return byte <= 0x20 || byte == 0x7f || byte == QUOTE || byte == APOSTROPHE || isSeparator(byte);
}

/**
 * A sign, or what is invisible in UTF-8 or a full-width sign: that starts with C2 or from D8 on, but never
 * with E4 to ED: ideographs, Hangul.
 */
function mayBeginFormula(byte: u8): bool {
  if (byte < 0x80) return byte == 0x3d || byte == 0x2b || byte == 0x2d || byte == 0x40;
  return byte == 0xc2 || (byte >= 0xd8 && !(byte >= 0xe4 && byte <= 0xed));
}

function putQuoted(to: usize, from: usize, length: u32): usize {
  let next = to;
  store<u8>(next++, QUOTE);
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(from + i);
    store<u8>(next++, byte);
    if (byte == QUOTE) store<u8>(next++, QUOTE);
  }
  store<u8>(next++, QUOTE);
  store<u8>(next++, COMMA);
  return next;
}

/** All but the last four characters are stars; of ASCII alone. */
export function putMasked(to: usize, from: usize, length: u32): usize {
  if (length == 0) return putRaw(to, from, 0);
  let special: u32 = 0;
  const stars = length > 4 ? length - 4 : length;
  let i: u32 = 0;
  do {
    const v = v128.load(from + i);
    v128.store(to + i, i8x16.splat(STAR));
    const left = length - i;
    const here: u32 = left < 16 ? (1 << left) - 1 : 0xffff;
    special |= u32(i8x16.bitmask(v)) & here;
    i += 16;
  } while (i < length);
  if (special) return 0;
  for (let at = stars; at < length; at++) {
    const byte = load<u8>(from + at);
    if (byte == QUOTE || isSeparator(byte)) return 0;
    store<u8>(to + at, byte);
  }
  store<u8>(to + length, COMMA);
  return to + length + 1;
}

/** `2026-01-31 23:59:59.123456`, or the same without a fraction, as RFC 3339. */
export function putInstant(to: usize, from: usize, length: u32): usize {
  if (!isDateTime(from, length)) return 0;
  v128.store(to, v128.load(from));
  v128.store(to + 16, v128.load(from + 16));
  store<u8>(to, 0x54, 10);
  if (length == 19) {
    store<u32>(to, 0x3030302e, 19);
    store<u32>(to, 0x30303030, 23);
  }
  store<u16>(to, 0x2c5a, 26);
  return to + 28;
}

/** A whole number. */
export function putNumber(to: usize, value: u32): usize {
  let end = to + 1;
  for (let rest = value / 10; rest; rest /= 10) end++;
  let at = end;
  do {
    store<u8>(--at, 0x30 + (value % 10));
    value /= 10;
  } while (at > to);
  store<u8>(end, COMMA);
  return end + 1;
}
