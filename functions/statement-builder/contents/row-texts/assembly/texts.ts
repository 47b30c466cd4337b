/**
 * Texts of rows as JSON or XML has them. Each function answers where the next byte goes, or 0 for a text
 * that is left to the plain writer. Copies go 16 bytes at a time: what lies behind is written next.
 */

/** Whether texts go into JSON; else into XML. */
export let isJson: bool = false;

export function setJson(json: bool): void {
  isJson = json;
}

export const STAR: u8 = 0x2a;
export const SPACE: u8 = 0x20;
export const TAB: u8 = 0x09;
export const LF: u8 = 0x0a;
export const CR: u8 = 0x0d;
/** What `maskAllButLastFour` shows. */
const SHOWN: u32 = 4;
/** How much longer a text becomes at most: `&amp;`, and what stands around its pieces. */
export const LONGEST_ESCAPE: u32 = 6;

/** Whether a tab or a line feed is a space. */
let isOneLine: bool = false;

export function setOneLine(oneLine: bool): void {
  isOneLine = oneLine;
}

/** Of the text put or measured last, in UTF-16. */
export let units: u32 = 0;

export function setUnits(count: u32): void {
  units = count;
}

export function putText(to: usize, from: usize, length: u32): usize {
  const first = i8x16.splat(isJson ? 0x22 : 0x26);
  const second = i8x16.splat(isJson ? 0x5c : 0x3c);
  const third = i8x16.splat(isJson ? 0x5c : 0x3e);
  let special: u32 = 0;
  let high: u32 = 0;
  for (let i: u32 = 0; i < length; i += 16) {
    const v = v128.load(from + i);
    v128.store(to + i, v);
    const here = bitsOf(length - i);
    const escaped = v128.or(v128.or(i8x16.eq(v, first), i8x16.eq(v, second)), i8x16.eq(v, third));
    const control = i8x16.lt_u(v, i8x16.splat(SPACE));
    special |= u32(i8x16.bitmask(v128.or(escaped, control))) & here;
    high |= u32(i8x16.bitmask(v)) & here;
  }
  if (!high) units = length;
  else if (!measureBeyondAscii(from, length)) return 0;
  return special ? putEscaped(to, from, length) : to + length;
}

/** A bit for each of 16 bytes that is of a text which has so many left. */
function bitsOf(left: u32): u32 {
  return left < 16 ? (1 << left) - 1 : 0xffff;
}

function putEscaped(to: usize, from: usize, length: u32): usize {
  const end = from + length;
  let next = to;
  for (let at = from; at < end; at++) {
    const byte = load<u8>(at);
    if (byte < SPACE) {
      next = putControl(next, byte);
      if (!next) return 0;
    } else if (isJson) {
      if (byte == 0x22 || byte == 0x5c) store<u8>(next++, 0x5c);
      store<u8>(next++, byte);
    } else if (byte == 0x26) {
      store<u32>(next, 0x706d6126); // &amp;
      store<u8>(next, 0x3b, 4);
      next += 5;
    } else if (byte == 0x3c || byte == 0x3e) {
      store<u32>(next, byte == 0x3c ? 0x3b746c26 : 0x3b746726); // &lt; &gt;
      next += 4;
    } else store<u8>(next++, byte);
  }
  return next;
}

/** A tab or a line end. */
function putControl(to: usize, byte: u8): usize {
  if (byte != TAB && byte != LF && byte != CR) return 0;
  if (isJson) {
    store<u8>(to, 0x5c);
    store<u8>(to, byte == TAB ? 0x74 : byte == LF ? 0x6e : 0x72, 1);
    return to + 2;
  }
  if (byte == CR) {
    store<u32>(to, 0x33312326); // &#13;
    store<u8>(to, 0x3b, 4);
    return to + 5;
  }
  store<u8>(to, isOneLine ? SPACE : byte);
  return to + 1;
}

/** All but the last four characters are stars; of ASCII alone. */
export function putMasked(to: usize, from: usize, length: u32): usize {
  if (!isAscii(from, length)) return 0;
  const hidden = hiddenOf(length);
  memory.fill(to, STAR, hidden);
  const end = putText(to + hidden, from + hidden, length - hidden);
  units = length;
  return end;
}

export function hiddenOf(length: u32): u32 {
  return length > SHOWN ? length - SHOWN : length;
}

/** The first `most` units with "…" as the last of them; the whole text where it is no longer. */
export function putCut(to: usize, from: usize, length: u32, most: u32): usize {
  if (length <= most) return putText(to, from, length);
  if (!measure(from, length)) return 0;
  if (units <= most) return putText(to, from, length);
  const next = putText(to, from, bytesOf(from, most - 1));
  if (!next) return 0;
  store<u32>(next, 0xa680e2); // …
  units += 1;
  return next + 3;
}

