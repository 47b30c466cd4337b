/** What stands before a block's symbols, and what each way to write the block costs (RFC 1951, 3.2.5 to 3.2.7). */
import { put } from "./bits";
import {
  DISTANCE_CODES,
  DISTANCE_COUNTS,
  DISTANCE_LENGTHS,
  HEADER_CODES,
  HEADER_COUNTS,
  HEADER_LENGTHS,
  HEADER_SYMBOLS,
  LITERAL_CODES,
  LITERAL_COUNTS,
  LITERAL_LENGTHS,
  MATCH_LENGTH_CODES,
  MATCH_LENGTH_SLOTS,
} from "./memory";
import { codesFromLengths, makeCode, reversed } from "./prefix-code";

export const LITERAL_SYMBOLS: u32 = 286;
export const DISTANCE_SYMBOLS: u32 = 30;
export const END_OF_BLOCK: u32 = 256;
export const FIRST_LENGTH_SYMBOL: u32 = 257;
export const LONGEST_MATCH: u32 = 258;

/** Four literals and what is left of a byte must fit into 64 bits; it costs hardly any bits. */
const LITERAL_LIMIT: u32 = 12;
const DISTANCE_LIMIT: u32 = 15;
const HEADER_LIMIT: u32 = 7;

// Symbols of the code length alphabet: 0 to 15 are lengths themselves.
const REPEAT_LENGTH: u32 = 16;
const REPEAT_ZERO: u32 = 17;
const REPEAT_ZERO_OFTEN: u32 = 18;
const HEADER_ALPHABET: u32 = 19;
/** In which order its own lengths are written. */
// prettier-ignore
const HEADER_ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

// prettier-ignore
const LENGTH_BASES = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
// prettier-ignore
const LENGTH_EXTRA_BITS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const LAST_SLOT: u32 = 28;

/** To be called once. */
export function fillSlots(): void {
  let slot: u32 = 0;
  for (let n: u32 = 3; n <= LONGEST_MATCH; n++) {
    while (slot < LAST_SLOT && n >= u32(load<u16>(LENGTH_BASES + ((slot + 1) << 1)))) slot++;
    store<u8>(MATCH_LENGTH_SLOTS + n, slot);
  }
}

/** The symbol of a distance less 1. */
export function distanceSymbol(d: u32): u32 {
  if (d < 4) return d;
  const n = 31 - clz(d);
  return (n << 1) + ((d >> (n - 1)) & 1);
}

