/**
 * Whether the values of a row have the form that their columns promise, looked at byte by byte: what
 * goes out is what a reader will take, or the statement ends with the column and the row's position,
 * never the value. Texts are looked at a block at a time, by their lines.
 */
import { isUtf8 } from "node:buffer";
import { SELECTED_COLUMNS, TRANSACTION_CODE, type Column } from "../../domain/columns.ts";
import { isSafeId } from "../../domain/csv/csv-field.ts";
import { StatementFailure } from "../../domain/failure.ts";
import { LONGEST_LINE } from "../../domain/manifest.ts";
import { mayBeginFormula } from "./byte-fields.ts";
import { isAscii, readRow, VALUES } from "./row-bytes.ts";

const columns: readonly Column[] = SELECTED_COLUMNS;

const CHECK = {
  none: 0,
  present: 1,
  date: 2,
  instant: 3,
  enum: 4,
  currency: 5,
  masked: 6,
  id: 7,
  transaction_code: 8,
} as const;

const checks = Uint8Array.from(columns, (column) => CHECK[checkOf(column)]);
const nullable = Uint8Array.from(columns, (column) => (column.nullable ? 1 : 0));
const values = columns.map((column) => (column.kind === "enum" ? column.values.map(bytesOf) : []));

function checkOf(column: Column): keyof typeof CHECK {
  switch (column.kind) {
    case "date":
    case "instant":
    case "enum":
    case "currency":
    case "id":
    case "transaction_code":
      return column.kind;
    case "integer":
      return "present";
    // An amount is read by whoever adds it up.
    case "amount":
      return "none";
    case "text":
      if (column.masked) return "masked";
      return column.nullable ? "none" : "present";
  }
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}

/** Where the first value stands that has not its column's form; -1 when all have. */
export function misformed(row: Buffer, starts: Int32Array, ends: Int32Array): number {
  for (let place = 0; place < VALUES; place++) {
    const check = checks[place] ?? CHECK.none;
    if (check === CHECK.none) continue;
    const from = starts[place] ?? 0;
    const to = ends[place] ?? 0;
    if (from === to) {
      if (nullable[place] === 1) continue;
      return place;
    }
    if (!hasForm(check, place, row, from, to)) return place;
  }
  return -1;
}

function hasForm(check: number, place: number, row: Buffer, from: number, to: number): boolean {
  switch (check) {
    case CHECK.date:
      return to - from === 10 && isDate(row, from);
    case CHECK.instant:
      return isDateTime(row, from, to);
    case CHECK.currency:
      return (
        to - from === 3 && isUpper(row, from) && isUpper(row, from + 1) && isUpper(row, from + 2)
      );
    case CHECK.enum:
      return (values[place] ?? []).some((value) => isSame(row, from, to, value));
    case CHECK.id:
      return !mayBeginFormula(row, from, to) || isSafeId(row.toString("utf8", from, to));
    case CHECK.masked:
      return isAscii(row, from, to) || isUtf8(row.subarray(from, to));
    case CHECK.transaction_code:
      return TRANSACTION_CODE.test(row.toString("latin1", from, to));
    default:
      return true;
  }
}

const [ZERO, HYPHEN, SPACE, COLON, POINT] = [0x30, 0x2d, 0x20, 0x3a, 0x2e];
const QUOTE = 0x22;

