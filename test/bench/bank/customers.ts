/** Who banks at the bench's bank: customers known by how many booked rows they have, and others. */

export interface BankSize {
  /** Name of the data folder. */
  readonly name: string;
  /** One customer each with exactly this many booked rows. */
  readonly large: readonly number[];
  /** Customers with exactly `SMALL_ROWS` booked rows. */
  readonly small: number;
  /** Rows of everybody else, between which the others' rows lie scattered. */
  readonly background: number;
  /** Descriptions are running text of 60 to 250 characters. */
  readonly longTexts?: true;
}

export const SMALL_ROWS = 500;
const BACKGROUND_ROWS = 450;

export const FULL_BANK: BankSize = {
  name: "full",
  large: [5_000_000, 1_000_000, 100_000, 10_000, 1_000],
  small: 400,
  background: 690_000,
};

export const QUICK_BANK: BankSize = {
  name: "quick",
  large: [200_000, 10_000],
  small: 100,
  background: 60_000,
};

export const TEXT_BANK: BankSize = {
  name: "text",
  large: [200_000],
  small: 0,
  background: 0,
  longTexts: true,
};

export const QUICK_TEXT_BANK: BankSize = { ...TEXT_BANK, name: "quick-text", large: [50_000] };

export interface BankCustomer {
  readonly id: string;
  readonly bookedRows: number;
  readonly accounts: readonly BankAccount[];
}

export interface BankAccount {
  readonly id: string;
  /** Two decimals, all of them. */
  readonly currency: "EUR" | "USD" | "GBP";
}

export function largeCustomer(rows: number): string {
  return `large-${rows}`;
}

/** From 1. */
export function smallCustomer(n: number): string {
  return `small-${String(n).padStart(4, "0")}`;
}

export function customersOf(size: BankSize): readonly BankCustomer[] {
  const others = Math.ceil(size.background / BACKGROUND_ROWS);
  return [
    ...size.large.map((rows, i) => customer(largeCustomer(rows), rows, 4, i)),
    ...Array.from({ length: size.small }, (_, i) =>
      customer(smallCustomer(i + 1), SMALL_ROWS, 2, 100 + i),
    ),
    ...Array.from({ length: others }, (_, i) =>
      customer(`other-${String(i + 1).padStart(5, "0")}`, BACKGROUND_ROWS, 2, 10_000 + i),
    ),
  ];
}

const CURRENCIES = ["EUR", "EUR", "USD", "GBP"] as const;

function customer(id: string, bookedRows: number, accounts: number, n: number): BankCustomer {
  return {
    id,
    bookedRows,
    accounts: Array.from({ length: accounts }, (_, i) => ({
      id: `account-${String(n).padStart(6, "0")}-${i + 1}`,
      currency: CURRENCIES[i % CURRENCIES.length] ?? "EUR",
    })),
  };
}
