/**
 * Lines of transactions.csv straight from the bytes of the text protocol, without a string or an
 * object for a row. Only what is regular is done here; whatever needs a second look (a quote, a
 * formula, a long amount) goes through the same functions as on the plain path, one field at a time.
 */
import { accountKey, type RunningTotals } from "../domain/account-totals.ts";
import {
  maskAllButLastFour,
  quoteField,
  SHOWN_CHARACTERS,
  textField,
} from "../domain/csv-field.ts";
import { formatAmount } from "../domain/money.ts";
import { exactAmount, instant, unknownAccount } from "./row-values.ts";
import { ROW } from "./transactions-sql.ts";

const COLUMNS = Object.keys(ROW).length;
const [COMMA, MINUS, POINT, ZERO, COLON_AFTER_NINE] = [0x2c, 0x2d, 0x2e, 0x30, 0x3a];
const [CR, LF, SPACE, STAR, T, Z] = [0x0d, 0x0a, 0x20, 0x2a, 0x54, 0x5a];
const CREDIT = Buffer.from("CRDT,");
const DEBIT = Buffer.from("DBIT,");
const NO_FRACTION = Buffer.from(".000000");

/** Bytes that ask for quotes, and bytes that a dangerous text starts with (or may: full-width). */
const QUOTED = byteSet('",\r\n');
const DANGEROUS = byteSet("=+-@\t\r\n\u{FF1D}");

/** The longest amounts that a double adds exactly, and the sum at which it is put away. */
const SAFE_DIGITS = 15;
const SAFE_SUM = 2 ** 52;

const NULL = 0xfb;

export interface ByteLines {
  /** The lines of whole rows; they are numbered from `firstLine`. */
  format(block: Buffer, firstLine: number): { readonly lines: Buffer; readonly rows: number };
}

