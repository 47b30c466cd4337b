/**
 * A statement's accounts in the memory of a module, as assembly/accounts.ts has them: what its rows add up
 * to goes from there to the statement's totals.
 */
import type { RunningTotals } from "../../../domain/money/account-totals.ts";
import type { Global } from "../../webassembly/compiled-module.ts";

/** What a module of rows says of its accounts. */
export interface AccountsModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly ACCOUNTS: Global;
  readonly ACCOUNT_BYTES: Global;
  readonly MOST_ACCOUNTS: Global;
}

export interface ModuleAccounts {
  /** Whether a module has room for them. */
  fits(totals: readonly RunningTotals[]): boolean;
  begin(totals: readonly RunningTotals[]): void;
  /** Where each account's own balance goes on from: rows may have been added elsewhere. */
  tellBalances(totals: readonly RunningTotals[]): void;
  /** Adds what the module has summed up to the totals. */
  settle(totals: readonly RunningTotals[], hasBalance: boolean): void;
}

// Of an account, as in assembly/accounts.ts.
const [ID_LENGTH, CURRENCY_LENGTH, SCALE, HAS_BALANCE, CREDITS, DEBITS] = [0, 1, 2, 3, 4, 8];
const [CREDIT_SUM, DEBIT_SUM, LAST_BALANCE, ID, CURRENCY] = [16, 24, 32, 48, 112];
const LONGEST_ID = 64;
const MOST_BALANCE = 2n ** 63n - 1n;

export function moduleAccounts(module: AccountsModule): ModuleAccounts {
  const memory = Buffer.from(module.memory.buffer);
  const accountAt = (n: number): number => module.ACCOUNTS.value + n * module.ACCOUNT_BYTES.value;

  function tellBalances(totals: readonly RunningTotals[]): void {
    for (const [n, { lastBalance, opening }] of totals.entries()) {
      const balance = lastBalance ?? opening;
      // One beyond 63 bits reads as one of which the module leaves every row to the plain way.
      const told = BigInt.asIntN(64, balance) === balance ? balance : MOST_BALANCE;
      memory.writeBigInt64LE(told, accountAt(n) + LAST_BALANCE);
    }
  }

  return {
    fits: (totals) =>
      totals.length <= module.MOST_ACCOUNTS.value &&
      totals.every(
        ({ accountId, currency }) =>
          accountId !== "" &&
          Buffer.byteLength(accountId) <= LONGEST_ID &&
          // What else stands in the column is refused by `byte-lines.ts`.
          /^[A-Z]{3}$/.test(currency),
      ),
    begin(totals) {
      totals.forEach(({ accountId, currency, minorUnit }, n) => {
        const at = accountAt(n);
        memory.fill(0, at, accountAt(n + 1));
        memory[at + ID_LENGTH] = memory.write(accountId, at + ID);
        memory[at + CURRENCY_LENGTH] = memory.write(currency, at + CURRENCY);
        memory[at + SCALE] = minorUnit;
      });
      tellBalances(totals);
    },
    tellBalances,
    settle(totals, hasBalance) {
      for (const [n, one] of totals.entries()) {
        const at = accountAt(n);
        if (memory[at + HAS_BALANCE] === 0) continue;
        one.creditCount += memory.readUInt32LE(at + CREDITS);
        one.creditSum += memory.readBigInt64LE(at + CREDIT_SUM);
        one.debitCount += memory.readUInt32LE(at + DEBITS);
        one.debitSum += memory.readBigInt64LE(at + DEBIT_SUM);
        if (hasBalance) one.lastBalance = memory.readBigInt64LE(at + LAST_BALANCE);
        memory.fill(0, at + HAS_BALANCE, at + LAST_BALANCE);
      }
    },
  };
}
