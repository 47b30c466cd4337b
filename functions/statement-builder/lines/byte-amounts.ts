/**
 * Amounts of rows as bytes: summed in doubles as long as those are exact, which is what makes the
 * proof of a statement cheap. Everything irregular goes through BigInt.
 */
import type { RunningTotals } from "../../domain/money/account-totals.ts";
import { formatAmount } from "../../domain/money/money.ts";
import { putRaw, putString } from "./byte-fields.ts";
import { exactAmount } from "../source/row-values.ts";

const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];
const CREDIT = Buffer.from("CRDT");
const DEBIT = Buffer.from("DBIT");

/** The longest amounts that a double holds exactly, and the sum at which it is put away. */
const SAFE_DIGITS = 15;
const SAFE_SUM = 2 ** 52;

/** What a block's rows add to one account's totals. */
export class AccountSums {
  readonly #totals: RunningTotals;
  readonly id: Buffer;
  readonly currency: Buffer;
  readonly #scale: number;
  #credits = 0;
  #creditSum = 0;
  #debits = 0;
  #debitSum = 0;
  #lastBalance: number | bigint | undefined;
  /** The amount written last. */
  #latest: number | bigint = 0;

  constructor(totals: RunningTotals) {
    this.#totals = totals;
    this.id = Buffer.from(totals.accountId);
    this.currency = Buffer.from(totals.currency);
    this.#scale = totals.minorUnit;
  }

  /** Writes the amount and adds it up. @throws StatementFailure `invalid_amount` */
  putAmount(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
    const point = pointOf(source, from, to);
    const magnitude = magnitudeOf(source, from, point, to, this.#scale);
    if (magnitude < 0) {
      const minor = this.#exact(source, from, to);
      // The row's balance follows, and is told when the block is settled.
      const before = this.#totals.lastBalance;
      this.#totals.add(minor, 0n);
      this.#totals.lastBalance = before;
      this.#latest = minor;
      return putString(target, at, formatAmount(minor, this.#scale));
    }
    const debit = source[from] === MINUS;
    this.#latest = debit ? -magnitude : magnitude;
    this.#add(magnitude, debit);
    return putRaw(target, at, source, from, this.#endOf(point));
  }

  /** Writes the balance and remembers it. @throws StatementFailure `invalid_amount` */
  putBalance(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
    const point = pointOf(source, from, to);
    const magnitude = magnitudeOf(source, from, point, to, this.#scale);
    if (magnitude < 0) {
      const minor = this.#exact(source, from, to);
      this.#lastBalance = minor;
      return putString(target, at, formatAmount(minor, this.#scale));
    }
    this.#lastBalance = source[from] === MINUS ? -magnitude : magnitude;
    return putRaw(target, at, source, from, this.#endOf(point));
  }

  /** Writes the statement's own balance behind the amount that was written last. */
  putRunning(target: Buffer, at: number): number {
    const { lastBalance, opening } = this.#totals;
    const balance = BigInt(this.#lastBalance ?? lastBalance ?? opening) + BigInt(this.#latest);
    this.#lastBalance = balance;
    return putString(target, at, formatAmount(balance, this.#scale));
  }

  /** Writes an amount that nothing is proved by. @throws StatementFailure `invalid_amount` */
  putDecimal(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
    if (from === to) return putRaw(target, at, source, from, to);
    return putString(target, at, formatAmount(this.#exact(source, from, to), this.#scale));
  }

  /** Adds the block to the totals. */
  settle(): void {
    const totals = this.#totals;
    totals.creditCount += this.#credits;
    totals.creditSum += BigInt(this.#creditSum);
    totals.debitCount += this.#debits;
    totals.debitSum += BigInt(this.#debitSum);
    if (this.#lastBalance !== undefined) totals.lastBalance = BigInt(this.#lastBalance);
    this.#credits = this.#creditSum = this.#debits = this.#debitSum = 0;
    // Told once: later rows may have been added to the totals elsewhere.
    this.#lastBalance = undefined;
  }

  #add(magnitude: number, debit: boolean): void {
    if (debit) {
      this.#debits += 1;
      this.#debitSum += magnitude;
    } else {
      this.#credits += 1;
      this.#creditSum += magnitude;
    }
    if (this.#creditSum > SAFE_SUM || this.#debitSum > SAFE_SUM) this.settle();
  }

  #exact(source: Buffer, from: number, to: number): bigint {
    return exactAmount(source.toString("utf8", from, to), this.#totals);
  }

  #endOf(point: number): number {
    return this.#scale === 0 ? point : point + 1 + this.#scale;
  }
}

/** Whether an amount is a debit: what is less than nothing. */
export function putSide(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  to: number,
): number {
  let first = from;
  if (source[from] === MINUS)
    do first++;
    while (first < to && (source[first] === ZERO || source[first] === POINT));
  const debit = first > from && first < to;
  return putRaw(target, at, debit ? DEBIT : CREDIT, 0, CREDIT.length);
}

/** Minor units of an amount as most are; NaN for any other. */
export function regularAmount(source: Buffer, from: number, to: number, scale: number): number {
  const magnitude = magnitudeOf(source, from, pointOf(source, from, to), to, scale);
  if (magnitude < 0) return NaN;
  return source[from] === MINUS ? -magnitude : magnitude;
}

/** Where the point is, or the end without one. */
function pointOf(source: Buffer, from: number, to: number): number {
  for (let i = to - 1; i >= from; i--) if (source[i] === POINT) return i;
  return to;
}

/**
 * The magnitude in minor units of a regular amount: no more digits than a double holds, no leading
 * or missing zeros, nothing but zeros beyond the scale. Else -1.
 */
function magnitudeOf(
  source: Buffer,
  from: number,
  point: number,
  to: number,
  scale: number,
): number {
  const first = source[from] === MINUS ? from + 1 : from;
  const digits = point - first;
  if (digits < 1 || digits + scale > SAFE_DIGITS) return -1;
  if (source[first] === ZERO && digits > 1) return -1;
  if (point === to ? scale > 0 : to - point - 1 < Math.max(scale, 1)) return -1;
  let value = 0;
  for (let i = first; i < to; i++) {
    if (i === point) continue;
    const digit = (source[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    if (i <= point + scale) value = value * 10 + digit;
    else if (digit !== 0) return -1;
  }
  // Nothing has no sign.
  return value === 0 && first > from ? -1 : value;
}