/** @throws StatementFailure `invalid_amount`, `proof_mismatch` from `format`. */
export function makeByteLines(totals: readonly RunningTotals[]): ByteLines {
  const accounts = new Map(totals.map((one) => [keyOf(one), new AccountSums(one)]));
  const starts = new Int32Array(COLUMNS);
  const ends = new Int32Array(COLUMNS);
  let block: Buffer = Buffer.alloc(0);
  let out: Buffer = Buffer.allocUnsafeSlow(256 * 1024);
  let at = 0;
  let account: AccountSums | undefined;

  const start = (column: number): number => starts[column] ?? 0;
  const end = (column: number): number => ends[column] ?? 0;
  const stringOf = (column: number): string =>
    block.toString("utf8", Math.max(0, start(column)), Math.max(0, end(column)));

  function format(rows: Buffer, firstLine: number) {
    block = rows;
    at = 0;
    let line = firstLine;
    for (let next = 0; next < rows.length; line++) {
      const from = next;
      next = readRow(rows, from, starts, ends);
      makeRoom((next - from) * 4 + 128);
      writeLine(line);
    }
    for (const sums of accounts.values()) sums.settle();
    return { lines: Buffer.from(out.subarray(0, at)), rows: line - firstLine };
  }

  function makeRoom(bytes: number): void {
    if (out.length - at >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(out.length * 2 + bytes);
    out.copy(larger, 0, 0, at);
    out = larger;
  }

  function writeLine(line: number): void {
    const sums = accountOfRow();
    writeNumber(line);
    writePlain(ROW.accountId);
    writeRaw(ROW.id);
    writeRaw(ROW.bookingDate);
    writeInstant(ROW.postedAt);
    writeRaw(ROW.valueDate);
    writeRaw(ROW.status);
    writeAmount(sums);
    writePlain(ROW.currency);
    writeBalance(sums);
    writeText(ROW.type);
    writeText(ROW.description);
    writeText(ROW.counterpartyName);
    writeMasked(ROW.counterpartyAccount);
    writeText(ROW.reference);
    writeRaw(ROW.reversalOf);
    out[at - 1] = CR;
    out[at++] = LF;
  }

  /** Most rows are of the account of the row before. */
  function accountOfRow(): AccountSums {
    if (account && holds(ROW.accountId, account.id) && holds(ROW.currency, account.currency)) {
      return account;
    }
    account = accounts.get(accountKey(stringOf(ROW.accountId), stringOf(ROW.currency)));
    if (!account) throw unknownAccount();
    return account;
  }

  function holds(column: number, bytes: Buffer): boolean {
    const from = start(column);
    if (end(column) - from !== bytes.length) return false;
    // Ids differ at their end.
    for (let i = bytes.length - 1; i >= 0; i--) if (block[from + i] !== bytes[i]) return false;
    return true;
  }

  function writeNumber(value: number): void {
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    let rest = value;
    for (let i = at + digits - 1; i >= at; i--) {
      const tenth = Math.floor(rest / 10);
      out[i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    at += digits;
    out[at++] = COMMA;
  }

  function copy(from: number, to: number): void {
    for (let i = from; i < to; i++) out[at++] = block[i] ?? 0;
  }

  function writeString(text: string): void {
    at += out.write(text, at);
    out[at++] = COMMA;
  }

  function writeRaw(column: number): void {
    copy(start(column), end(column));
    out[at++] = COMMA;
  }

  /** Copies a field; false, and nothing written, when it asks for quotes. */
  function copyUnquoted(from: number, to: number): boolean {
    const before = at;
    let quoted = 0;
    for (let i = from; i < to; i++) {
      const byte = block[i] ?? 0;
      quoted |= QUOTED[byte] ?? 0;
      out[at++] = byte;
    }
    if (quoted === 0) out[at++] = COMMA;
    else at = before;
    return quoted === 0;
  }

  function writePlain(column: number): void {
    if (!copyUnquoted(start(column), end(column))) writeString(quoteField(stringOf(column)));
  }

  function writeText(column: number): void {
    const from = start(column);
    const to = end(column);
    const dangerous = from < to && DANGEROUS[block[from] ?? 0] === 1;
    if (dangerous || !copyUnquoted(from, to)) writeString(textField(stringOf(column)));
  }

  function writeMasked(column: number): void {
    const from = start(column);
    const to = end(column);
    for (let i = from; i < to; i++) {
      // A character of more than one byte is masked as one.
      if ((block[i] ?? 0) < 0x80) continue;
      writeString(textField(maskAllButLastFour(stringOf(column))));
      return;
    }
    const shown = to - from > SHOWN_CHARACTERS ? to - SHOWN_CHARACTERS : to;
    const before = at;
    for (let i = from; i < shown; i++) out[at++] = STAR;
    if (copyUnquoted(shown, to)) return;
    at = before;
    writeString(textField(maskAllButLastFour(stringOf(column))));
  }

  /** `2026-01-31 23:59:59.123456` or the same without a fraction. */
  function writeInstant(column: number): void {
    const from = start(column);
    const to = end(column);
    const whole = to - from === 19;
    const regular = whole || (to - from === 26 && block[from + 19] === POINT);
    if (!regular || block[from + 10] !== SPACE) {
      writeString(instant(stringOf(column)));
      return;
    }
    copy(from, to);
    out[at - (to - from) + 10] = T;
    if (whole) at += NO_FRACTION.copy(out, at);
    out[at++] = Z;
    out[at++] = COMMA;
  }

  function writeAmount(sums: AccountSums): void {
    const { scale } = sums;
    const from = start(ROW.amount);
    const point = pointOf(block, from, end(ROW.amount), scale);
    if (point < 0) {
      const minor = exactAmount(stringOf(ROW.amount), sums.code);
      at += (minor < 0n ? DEBIT : CREDIT).copy(out, at);
      sums.addLong(minor);
      writeString(formatAmount(minor, scale));
      return;
    }
    const negative = block[from] === MINUS;
    at += (negative ? DEBIT : CREDIT).copy(out, at);
    sums.add(minorUnits(block, from, point, scale), negative);
    copy(from, scale === 0 ? point : point + 1 + scale);
    out[at++] = COMMA;
  }

  function writeBalance(sums: AccountSums): void {
    const { scale } = sums;
    const from = start(ROW.balanceAfter);
    const point = pointOf(block, from, end(ROW.balanceAfter), scale);
    if (point < 0) {
      const minor = exactAmount(stringOf(ROW.balanceAfter), sums.code);
      sums.last = minor;
      writeString(formatAmount(minor, scale));
      return;
    }
    const minor = minorUnits(block, from, point, scale);
    sums.last = block[from] === MINUS ? -minor : minor;
    copy(from, scale === 0 ? point : point + 1 + scale);
    out[at++] = COMMA;
  }

  return { format };
}

/** Sums of a block in doubles, where they are exact, before they go to the totals. */
class AccountSums {
  readonly #totals: RunningTotals;
  readonly id: Buffer;
  readonly currency: Buffer;
  readonly code: string;
  readonly scale: number;
  last: number | bigint | undefined;
  #credits = 0;
  #creditSum = 0;
  #debits = 0;
  #debitSum = 0;

  constructor(totals: RunningTotals) {
    this.#totals = totals;
    this.id = Buffer.from(totals.accountId);
    this.currency = Buffer.from(totals.currency);
    this.code = totals.currency;
    this.scale = totals.minorUnit;
  }

  add(magnitude: number, debit: boolean): void {
    if (debit) {
      this.#debits += 1;
      this.#debitSum += magnitude;
    } else {
      this.#credits += 1;
      this.#creditSum += magnitude;
    }
    if (this.#creditSum > SAFE_SUM || this.#debitSum > SAFE_SUM) this.settle();
  }

  addLong(minor: bigint): void {
    // The row's balance follows, and is told when the block is settled.
    this.#totals.add(minor, 0n);
  }

  settle(): void {
    const totals = this.#totals;
    totals.creditCount += this.#credits;
    totals.creditSum += BigInt(this.#creditSum);
    totals.debitCount += this.#debits;
    totals.debitSum += BigInt(this.#debitSum);
    if (this.last !== undefined) totals.lastBalance = BigInt(this.last);
    this.#credits = this.#creditSum = this.#debits = this.#debitSum = 0;
  }
}

function keyOf({ accountId, currency }: RunningTotals): string {
  return accountKey(accountId, currency);
}

/** Finds the values of the row at `from`, NULL as an empty one; answers where the next row is. */
function readRow(block: Buffer, from: number, starts: Int32Array, ends: Int32Array): number {
  let at = from;
  for (let column = 0; column < COLUMNS; column++) {
    let length = block[at++] ?? NULL;
    if (length === NULL) length = 0;
    else if (length > NULL) {
      const bytes = length === 0xfc ? 2 : length === 0xfd ? 3 : 8;
      length = bytes === 8 ? Number(block.readBigUInt64LE(at)) : block.readUIntLE(at, bytes);
      at += bytes;
    }
    starts[column] = at;
    at += length;
    ends[column] = at;
  }
  if (at > block.length) throw new Error("a row of another shape than was asked for");
  return at;
}

/**
 * Where the whole part of an amount ends, when the amount is regular: no more digits than a double
 * holds, no leading or missing zeros, nothing but zeros beyond the scale. Else -1.
 */
function pointOf(block: Buffer, from: number, to: number, scale: number): number {
  const first = block[from] === MINUS ? from + 1 : from;
  let point = first;
  while (point < to && isDigit(block[point])) point++;
  const digits = point - first;
  if (digits === 0 || digits + scale > SAFE_DIGITS) return -1;
  const zero = block[first] === ZERO;
  if (zero && (digits > 1 || first > from)) return -1;
  if (point === to) return scale === 0 ? point : -1;
  if (block[point] !== POINT || to - point - 1 < Math.max(scale, 1)) return -1;
  for (let i = point + 1; i < to; i++) {
    if (i <= point + scale ? !isDigit(block[i]) : block[i] !== ZERO) return -1;
  }
  return point;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < COLON_AFTER_NINE;
}

/** The magnitude of a regular amount. */
function minorUnits(block: Buffer, from: number, point: number, scale: number): number {
  let value = 0;
  const first = block[from] === MINUS ? from + 1 : from;
  for (let i = first; i < point; i++) value = value * 10 + ((block[i] ?? 0) - ZERO);
  for (let i = point + 1; i <= point + scale; i++) value = value * 10 + ((block[i] ?? 0) - ZERO);
  return value;
}

/** A table of the first bytes of each character. */
function byteSet(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[Buffer.from(character)[0] ?? 0] = 1;
  return table;
}