/**
 * In pieces of at most so many units, as `piecesOf` of formats/xml-text.ts cuts them, each between what stands
 * in the table: its two lengths, and their bytes.
 */
export function putPieces(to: usize, from: usize, length: u32, table: usize, most: u32): usize {
  const begin = u32(load<u8>(table));
  const end = u32(load<u8>(table, 1));
  let next = to;
  let at = from;
  let left = length;
  while (left) {
    if (!measure(at, left)) return 0;
    const piece = units > most ? pieceOf(at, most) : left;
    next = putText(putBytes(next, table + 2, begin), at, piece);
    if (!next) return 0;
    next = putBytes(next, table + 2 + begin, end);
    at += piece;
    left -= piece;
  }
  return next;
}

/** Bytes of it: behind a space where its second half has one. */
function pieceOf(from: usize, most: u32): u32 {
  const full = bytesOf(from, most);
  let behind = full;
  while (behind && load<u8>(from + behind - 1) != SPACE) behind--;
  return unitsIn(from, behind) << 1 > unitsIn(from, full) ? behind : full;
}

/** Of a text that is known to be UTF-8. */
function unitsIn(from: usize, length: u32): u32 {
  let count: u32 = 0;
  for (let at = from; at < from + length;) {
    const size = sizeOf(load<u8>(at));
    count += size == 4 ? 2 : 1;
    at += size;
  }
  return count;
}

/** Bytes of the first characters of a longer text, with no more than so many units: half a pair is none. */
function bytesOf(from: usize, most: u32): u32 {
  let at = from;
  for (let left = most; left > 0;) {
    const size = sizeOf(load<u8>(at));
    if (size == 4 && left == 1) break;
    left -= size == 4 ? 2 : 1;
    at += size;
  }
  return u32(at - from);
}

/** False for a text that is left to the plain writer. */
export function measure(from: usize, length: u32): bool {
  units = length;
  return isAscii(from, length) || measureBeyondAscii(from, length);
}

function isAscii(from: usize, length: u32): bool {
  let high: u32 = 0;
  for (let i: u32 = 0; i < length; i += 16) {
    high |= u32(i8x16.bitmask(v128.load(from + i))) & bitsOf(length - i);
  }
  return high == 0;
}

/** Of ASCII, and no control but DEL. */
export function isPrintable(from: usize, length: u32): bool {
  let other: u32 = 0;
  for (let i: u32 = 0; i < length; i += 16) {
    const v = i8x16.lt_s(v128.load(from + i), i8x16.splat(SPACE));
    other |= u32(i8x16.bitmask(v)) & bitsOf(length - i);
  }
  return other == 0;
}

export function has(byte: u8, from: usize, length: u32): bool {
  let found: u32 = 0;
  for (let i: u32 = 0; i < length; i += 16) {
    const v = i8x16.eq(v128.load(from + i), i8x16.splat(byte));
    found |= u32(i8x16.bitmask(v)) & bitsOf(length - i);
  }
  return found != 0;
}

/** Bytes of a character, by its first. */
function sizeOf(byte: u8): u32 {
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** False for what is not UTF-8, and for a text with a character that some format does not write as it is. */
function measureBeyondAscii(from: usize, length: u32): bool {
  const end = from + length;
  let at = from;
  units = 0;
  while (at < end) {
    const byte = load<u8>(at);
    const size = sizeOf(byte);
    if (size > 1) {
      if (byte < 0xc2 || byte > 0xf4 || at + size > end) return false;
      let code = u32(byte) & (0x7f >> size);
      for (let i: u32 = 1; i < size; i++) {
        const more = u32(load<u8>(at + i));
        if ((more & 0xc0) != 0x80) return false;
        code = (code << 6) | (more & 0x3f);
      }
      if (size == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) return false;
      if (size == 4 && (code < 0x10000 || code > 0x10ffff)) return false;
      if (isUnusual(code) || ((at == from || at + size == end) && isBlank(code))) return false;
    }
    units += size == 4 ? 2 : 1;
    at += size;
  }
  return true;
}

/** A line end of Unicode, or what no XML document may hold. */
function isUnusual(code: u32): bool {
  return code == 0x85 || code == 0x2028 || code == 0x2029 || code == 0xfffe || code == 0xffff;
}

/** Beyond ASCII, what `String.prototype.trim` takes away. */
function isBlank(code: u32): bool {
  return (
    code == 0xa0 ||
    code == 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code == 0x202f ||
    code == 0x205f ||
    code == 0x3000 ||
    code == 0xfeff
  );
}

/** As they are. */
export function putBytes(to: usize, from: usize, length: u32): usize {
  for (let i: u32 = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
  return to + length;
}