/** Two digits as a number, or -1. */
function pair(row: Buffer, at: number): number {
  const tens = (row[at] ?? 0) - ZERO;
  const ones = (row[at + 1] ?? 0) - ZERO;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/** `2026-01-31`: a day of its month, and of a year that `xs:date` has too. A server may be told to take any. */
function isDate(row: Buffer, at: number): boolean {
  const [century, ofCentury] = [pair(row, at), pair(row, at + 2)];
  const month = pair(row, at + 5);
  const day = pair(row, at + 8);
  return (
    century >= 0 &&
    ofCentury >= 0 &&
    century + ofCentury > 0 &&
    row[at + 4] === HYPHEN &&
    row[at + 7] === HYPHEN &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    (day <= 28 || day <= lastDay(century, ofCentury, month))
  );
}

/** Of a month; a century's first year is a leap year where its number is one of four. */
function lastDay(century: number, ofCentury: number, month: number): number {
  if (month !== 2) return 30 + ((month + (month >> 3)) & 1);
  return (ofCentury > 0 ? ofCentury : century) % 4 === 0 ? 29 : 28;
}

/** `2026-01-31 23:59:59`, with up to six digits behind a point. */
function isDateTime(row: Buffer, from: number, to: number): boolean {
  const length = to - from;
  if (length !== 19 && (length < 21 || length > 26)) return false;
  if (!isDate(row, from) || row[from + 10] !== SPACE) return false;
  if (row[from + 13] !== COLON || row[from + 16] !== COLON) return false;
  if (!isBelow(pair(row, from + 11), 24) || !isBelow(pair(row, from + 14), 60)) return false;
  if (!isBelow(pair(row, from + 17), 60)) return false;
  if (length > 19 && row[from + 19] !== POINT) return false;
  for (let i = from + 20; i < to; i++) {
    const digit = (row[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}

function isBelow(value: number, limit: number): boolean {
  return value >= 0 && value < limit;
}

function isUpper(row: Buffer, at: number): boolean {
  const byte = row[at] ?? 0;
  return byte >= 0x41 && byte <= 0x5a;
}

function isSame(row: Buffer, from: number, to: number, value: Buffer): boolean {
  if (to - from !== value.length) return false;
  for (let i = 0; i < value.length; i++) if (row[from + i] !== value[i]) return false;
  return true;
}

export function misformedValue(place: number, row: number): StatementFailure {
  const { name = "", kind = "" } = columns[place] ?? {};
  return invalidValue(`${name}, row ${row}`, `${name} of row ${row} is not of the kind ${kind}`);
}

/** @throws StatementFailure `invalid_value` for the row of a block whose text is not UTF-8. */
export function refuseNotUtf8(block: Buffer, firstRow: number): never {
  const starts = new Int32Array(VALUES);
  const ends = new Int32Array(VALUES);
  let row = firstRow;
  for (let next = 0; next < block.length; row++) {
    next = readRow(block, next, starts, ends);
    for (const [place, { name }] of columns.entries()) {
      if (isUtf8(block.subarray(starts[place], ends[place]))) continue;
      throw invalidValue(`${name}, row ${row}`, `${name} of row ${row} is not UTF-8`);
    }
  }
  throw new Error("lines are not UTF-8, and their rows are");
}

/** Quotes around fields that need none with a comma between, and what stands around an id as text. */
const ROOM_FOR_A_DIALECT = 4096;

/** Each quote of an id is two in its line, and four where ids are written as text. */
function quotesInIds(block: Buffer, starts: Int32Array, ends: Int32Array): number {
  let quotes = 0;
  for (let place = 0; place < VALUES; place++) {
    if (checks[place] !== CHECK.id) continue;
    const end = ends[place] ?? 0;
    for (let at = starts[place] ?? 0; at < end; at++) if (block[at] === QUOTE) quotes += 1;
  }
  return quotes;
}

/**
 * A line of any dialect is never longer than the verifier reads.
 * @param bytes of the line for the row that stands in the block between `starts` and `ends`
 * @throws StatementFailure `invalid_value`
 */
export function refuseLongLine(
  bytes: number,
  [block, starts, ends]: readonly [Buffer, Int32Array, Int32Array],
  row: number,
): void {
  const most = LONGEST_LINE - ROOM_FOR_A_DIALECT;
  if (bytes <= most / 2 || bytes + 2 * quotesInIds(block, starts, ends) <= most) return;
  throw invalidValue(`row ${row}`, `row ${row} makes a line of ${bytes} bytes`);
}

export function invalidValue(detail: string, message: string): StatementFailure {
  return new StatementFailure("invalid_value", message, { detail });
}
