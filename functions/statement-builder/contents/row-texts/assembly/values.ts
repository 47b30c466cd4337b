/** What a step writes of a column. */
import { equals } from "../../../lines/row-lines/assembly/accounts";
import { readAmount, writtenBytes } from "../../../lines/row-lines/assembly/amounts";
import { putInstant, putRaw } from "../../../lines/row-lines/assembly/fields";
import { DATE, hasForm, TRANSACTION_CODE } from "../../../lines/row-lines/assembly/forms";
import { lengthOf, startOf } from "../../../lines/row-lines/assembly/row-values";
import { isIban } from "./iban";
import {
  A,
  ALWAYS,
  B,
  C,
  CODE_PART,
  DATE_AS_IS,
  DATE_DIGITS,
  DECIMAL,
  FLAGS,
  INSTANT,
  IS_HIDDEN,
  IS_IBAN,
  IS_LONG,
  LAST_FOUR,
  MASKED,
  NULLABLE,
  ONE_LINE,
  PIECES,
  PLACE,
  PRESENT,
  TEXT,
  WHEN,
  WORD,
} from "./steps";
import {
  CR,
  has,
  hiddenOf,
  isPrintable,
  LF,
  measure,
  putBytes,
  putCut,
  putMasked,
  putPieces,
  putText,
  setOneLine,
  setUnits,
  SPACE,
  STAR,
  TAB,
  units,
} from "./texts";

/** Of the step's column, as far as it is looked at. */
let valueFrom: usize = 0;
export let valueLength: u32 = 0;

export const ABSENT: u32 = 0;
export const LEFT: u32 = 2;

/** Whether the step has a value; LEFT where only the plain writer can say. */
export function findValue(step: usize): u32 {
  const place = load<u32>(step, PLACE);
  const flags = load<u32>(step, FLAGS);
  find(place, flags);
  setOneLine(bool(flags & ONE_LINE));
  if (!valueLength) return ABSENT;
  // With a line feed behind it is one space, and one unit less.
  if (flags & ONE_LINE && has(CR, valueFrom, valueLength)) return LEFT;
  const when = load<u32>(step, WHEN);
  if (when == ALWAYS) return 1;
  if (when == IS_LONG) {
    const from = valueFrom;
    const length = valueLength;
    if (!measure(from, length)) return LEFT;
    if (units <= load<u32>(step, B)) return ABSENT;
    find(load<u32>(step, C), flags);
    const isSame = valueLength == length && equalsOnOneLine(valueFrom, from, length);
    valueFrom = from;
    valueLength = length;
    return u32(!isSame);
  }
  const isHidden = flags & MASKED || load<u8>(valueFrom) == STAR;
  if (when == IS_HIDDEN) return u32(isHidden);
  return u32(!isHidden && isIban(valueFrom, valueLength) == (when == IS_IBAN));
}

function find(place: u32, flags: u32): void {
  valueFrom = startOf(place);
  valueLength = lengthOf(place);
  if (flags & ONE_LINE) trim();
}

function trim(): void {
  while (valueLength && isSpace(load<u8>(valueFrom))) {
    valueFrom++;
    valueLength--;
  }
  while (valueLength && isSpace(load<u8>(valueFrom + valueLength - 1))) valueLength--;
}

/** Where it stands on one line. */
function isSpace(byte: u8): bool {
  return byte == SPACE || byte == TAB || byte == LF || byte == CR;
}

function equalsOnOneLine(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(a + i);
    const other = load<u8>(b + i);
    if (byte != other && !(isSpace(byte) && isSpace(other))) return false;
  }
  return true;
}

/** Whether the plain writer has something of its own where a value is absent. */
export function isNeeded(step: usize): bool {
  const kind = load<u32>(step);
  if (kind == DATE_AS_IS || kind == DATE_DIGITS) return true;
  return kind == DECIMAL && !(load<u32>(step, FLAGS) & NULLABLE);
}

export function putNothing(to: usize, flags: u32): usize {
  // null, or an empty string.
  store<u32>(to, flags & NULLABLE ? 0x6c6c756e : 0x2222);
  return to + (flags & NULLABLE ? 4 : 2);
}

export function putValue(to: usize, step: usize, scale: u32): usize {
  const from = valueFrom;
  const length = valueLength;
  const a = load<u32>(step, A);
  const isMasked = load<u32>(step, FLAGS) & MASKED;
  switch (load<u32>(step)) {
    case PRESENT:
      return to;
    case TEXT:
      if (isMasked) return putMasked(to, from, length);
      return a ? putCut(to, from, length, a) : putText(to, from, length);
    case PIECES:
      return putPieces(to, from, length, a, load<u32>(step, B));
    case WORD:
      return putWord(to, a, load<u32>(step, B));
    case LAST_FOUR:
      return putLastFour(to, isMasked);
    case DECIMAL:
      return readAmount(from, length, scale) ? putRaw(to, from, writtenBytes) - 1 : 0;
    case DATE_AS_IS:
      return hasForm(DATE, 0, from, length) ? putRaw(to, from, length) - 1 : 0;
    case DATE_DIGITS:
      if (!hasForm(DATE, 0, from, length)) return 0;
      store<u32>(to, load<u32>(from));
      store<u16>(to, load<u16>(from, 5), 4);
      store<u16>(to, load<u16>(from, 8), 6);
      return to + 8;
    case INSTANT: {
      const end = putInstant(to, from, length);
      return end ? end - 1 : 0;
    }
    case CODE_PART:
      if (!hasForm(TRANSACTION_CODE, 0, from, length)) return 0;
      store<u32>(to, load<u32>(from + a));
      return to + 4;
    default:
      return 0;
  }
}

/** What the table has for the value; the value itself, where it has nothing. */
function putWord(to: usize, table: usize, words: u32): usize {
  let at = table;
  for (let n: u32 = 0; n < words; n++) {
    const length = u32(load<u16>(at));
    const bytes = u32(load<u16>(at, 2));
    const word = at + 4 + length;
    if (length == valueLength && equals(at + 4, valueFrom, length)) {
      return putBytes(to, word, bytes);
    }
    at = word + bytes;
  }
  return putText(to, valueFrom, valueLength);
}

/** Of a number that is hidden but for its end, `*7788`; nothing of any other. */
function putLastFour(to: usize, isMasked: u32): usize {
  if (!isPrintable(valueFrom, valueLength)) return 0;
  let hidden: u32 = 0;
  if (isMasked) {
    hidden = hiddenOf(valueLength);
    // A space at the end is taken away.
    if (load<u8>(valueFrom + valueLength - 1) == SPACE) return 0;
  } else trim();
  while (hidden < valueLength && load<u8>(valueFrom + hidden) == STAR) hidden++;
  if (hidden == 0 || hidden == valueLength) return to;
  const from = valueFrom + hidden;
  const end = valueFrom + valueLength;
  if (has(STAR, from, u32(end - from))) return to;
  store<u8>(to, STAR);
  const next = putText(to + 1, from, u32(end - from));
  setUnits(units + 1);
  return next;
}
