/**
 * The sample bank's transactions in the order they were posted, all customers mixed, as a real
 * ledger grows. Everything follows from the seed; only the accounts' balances are held in memory.
 */
import { formatAmount, minorUnit } from "../../../../functions/domain/money/money.ts";
import { type Account, accountsOf, TREASURY, UNITS_PER_EURO } from "./customers.ts";
import { COUNTERPARTIES, INCOMING, PAYMENT_KINDS, type PaymentKind } from "./payments.ts";
import { pick, type Random, seededRandom } from "./random.ts";

export interface SampleBank {
  readonly customers: number;
  /** Transactions of all customers together. */
  readonly rows: number;
  readonly seed: number;
}

/** First day of the data, and the day after the last one: two whole years, always in the past. */
export const FIRST_DAY = "2024-01-01";
export const END_DAY = "2026-01-01";
const FIRST_MS = Date.parse(FIRST_DAY);
const DAY_MS = 86_400_000;
const SPAN_MS = Date.parse(END_DAY) - FIRST_MS;

/** In every so many rows ten follow each other in one account at one instant. */
const BURST_EVERY = 200;
const BURST_LENGTH = 10;
const BURST_AT = BURST_EVERY / 2;

/** Where the bank is, and by whose days it books. */
const BANK_ZONE = "Europe/Berlin";
const IN_BANK_ZONE = new Intl.DateTimeFormat("en-CA", { timeZone: BANK_ZONE });
/** In every so many rows one is booked on an earlier day. */
const BACKDATED_EVERY = 97;

/** The ids of an older system start where a JavaScript number stops counting. */
const LARGE_IDS_FROM = 2n ** 53n;

/** Values in the order of `COLUMNS`. */
export type TransactionRow = readonly (string | number | bigint | null)[];
export const COLUMNS = [
  "id",
  "customer_id",
  "account_id",
  "status",
  "posted_at",
  "booking_date",
  "value_date",
  "amount",
  "currency",
  "balance_after",
  "type",
  "description",
  "counterparty_name",
  "counterparty_account",
  "reference",
  "reversal_of",
] as const;

/** An account and what the next row needs of its past. */
interface Ledger {
  readonly account: Account;
  /** Minor units. */
  balance: bigint;
  last?: { readonly id: bigint; readonly amount: bigint; readonly payment: Payment } | undefined;
}

interface Payment {
  readonly type: string;
  readonly description: string;
  readonly name: string | null;
  readonly counterpartyAccount: string | null;
  readonly reference: string | null;
}

export function* transactions(bank: SampleBank): Generator<TransactionRow> {
  const random = seededRandom(bank.seed);
  const customers = Array.from({ length: bank.customers }, (_, i) => ledgersOf(i + 1));
  let burst: { readonly ledger: Ledger; readonly postedAt: string } | undefined;
  for (let n = 0; n < bank.rows; n += 1) {
    const inBurst = (n % BURST_EVERY) - BURST_AT;
    if (inBurst === 0) {
      const ledger = pick(random, customers[Math.floor(n / BURST_EVERY) % bank.customers] ?? []);
      burst = { ledger, postedAt: postedAt(random, n, bank.rows) };
    }
    if (burst && inBurst >= 0 && inBurst < BURST_LENGTH) {
      yield row(random, burst.ledger, burst.postedAt, n);
    } else {
      const ledger = pickAccount(random, pick(random, customers));
      yield row(random, ledger, postedAt(random, n, bank.rows), n);
    }
  }
}

function ledgersOf(customer: number): Ledger[] {
  return accountsOf(customer).map((account) => ({ account, balance: 0n }));
}

/** The first account has most of the traffic. */
function pickAccount(random: Random, ledgers: readonly Ledger[]): Ledger {
  return ledgers[0] && random() < 0.6 ? ledgers[0] : pick(random, ledgers);
}

/** Row `n` has its own slice of the two years; where a day begins within it, often that instant. */
function postedAt(random: Random, n: number, rows: number): string {
  const from = FIRST_MS + Math.ceil((n * SPAN_MS) / rows);
  const to = FIRST_MS + Math.ceil(((n + 1) * SPAN_MS) / rows);
  const midnight = Math.ceil(from / DAY_MS) * DAY_MS;
  if (midnight < to && random() < 0.5) return `${dateTime(midnight)}000`;
  const micros = String(Math.floor(random() * 1000)).padStart(3, "0");
  return `${dateTime(from + Math.floor(random() * (to - from)))}${micros}`;
}