export function distanceExtraBits(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

// HLIT, HDIST and HCLEN of the block, as counts.
let literalLengths: u32 = 0;
let distanceLengths: u32 = 0;
let headerLengths: u32 = 0;
let headerSymbols: u32 = 0;

/** Makes the block's own codes from its counts; answers the bits of header and body. */
export function planDynamic(): u32 {
  makeCode(LITERAL_COUNTS, LITERAL_SYMBOLS, LITERAL_LIMIT, LITERAL_LENGTHS, LITERAL_CODES);
  makeCode(DISTANCE_COUNTS, DISTANCE_SYMBOLS, DISTANCE_LIMIT, DISTANCE_LENGTHS, DISTANCE_CODES);
  return planHeader() + bodyBits();
}

export function putDynamicHeader(last: bool): void {
  put(u64(last) | (2 << 1), 3);
  put(literalLengths - 257, 5);
  put(distanceLengths - 1, 5);
  put(headerLengths - 4, 4);
  for (let i: u32 = 0; i < headerLengths; i++) {
    put(load<u8>(HEADER_LENGTHS + load<u8>(HEADER_ORDER + i)), 3);
  }
  for (let i: u32 = 0; i < headerSymbols; i++) {
    const item = u32(load<u16>(HEADER_SYMBOLS + (i << 1)));
    const symbol = item & 255;
    const code = load<u32>(HEADER_CODES + (symbol << 2));
    put(code & 0xffff, code >> 16);
    if (symbol >= REPEAT_LENGTH) put(item >> 8, extraBitsOf(symbol));
  }
}

/** Writes the header of a block with the fixed codes, and puts them in place of its own. */
export function putFixedHeader(last: bool): void {
  put(u64(last) | (1 << 1), 3);
  for (let s: u32 = 0; s < 288; s++) store<u8>(LITERAL_LENGTHS + s, fixedLength(s));
  codesFromLengths(LITERAL_LENGTHS, 288, LITERAL_CODES);
  for (let s: u32 = 0; s < DISTANCE_SYMBOLS; s++) {
    store<u32>(DISTANCE_CODES + (s << 2), reversed(s, 5) | (5 << 16));
  }
}

function fixedLength(symbol: u32): u32 {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

/** Code and extra bits of each match length in one piece. */
export function joinLengthCodes(): void {
  for (let n: u32 = 3; n <= LONGEST_MATCH; n++) {
    const slot = u32(load<u8>(MATCH_LENGTH_SLOTS + n));
    const code = load<u32>(LITERAL_CODES + ((FIRST_LENGTH_SYMBOL + slot) << 2));
    const bits = code >> 16;
    const extra = n - u32(load<u16>(LENGTH_BASES + (slot << 1)));
    const total = bits + load<u8>(LENGTH_EXTRA_BITS + slot);
    store<u32>(MATCH_LENGTH_CODES + (n << 2), (code & 0xffff) | (extra << bits) | (total << 24));
  }
}

function bodyBits(): u32 {
  let bits: u32 = 0;
  for (let s: u32 = 0; s < LITERAL_SYMBOLS; s++) {
    const each = u32(load<u8>(LITERAL_LENGTHS + s)) + lengthExtraBits(s);
    bits += load<u32>(LITERAL_COUNTS + (s << 2)) * each;
  }
  for (let s: u32 = 0; s < DISTANCE_SYMBOLS; s++) {
    const each = u32(load<u8>(DISTANCE_LENGTHS + s)) + distanceExtraBits(s);
    bits += load<u32>(DISTANCE_COUNTS + (s << 2)) * each;
  }
  return bits;
}

/** Of header and body, with the fixed codes. */
export function fixedBits(): u32 {
  let bits: u32 = 3;
  for (let s: u32 = 0; s < LITERAL_SYMBOLS; s++) {
    bits += load<u32>(LITERAL_COUNTS + (s << 2)) * (fixedLength(s) + lengthExtraBits(s));
  }
  for (let s: u32 = 0; s < DISTANCE_SYMBOLS; s++) {
    bits += load<u32>(DISTANCE_COUNTS + (s << 2)) * (5 + distanceExtraBits(s));
  }
  return bits;
}

function lengthExtraBits(symbol: u32): u32 {
  return symbol > END_OF_BLOCK ? load<u8>(LENGTH_EXTRA_BITS + symbol - FIRST_LENGTH_SYMBOL) : 0;
}

/** Both alphabets' lengths in a row, with repetitions; answers the header's bits. */
function planHeader(): u32 {
  literalLengths = LITERAL_SYMBOLS;
  while (literalLengths > 257 && !load<u8>(LITERAL_LENGTHS + literalLengths - 1)) literalLengths--;
  distanceLengths = DISTANCE_SYMBOLS;
  while (distanceLengths > 1 && !load<u8>(DISTANCE_LENGTHS + distanceLengths - 1))
    distanceLengths--;
  memory.fill(HEADER_COUNTS, 0, HEADER_ALPHABET << 2);
  headerSymbols = 0;
  const total = literalLengths + distanceLengths;
  for (let i: u32 = 0; i < total;) {
    const length = lengthAt(i);
    let run: u32 = 1;
    while (i + run < total && lengthAt(i + run) == length) run++;
    addRun(length, run);
    i += run;
  }
  makeCode(HEADER_COUNTS, HEADER_ALPHABET, HEADER_LIMIT, HEADER_LENGTHS, HEADER_CODES);
  headerLengths = HEADER_ALPHABET;
  while (
    headerLengths > 4 &&
    !load<u8>(HEADER_LENGTHS + load<u8>(HEADER_ORDER + headerLengths - 1))
  )
    headerLengths--;
  let bits = 3 + 14 + 3 * headerLengths;
  for (let s: u32 = 0; s < HEADER_ALPHABET; s++) {
    const each = u32(load<u8>(HEADER_LENGTHS + s)) + extraBitsOf(s);
    bits += load<u32>(HEADER_COUNTS + (s << 2)) * each;
  }
  return bits;
}

function lengthAt(i: u32): u32 {
  return i < literalLengths
    ? load<u8>(LITERAL_LENGTHS + i)
    : load<u8>(DISTANCE_LENGTHS + i - literalLengths);
}

function addRun(length: u32, run: u32): void {
  if (length == 0) {
    for (; run >= 11; run -= min(run, 138)) addSymbol(REPEAT_ZERO_OFTEN, min(run, 138) - 11);
    if (run >= 3) {
      addSymbol(REPEAT_ZERO, run - 3);
      return;
    }
  } else if (run >= 4) {
    addSymbol(length, 0);
    for (run--; run >= 3; run -= min(run, 6)) addSymbol(REPEAT_LENGTH, min(run, 6) - 3);
  }
  for (; run > 0; run--) addSymbol(length, 0);
}

function addSymbol(symbol: u32, extra: u32): void {
  store<u16>(HEADER_SYMBOLS + (headerSymbols++ << 1), symbol | (extra << 8));
  const count = HEADER_COUNTS + (symbol << 2);
  store<u32>(count, load<u32>(count) + 1);
}

/** Of a symbol of the code length alphabet. */
function extraBitsOf(symbol: u32): u32 {
  if (symbol < REPEAT_LENGTH) return 0;
  return symbol == REPEAT_LENGTH ? 2 : symbol == REPEAT_ZERO ? 3 : 7;
}
