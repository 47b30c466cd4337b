/**
 * Totals of one account in one currency: what a statement's rows must add up to. The same
 * arithmetic proves a statement while it is written and checks it from its bytes afterwards.
 */
import type { AccountNames } from "../bank-names.ts";
import { formatAmount, minorUnit } from "./money.ts";

/** Of the bank's own making: nothing in it moves a cursor or turns the direction of what stands beside it. */
export const ACCOUNT_ID = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{1,256}$/u;

export interface AccountBalance {
  readonly accountId: string;
  readonly currency: string;
  /** Digits behind the point, where they are not the currency's own. */
  readonly minorUnit?: number;
  readonly names?: AccountNames | undefined;
  /** Minor units, before the first row of the period. */
  readonly opening: bigint;
  /** Minor units, after the last row of the period. */
  readonly closing: bigint;
}

/** Sums are magnitudes in minor units; zero counts as a credit. */
export interface AccountTotals extends AccountBalance {
  readonly minorUnit: number;
  readonly creditCount: number;
  readonly creditSum: bigint;
  readonly debitCount: number;
  readonly debitSum: bigint;
  /** `balance_after` of the last row, `undefined` while there was none. */
  readonly lastBalance: bigint | undefined;
}

/** Counts up as rows pass by. */
export class RunningTotals implements AccountTotals {
  readonly accountId: string;
  readonly currency: string;
  readonly minorUnit: number;
  readonly names: AccountNames | undefined;
  readonly opening: bigint;
  readonly closing: bigint;
  creditCount = 0;
  creditSum = 0n;
  debitCount = 0;
  debitSum = 0n;
  lastBalance: bigint | undefined;

  /** @param scale of the amounts, where it is not to be the currency's own */
  constructor(balance: AccountBalance, scale = balance.minorUnit ?? minorUnit(balance.currency)) {
    this.accountId = balance.accountId;
    this.currency = balance.currency;
    this.minorUnit = scale;
    this.names = balance.names;
    this.opening = balance.opening;
    this.closing = balance.closing;
  }

  add(amount: bigint, balanceAfter: bigint): void {
    if (amount < 0n) {
      this.debitCount += 1;
      this.debitSum -= amount;
    } else {
      this.creditCount += 1;
      this.creditSum += amount;
    }
    this.lastBalance = balanceAfter;
  }
}

/** A JSON pair, so that no two accounts join to the same text. */
export function accountKey(accountId: string, currency: string): string {
  return JSON.stringify([accountId, currency]);
}

export function net(totals: AccountTotals): bigint {
  return totals.creditSum - totals.debitSum;
}

/** Whether the rows lead from the opening to the closing balance, the last row's balance included. */
export function balances(totals: AccountTotals): boolean {
  return (
    totals.opening + net(totals) === totals.closing &&
    (totals.lastBalance ?? totals.opening) === totals.closing
  );
}

/** Totals as they stand in the manifest: decimal strings at the currency's scale. */
export interface TotalsEntry {
  readonly account_id: string;
  readonly currency: string;
  readonly minor_unit: number;
  readonly opening: string;
  readonly credits: { readonly count: number; readonly sum: string };
  readonly debits: { readonly count: number; readonly sum: string };
  readonly net: string;
  readonly closing: string;
}

export function totalsEntry(totals: AccountTotals): TotalsEntry {
  const amount = (minor: bigint) => formatAmount(minor, totals.minorUnit);
  return {
    account_id: totals.accountId,
    currency: totals.currency,
    minor_unit: totals.minorUnit,
    opening: amount(totals.opening),
    credits: { count: totals.creditCount, sum: amount(totals.creditSum) },
    debits: { count: totals.debitCount, sum: amount(totals.debitSum) },
    net: amount(net(totals)),
    closing: amount(totals.closing),
  };
}