/** `YYYY-MM-DD hh:mm:ss.mmm`, to be followed by three more digits. */
function dateTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace("T", " ");
}

/** Ids are given on arrival, so that now and then a later posting has the smaller one. */
function transactionId(n: number, account: Account): bigint {
  const swapped = n % BURST_EVERY === 0 ? n + 1 : n % BURST_EVERY === 1 ? n - 1 : n;
  return BigInt(swapped + 1) + (account.largeIds ? LARGE_IDS_FROM : 0n);
}

function row(random: Random, ledger: Ledger, at: string, n: number): TransactionRow {
  const { account, last } = ledger;
  const id = transactionId(n, account);
  const pending = random() < 0.01;
  const reversed = !pending && random() < 0.02 ? last : undefined;
  const { amount, payment } = reversed
    ? { amount: -reversed.amount, payment: { ...reversed.payment, type: "REVERSAL" } }
    : newPayment(random, ledger, n);
  if (!pending) {
    ledger.balance += amount;
    ledger.last = reversed ? undefined : { id, amount, payment };
  }
  const decimals = minorUnit(account.currency);
  const booked = bookingDate(random, at, n);
  return [
    id,
    account.customerId,
    account.accountId,
    pending ? "PDNG" : "BOOK",
    at,
    booked,
    valueDate(random, booked),
    formatAmount(amount, decimals),
    account.currency,
    formatAmount(ledger.balance, decimals),
    payment.type,
    payment.description,
    payment.name,
    payment.counterpartyAccount,
    payment.reference,
    reversed?.id ?? null,
  ];
}

function newPayment(random: Random, ledger: Ledger, n: number) {
  const { account, balance } = ledger;
  if (account.product === TREASURY && balance === 0n) {
    return { amount: 12_345_678_901_234_567n, payment: payment(random, INCOMING, n) };
  }
  const kind = pick(random, PAYMENT_KINDS);
  const amount = amountOf(random, kind, account);
  if (balance + amount >= 0n) return { amount, payment: payment(random, kind, n) };
  return { amount: amountOf(random, INCOMING, account), payment: payment(random, INCOMING, n) };
}

/** Minor units, signed. */
function amountOf(random: Random, kind: PaymentKind, account: Account): bigint {
  const upTo = kind.upTo * UNITS_PER_EURO[account.currency] * 10 ** minorUnit(account.currency);
  const minor = BigInt(Math.ceil(random() * upTo));
  return kind.direction === "credit" ? minor : -minor;
}

function payment(random: Random, kind: PaymentKind, n: number): Payment {
  const counterparty = kind.counterparty ? pick(random, COUNTERPARTIES) : undefined;
  return {
    type: kind.type,
    description: pick(random, kind.descriptions).replace("{n}", String(1_000 + (n % 9_000))),
    name: counterparty?.name ?? null,
    counterpartyAccount: counterparty?.account ?? null,
    reference: reference(random, n),
  };
}

/** Some rows have none, and some look like a number whose zeros a spreadsheet would drop. */
function reference(random: Random, n: number): string | null {
  const kind = random();
  if (kind < 0.3) return null;
  return kind < 0.4 ? String(n).padStart(12, "0") : `E2E-${n.toString(36).toUpperCase()}`;
}

/** The day in the bank's own zone; now and then, as a correction, one of the days before it. */
function bookingDate(random: Random, at: string, n: number): string {
  const day = IN_BANK_ZONE.format(Date.parse(`${at.replace(" ", "T")}Z`));
  if (n % BACKDATED_EVERY !== 0) return day;
  const earlier = 1 + Math.floor(random() * 5);
  return new Date(Date.parse(day) - earlier * DAY_MS).toISOString().slice(0, 10);
}

/** Now and then money counts a day or two after it was booked. */
function valueDate(random: Random, booked: string): string {
  const days = random() < 0.9 ? 0 : 1 + Math.floor(random() * 2);
  if (days === 0) return booked;
  return new Date(Date.parse(booked) + days * DAY_MS).toISOString().slice(0, 10);
}
