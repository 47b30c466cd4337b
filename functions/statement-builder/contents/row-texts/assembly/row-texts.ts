/**
 * Rows of the text protocol to the text that a format's template has for each. A row that this does not know
 * how to write is left to the plain writer, whole: nothing of it is written or added.
 */
import {
  accountOfRow,
  addRow,
  ownBalance,
  runBalance,
  SCALE,
  setAccounts,
} from "../../../lines/row-lines/assembly/accounts";
import {
  minorUnits,
  putBalance,
  readAmount,
  writtenBytes,
} from "../../../lines/row-lines/assembly/amounts";
import { putNumber, putRaw } from "../../../lines/row-lines/assembly/fields";
import {
  ACCOUNTS,
  ACCOUNT_BYTES,
  LINES,
  LINES_BYTES,
  MOST_ACCOUNTS,
  ROWS,
  ROWS_BYTES,
} from "../../../lines/row-lines/assembly/memory";
import {
  lengthOf,
  readRow,
  setValues,
  startOf,
} from "../../../lines/row-lines/assembly/row-values";
import {
  GROUPS,
  IBANS,
  LITERALS,
  LITERALS_BYTES,
  MOST_GROUPS,
  MOST_STEPS,
  STEPS,
  STEP_BYTES,
} from "./memory";
import {
  A,
  AMOUNT,
  B,
  BALANCE,
  BEGIN_GROUP,
  BETWEEN,
  C,
  END_GROUP,
  FLAGS,
  LINE,
  LITERAL,
  MAGNITUDE,
  PASSED,
  PRESENT,
  SIDE,
  UNLESS,
} from "./steps";
import { isJson, LONGEST_ESCAPE, putBytes, setJson, setUnits, units } from "./texts";
import { ABSENT, findValue, isNeeded, LEFT, putNothing, putValue, valueLength } from "./values";

export {
  ACCOUNTS,
  ACCOUNT_BYTES,
  IBANS,
  LITERALS,
  LITERALS_BYTES,
  MOST_ACCOUNTS,
  MOST_GROUPS,
  MOST_STEPS,
  ROWS,
  ROWS_BYTES,
  STEPS,
  LINES as TEXTS,
};

// Of a group, from its address on: where it begins, the values before it and their length; u32.
const GROUP_BYTES: u32 = 16;
const GROUP_VALUES: usize = 4;
const GROUP_LENGTH: usize = 8;

const QUOTE: u8 = 0x22;

/** Behind so many bytes no further row is begun: what is written is taken over in blocks of such a size. */
const FULL: u32 = 0x8000;
/** Behind it there is room for all literals of a row, for its numbers, and for what a copy writes too much. */
const TEXTS_END: usize = LINES + LINES_BYTES - LITERALS_BYTES - MOST_STEPS * 48;

let steps: u32 = 0;
let running: bool = false;
let amountPlace: u32 = 0;
let balancePlace: u32 = 0;

/** What `write` has done: behind the last text, the row that comes next, and how many were written. */
export let textsEnd: usize = LINES;
export let nextRow: usize = ROWS;
export let rows: u32 = 0;

/** Where the values are that every row is proved by; the accounts are in memory. */
export function beginRows(
  rowValues: u32,
  accounts: u32,
  isRunning: bool,
  id: u32,
  currency: u32,
  amount: u32,
  balance: u32,
): void {
  setValues(rowValues);
  setAccounts(accounts, id, currency);
  running = isRunning;
  amountPlace = amount;
  balancePlace = balance;
}

/** The template is in memory. */
export function beginTemplate(templateSteps: u32, json: bool): void {
  steps = templateSteps;
  setJson(json);
}

/** Writes rows from `from` up to `end` until one is left to the plain writer, or enough is written. */
export function write(from: usize, end: usize, firstLine: u32): void {
  let at = LINES;
  let row = from;
  let line = firstLine;
  while (row < end && at < LINES + FULL) {
    const next = readRow(row, end);
    if (!next) break;
    const rowEnd = putRow(at, line);
    if (!rowEnd) break;
    at = rowEnd;
    row = next;
    line++;
  }
  textsEnd = at;
  nextRow = row;
  rows = line - firstLine;
}

function putRow(begin: usize, line: u32): usize {
  const account = accountOfRow();
  if (!account) return 0;
  const scale = u32(load<u8>(account, SCALE));
  if (!readAmount(startOf(amountPlace), lengthOf(amountPlace), scale)) return 0;
  const amount = minorUnits;
  const amountBytes = writtenBytes;
  const amountFrom = startOf(amountPlace);
  let balance: i64;
  if (running) {
    if (!runBalance(account, amount)) return 0;
    balance = ownBalance;
  } else {
    if (!readAmount(startOf(balancePlace), lengthOf(balancePlace), scale)) return 0;
    balance = minorUnits;
  }

  let at = begin;
  // Of columns: how many were written, and how long they are.
  let values: u32 = 0;
  let length: u32 = 0;
  let group: usize = GROUPS;
  const end = STEPS + steps * STEP_BYTES;
  for (let step = STEPS; step < end; step += STEP_BYTES) {
    const kind = load<u32>(step);
    const a = load<u32>(step, A);
    const b = load<u32>(step, B);
    switch (kind) {
      case LITERAL:
        at = putBytes(at, a, b);
        continue;
      case LINE:
        at = putNumber(at, line) - 1;
        continue;
      case AMOUNT:
        at = putRaw(at, amountFrom, amountBytes) - 1;
        continue;
      case MAGNITUDE: {
        const sign = u32(amount < 0);
        at = putRaw(at, amountFrom + sign, amountBytes - sign) - 1;
        continue;
      }
      case BALANCE:
        at = putBalance(at, balance, startOf(balancePlace), lengthOf(balancePlace), scale) - 1;
        continue;
      case SIDE:
        at = amount < 0 ? putBytes(at, a + b, load<u32>(step, C)) : putBytes(at, a, b);
        continue;
      case BEGIN_GROUP:
        store<u32>(group, u32(at));
        store<u32>(group, values, GROUP_VALUES);
        store<u32>(group, length, GROUP_LENGTH);
        group += GROUP_BYTES;
        continue;
      case END_GROUP:
        group -= GROUP_BYTES;
        if (values == load<u32>(group, GROUP_VALUES)) {
          at = load<u32>(group);
          length = load<u32>(group, GROUP_LENGTH);
        } else if (length - load<u32>(group, GROUP_LENGTH) > a) return 0;
        continue;
      case BETWEEN:
        // Of the group around its own.
        if (values == load<u32>(group - 2 * GROUP_BYTES, GROUP_VALUES)) continue;
        at = putBytes(at, a, b);
        length += b;
        continue;
    }
    const found = findValue(step);
    if (found == LEFT) return 0;
    if (kind == UNLESS) {
      if (found != ABSENT) step += load<u32>(step, PASSED) * STEP_BYTES;
      continue;
    }
    if (found == ABSENT) {
      if (isNeeded(step)) return 0;
      if (isJson) at = putNothing(at, load<u32>(step, FLAGS));
      continue;
    }
    if (at > TEXTS_END - valueLength * LONGEST_ESCAPE) return 0;
    if (isJson) store<u8>(at++, QUOTE);
    setUnits(0);
    const written = putValue(at, step, scale);
    if (!written) return 0;
    if (written == at && kind != PRESENT) continue;
    at = written;
    if (isJson) store<u8>(at++, QUOTE);
    values++;
    length += units;
    step += load<u32>(step, PASSED) * STEP_BYTES;
  }
  return addRow(account, amount, balance) ? at : 0;
}
