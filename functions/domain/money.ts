/**
 * Money as whole minor units in a BigInt, and as a decimal string with the currency's own scale:
 * never a floating-point number.
 */

/**
 * Digits after the point of currencies that have other than two.
 * Source: ISO 4217 list one as published on 2026-01-01 by its maintenance agency, SIX Financial
 * Information AG.
 */
const MINOR_UNITS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};
const DEFAULT_MINOR_UNIT = 2;
/** No statement has an amount with more digits after the point. */
export const MAX_MINOR_UNIT = 5;

/** Number of digits after the point of amounts in `currency`, an ISO 4217 code. */
export function minorUnit(currency: string): number {
  return Object.hasOwn(MINOR_UNITS, currency)
    ? (MINOR_UNITS[currency] ?? DEFAULT_MINOR_UNIT)
    : DEFAULT_MINOR_UNIT;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Minor units of a decimal string. `undefined` when it is no decimal number, or when it has more
 * significant decimals than `scale`: an amount is never rounded.
 */
export function parseAmount(decimal: string, scale: number): bigint | undefined {
  const match = DECIMAL.exec(decimal);
  if (!match) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (/[^0]/.test(fraction.slice(scale))) return undefined;
  return BigInt(`${sign}${whole}${fraction.slice(0, scale).padEnd(scale, "0")}`);
}

/** `formatAmount(-5n, 2)` is `-0.05`. */
export function formatAmount(minor: bigint, scale: number): string {
  const negative = minor < 0n;
  const digits = String(negative ? -minor : minor).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const fraction = scale === 0 ? "" : `.${digits.slice(point)}`;
  return `${negative ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}
