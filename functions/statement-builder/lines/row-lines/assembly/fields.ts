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

/** An id, quoted where RFC 4180 asks for it; left to the plain line where it may begin a formula. */
export function putPlain(to: usize, from: usize, length: u32): usize {
  return putQuick(to, from, length) || putCarefully(to, from, length, false);
}

/** A text, guarded too where it begins a formula; left to the plain line where it only may. */
export function putText(to: usize, from: usize, length: u32): usize {
  return putQuick(to, from, length) || putCarefully(to, from, length, true);
}

/** 0 for what has to be looked at byte by byte, which is seldom. */
function putQuick(to: usize, from: usize, length: u32): usize {
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
  if (special) return 0;
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

/** In the rules of `domain/csv/csv-field.ts` as far as ASCII goes. */
function putCarefully(to: usize, from: usize, length: u32, isText: bool): usize {
  const end = from + length;
  const quoted = asksForQuotes(from, end);
  let next = to;
  if (quoted) store<u8>(next++, QUOTE);
  let begins = true;
  for (let at = from; at < end; at++) {
    if (begins) {
      const cell = cellAt(at, end, at == from);
      if (cell == UNKNOWN || (cell == FORMULA && !isText)) return 0;
      if (cell == FORMULA) store<u8>(next++, APOSTROPHE);
    }
    const byte = load<u8>(at);
    store<u8>(next++, byte);
    if (byte == QUOTE) store<u8>(next++, QUOTE);
    begins = isSeparator(byte);
  }
  if (quoted) store<u8>(next++, QUOTE);
  store<u8>(next, COMMA);
  return next + 1;
}

function asksForQuotes(from: usize, end: usize): bool {
  for (let at = from; at < end; at++) if (needsQuotes(load<u8>(at))) return true;
  return false;
}

const HARMLESS: u32 = 0;
const FORMULA: u32 = 1;
/** Only whoever knows all of Unicode can say. */
const UNKNOWN: u32 = 2;

/** What a spreadsheet makes of a cell that begins here: FRONT and INSIDE of `domain/csv/csv-field.ts`. */
function cellAt(from: usize, end: usize, inFront: bool): u32 {
  let at = from;
  while (at < end && load<u8>(at) == APOSTROPHE) at++;
  if (inFront && at < end && isBlank(load<u8>(at))) return FORMULA;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte >= 0x80) return mayBeginFormula(byte) ? UNKNOWN : HARMLESS;
    if (mayBeginFormula(byte)) return FORMULA;
    if (isSeparator(byte) || byte == APOSTROPHE || !isLookedThrough(byte)) return HARMLESS;
    if (inFront && byte == QUOTE) return HARMLESS;
  }
  return HARMLESS;
}

/** NUL, tab, line feed and carriage return. */
function isBlank(byte: u8): bool {
  return byte == 0 || byte == 0x09 || byte == 0x0a || byte == 0x0d;
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
