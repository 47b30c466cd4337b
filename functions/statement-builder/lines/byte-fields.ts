/**
 * Fields of transactions.csv from bytes to bytes, in the rules of `domain/csv/csv-field.ts`. Each
 * function writes one field and a comma, and answers where the next one goes. A field takes at
 * most twice its bytes and eight more.
 */
import { isUtf8 } from "node:buffer";
import {
  guardFormula,
  maskAllButLastFour,
  SHOWN_CHARACTERS,
  textField,
} from "../../domain/csv/csv-field.ts";
import { instant } from "../source/row-values.ts";
import { isAscii } from "./row-bytes.ts";

const [QUOTE, STAR, COMMA, POINT, ZERO] = [0x22, 0x2a, 0x2c, 0x2e, 0x30];
const [SPACE, T, Z] = [0x20, 0x54, 0x5a];
const NO_FRACTION = Buffer.from(".000000");

const QUOTED = byteSet('",\r\n');
/** What may end a cell, and what is looked through behind it. */
const SEPARATOR = byteSet(",;\t|\r\n");
const [HIDDEN, VISIBLE] = [1, 2];
/**
 * How a cell may begin. Of ASCII the signs, apostrophes, quotes and what is invisible; in UTF-8 what is
 * invisible or a full-width sign starts with C2 or from D8 on, but never with E4 to ED: ideographs, Hangul.
 */
const FIRST = Uint8Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCharCode(byte);
  if (byte >= 0x80)
    return byte === 0xc2 || (byte >= 0xd8 && !(byte >= 0xe4 && byte <= 0xed)) ? VISIBLE : 0;
  if (guardFormula(`;${text}1`) !== `;${text}1`) return VISIBLE;
  return guardFormula(`;${text}=1`) !== `;${text}=1` ? HIDDEN : 0;
});

/** A whole number. */
export function putNumber(target: Buffer, at: number, value: number): number {
  let end = at + 1;
  for (let power = 10; power <= value; power *= 10) end++;
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    target[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  target[end] = COMMA;
  return end + 1;
}

/** For what neither needs quotes nor may be masked. */
export function putRaw(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  to: number,
): number {
  const end = copyBytes(target, at, source, from, to);
  target[end] = COMMA;
  return end + 1;
}

/** An id or a code: quoted where it must be, never guarded. */
export function putPlain(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  to: number,
): number {
  const end = putUnquoted(target, at, source, from, to);
  return end > 0 ? end : putQuoted(target, at, source, from, to);
}

/** A text: quoted where it must be, guarded where a spreadsheet could take it for a formula. */
export function putText(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  to: number,
): number {
  // What is not UTF-8 stays so, and the line is refused by it.
  if (mayBeginFormula(source, from, to) && isUtf8(source.subarray(from, to))) {
    return putString(target, at, textField(source.toString("utf8", from, to)));
  }
  return putPlain(target, at, source, from, to);
}

/** A text of which only the last four characters show. */
export function putMasked(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  to: number,
): number {
  if (isAscii(source, from, to)) {
    const shown = to - from > SHOWN_CHARACTERS ? to - SHOWN_CHARACTERS : to;
    let next = at;
    for (let i = from; i < shown; i++) target[next++] = STAR;
    const end = mayBeginFormula(source, shown, to)
      ? -1
      : putUnquoted(target, next, source, shown, to);
    if (end > 0) return end;
  }
  // A character of more than one byte is masked as one.
  return putString(target, at, textField(maskAllButLastFour(source.toString("utf8", from, to))));
}

/** `2026-01-31 23:59:59.123456`, or the same without a fraction, as RFC 3339. */
export function putInstant(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  to: number,
): number {
  const whole = to - from === 19;
  const regular = whole || (to - from === 26 && source[from + 19] === POINT);
  if (!regular || source[from + 10] !== SPACE) {
    return putString(target, at, instant(source.toString("utf8", from, to)));
  }
  let next = copyBytes(target, at, source, from, to);
  target[at + 10] = T;
  if (whole) next = copyBytes(target, next, NO_FRACTION, 0, NO_FRACTION.length);
  target[next] = Z;
  target[next + 1] = COMMA;
  return next + 2;
}

export function putString(target: Buffer, at: number, field: string): number {
  const end = at + target.write(field, at);
  target[end] = COMMA;
  return end + 1;
}

function copyBytes(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
  let next = at;
  for (let i = from; i < to; i++) target[next++] = source[i] ?? 0;
  return next;
}

/** -1 when the field asks for quotes. */
function putUnquoted(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
  let next = at;
  let quoted = 0;
  for (let i = from; i < to; i++) {
    const byte = source[i] ?? 0;
    quoted |= QUOTED[byte] ?? 0;
    target[next++] = byte;
  }
  if (quoted !== 0) return -1;
  target[next] = COMMA;
  return next + 1;
}

function putQuoted(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
  let next = at;
  target[next++] = QUOTE;
  for (let i = from; i < to; i++) {
    const byte = source[i] ?? 0;
    if (byte === QUOTE) target[next++] = QUOTE;
    target[next++] = byte;
  }
  target[next] = QUOTE;
  target[next + 1] = COMMA;
  return next + 2;
}

/** Whether `guardFormula` has to look; false only where it would change nothing. */
export function mayBeginFormula(source: Buffer, from: number, to: number): boolean {
  let first = true;
  for (let i = from; i < to; i++) {
    const byte = source[i] ?? 0;
    if (first) {
      const how = FIRST[byte];
      if (how === VISIBLE || (how === HIDDEN && i === from)) return true;
      first = how === HIDDEN;
    }
    if (SEPARATOR[byte] === 1) first = true;
  }
  return false;
}

function byteSet(characters: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    characters.includes(String.fromCharCode(byte)) ? 1 : 0,
  );
}
