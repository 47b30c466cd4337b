/**
 * Rows of the text protocol to lines of transactions.csv, driven by the plan of `line-plan.ts`. A row
 * that this does not know how to write is left to the plain line, whole: nothing of it is written or added.
 */
import { accountOfRow, addRow, ownBalance, runBalance, SCALE, setAccounts } from "./accounts";
import { minorUnits, putBalance, readAmount, writtenBytes } from "./amounts";
import { hasForm } from "./forms";
import { putInstant, putMasked, putNumber, putPlain, putRaw, putText } from "./fields";
import {
  ACCOUNTS,
  ACCOUNT_BYTES,
  ENUMS,
  FORMS,
  LINES,
  LINES_BYTES,
  MOST_ACCOUNTS,
  MOST_COLUMNS,
  PLACES,
  ROWS,
  ROWS_BYTES,
  WRITES,
} from "./memory";
import { lengthOf, readRow, setValues, startOf } from "./row-values";

export {
  ACCOUNTS,
  ACCOUNT_BYTES,
  ENUMS,
  FORMS,
  LINES,
  MOST_ACCOUNTS,
  MOST_COLUMNS,
  PLACES,
  ROWS,
  ROWS_BYTES,
  WRITES,
};

// Of `WRITE` in line-plan.ts.
const RAW: u32 = 0;
const PLAIN: u32 = 1;
const TEXT: u32 = 2;
const MASKED: u32 = 3;
const INSTANT: u32 = 4;
const SIDE: u32 = 5;
const AMOUNT: u32 = 6;
const BALANCE: u32 = 7;
const DECIMAL: u32 = 8;
const LINE: u32 = 9;
const RUNNING: u32 = 10;

/** A field takes at most twice its bytes and so many more; so does what a copy writes too much. */
const FIELD_MORE: u32 = 32;

let columns: u32 = 0;

/** What `format` has done: behind the last line, the row that comes next, and how many were written. */
export let linesEnd: usize = LINES;
export let nextRow: usize = ROWS;
export let rows: u32 = 0;

/** The plan and the accounts are in memory; the two places are those of account id and currency. */
export function begin(
  planColumns: u32,
  rowValues: u32,
  accounts: u32,
  id: u32,
  currency: u32,
): void {
  columns = planColumns;
  setValues(rowValues);
  setAccounts(accounts, id, currency);
}

/** Writes rows from `from` up to `end` until one is left to the plain line, or LINES is full. */
export function format(from: usize, end: usize, firstLine: u32): void {
  let at = LINES;
  let row = from;
  let line = firstLine;
  while (row < end) {
    const next = readRow(row, end);
    if (!next) break;
    if (u32(LINES + LINES_BYTES - at) < (u32(next - row) << 1) + columns * FIELD_MORE) break;
    const lineEnd = putLine(at, line);
    if (!lineEnd) break;
    at = lineEnd;
    row = next;
    line++;
  }
  linesEnd = at;
  nextRow = row;
  rows = line - firstLine;
}

function putLine(begin: usize, line: u32): usize {
  const account = accountOfRow();
  if (!account) return 0;
  const scale = u32(load<u8>(account, SCALE));
  let amount: i64 = 0;
  let balance: i64 = 0;
  let at = begin;
  for (let column: u32 = 0; column < columns; column++) {
    const place = u32(load<u8>(PLACES + column));
    const from = startOf(place);
    const length = lengthOf(place);
    if (!hasForm(load<u8>(FORMS + column), column, from, length)) return 0;
    switch (u32(load<u8>(WRITES + column))) {
      case RAW:
        at = putRaw(at, from, length);
        break;
      case PLAIN:
        at = putPlain(at, from, length);
        break;
      case TEXT:
        at = putText(at, from, length);
        break;
      case MASKED:
        at = putMasked(at, from, length);
        break;
      case INSTANT:
        at = putInstant(at, from, length);
        break;
      case SIDE:
        // A sign before nothing is no regular amount, which is seen where the amount is written.
        store<u32>(at, length && load<u8>(from) == 0x2d ? 0x54494244 : 0x54445243);
        store<u8>(at, 0x2c, 4);
        at += 5;
        break;
      case AMOUNT:
        if (!readAmount(from, length, scale)) return 0;
        amount = minorUnits;
        at = putRaw(at, from, writtenBytes);
        break;
      case BALANCE:
        if (!readAmount(from, length, scale)) return 0;
        balance = minorUnits;
        at = putRaw(at, from, writtenBytes);
        break;
      case RUNNING:
        // Behind the amount, as in the table of columns.
        if (!runBalance(account, amount)) return 0;
        balance = ownBalance;
        at = putBalance(at, balance, from, length, scale);
        break;
      case DECIMAL:
        if (length && !readAmount(from, length, scale)) return 0;
        at = putRaw(at, from, length ? writtenBytes : 0);
        break;
      case LINE:
        at = putNumber(at, line);
        break;
      default:
        return 0;
    }
    if (!at) return 0;
  }
  if (!addRow(account, amount, balance)) return 0;
  // In the place of the last comma.
  store<u16>(at - 1, 0x0a0d);
  return at + 1;
}
