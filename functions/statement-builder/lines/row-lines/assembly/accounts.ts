/** The accounts of a statement, and what their rows add up to: 64-bit integers, in minor units. */
import { ACCOUNTS, ACCOUNT_BYTES } from "./memory";
import { lengthOf, startOf } from "./row-values";

// Of an account, from its address on.
export const ID_LENGTH: usize = 0; // u8
export const CURRENCY_LENGTH: usize = 1; // u8
/** Digits behind the point. */
export const SCALE: usize = 2; // u8
export const HAS_BALANCE: usize = 3; // u8
export const CREDITS: usize = 4; // u32
export const DEBITS: usize = 8; // u32
export const CREDIT_SUM: usize = 16; // i64
export const DEBIT_SUM: usize = 24; // i64
export const LAST_BALANCE: usize = 32; // i64
export const ID: usize = 48; // up to 64 bytes
export const CURRENCY: usize = 112; // up to 16

/** An own balance within this and an amount of 18 digits add up within 63 bits. */
const MOST_BALANCE: i64 = 8_000_000_000_000_000_000;

let count: u32 = 0;
let idPlace: u32 = 0;
let currencyPlace: u32 = 0;
/** The one found last is looked at first. */
let latest: usize = ACCOUNTS;

/** The two places are those of account id and currency in a row. */
export function setAccounts(accounts: u32, id: u32, currency: u32): void {
  count = accounts;
  idPlace = id;
  currencyPlace = currency;
  latest = ACCOUNTS;
}

/** Address of the account of the row that was read last; 0 for one that the statement does not have. */
export function accountOfRow(): usize {
  const id = startOf(idPlace);
  const idLength = lengthOf(idPlace);
  const currency = startOf(currencyPlace);
  const currencyLength = lengthOf(currencyPlace);
  if (count && isIt(latest, id, idLength, currency, currencyLength)) return latest;
  for (let n: u32 = 0; n < count; n++) {
    const account = ACCOUNTS + n * ACCOUNT_BYTES;
    if (!isIt(account, id, idLength, currency, currencyLength)) continue;
    latest = account;
    return account;
  }
  return 0;
}

function isIt(account: usize, id: usize, idLength: u32, currency: usize, length: u32): bool {
  return (
    u32(load<u8>(account, ID_LENGTH)) == idLength &&
    u32(load<u8>(account, CURRENCY_LENGTH)) == length &&
    equals(account + ID, id, idLength) &&
    equals(account + CURRENCY, currency, length)
  );
}

export function equals(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i += 16) {
    const unequal = i8x16.bitmask(i8x16.ne(v128.load(a + i), v128.load(b + i)));
    const left = length - i;
    if (left < 16 ? unequal & ((1 << left) - 1) : unequal) return false;
  }
  return true;
}

/** What `runBalance` has found. */
export let ownBalance: i64 = 0;

/** The account's own balance behind a row of this amount. False where it may not fit. */
export function runBalance(account: usize, amount: i64): bool {
  const before = load<i64>(account, LAST_BALANCE);
  if (before > MOST_BALANCE || before < -MOST_BALANCE) return false;
  ownBalance = before + amount;
  return true;
}

/** Adds a row. False, and nothing is added, where a sum would not fit any more. */
export function addRow(account: usize, amount: i64, balance: i64): bool {
  if (amount < 0) {
    const sum = load<i64>(account, DEBIT_SUM) - amount;
    if (sum < 0) return false;
    store<i64>(account, sum, DEBIT_SUM);
    store<u32>(account, load<u32>(account, DEBITS) + 1, DEBITS);
  } else {
    const sum = load<i64>(account, CREDIT_SUM) + amount;
    if (sum < 0) return false;
    store<i64>(account, sum, CREDIT_SUM);
    store<u32>(account, load<u32>(account, CREDITS) + 1, CREDITS);
  }
  store<i64>(account, balance, LAST_BALANCE);
  store<u8>(account, 1, HAS_BALANCE);
  return true;
}
