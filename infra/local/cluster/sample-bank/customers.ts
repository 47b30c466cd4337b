/** Who banks at the sample bank: customer `n` (from 1) and the accounts that follow from `n`. */

/** Roughly, so that amounts look right in each currency. */
export const UNITS_PER_EURO = { EUR: 1, USD: 1, GBP: 1, CHF: 1, JPY: 150, BHD: 0.5 } as const;
export type Currency = keyof typeof UNITS_PER_EURO;

export interface Account {
  readonly customerId: string;
  readonly accountId: string;
  readonly currency: Currency;
  readonly product: string;
  /** Booked by an older system, whose ids are too large for a JavaScript number. */
  readonly largeIds: boolean;
}

/** A product whose accounts hold more cents than a JavaScript number can count. */
export const TREASURY = "treasury account";

const PORTFOLIOS: readonly (readonly (readonly [Currency, string])[])[] = [
  [
    ["EUR", "current account"],
    ["JPY", "currency account"],
    ["BHD", "currency account"],
    ["USD", TREASURY],
  ],
  [
    ["EUR", "current account"],
    ["EUR", "savings account"],
    ["CHF", "currency account"],
  ],
  [
    ["GBP", "current account"],
    ["EUR", "currency account"],
  ],
  [
    ["USD", "current account"],
    ["JPY", "currency account"],
  ],
];

/** Most ids fit a Kubernetes name as they are; every tenth needs the ledger's short hash. */
export function customerId(n: number): string {
  const digits = String(n).padStart(6, "0");
  return n % 10 === 0 ? `Customer_${digits}` : `customer-${digits}`;
}

export function accountsOf(n: number): readonly Account[] {
  const portfolio = PORTFOLIOS[(n - 1) % PORTFOLIOS.length] ?? [];
  return portfolio.map(([currency, product], index) => ({
    customerId: customerId(n),
    accountId: `account-${String(n).padStart(6, "0")}-${index + 1}`,
    currency,
    product,
    largeIds: index === portfolio.length - 1,
  }));
}
