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
  // Withdrawn in 2017; BYN, which came for it, has two.
  BYR: 0,
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
/** No statement has an amount with more digits after the point: what ISO 20022 has room for. */
export const MAX_MINOR_UNIT = 5;

/** Those of the same list with two, and those withdrawn since 2015 that had two in it. */
const TWO_DIGITS = new Set(
  (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF " +
    "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL " +
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU " +
    "MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR " +
    "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED " +
    "VES WST XAD XCD XCG YER ZAR ZMW ZWG ANG BGN CUC HRK LTL MRO SLL STD VEF ZMK ZWL"
  ).split(" "),
);

/**
 * Number of digits after the point of amounts in `currency`. undefined for codes that the list has
 * without a minor unit (XAU, XDR, XXX) and for those that it does not have (BTC).
 */
export function isoMinorUnit(currency: string): number | undefined {
  if (Object.hasOwn(MINOR_UNITS, currency)) return MINOR_UNITS[currency];
  return TWO_DIGITS.has(currency) ? DEFAULT_MINOR_UNIT : undefined;
}

/** The same, and two where the list has none. */
export function minorUnit(currency: string): number {
  return isoMinorUnit(currency) ?? DEFAULT_MINOR_UNIT;
}

/** Digits on either side of the point: no currency is worth so little that more are needed. */
const DECIMAL = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/;
/** Characters of the longest amount. */
const MAX_AMOUNT_LENGTH = 82;

export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** Digits behind the point. */
export function decimalsOf(decimal: string): number {
  return DECIMAL.exec(decimal)?.[3]?.length ?? 0;
}

/**
 * Minor units of a decimal string. `undefined` when it is no decimal number of at most 40 digits on
 * either side of its point, or when it has more significant decimals than `scale`: an amount is never rounded.
 */
export function parseAmount(decimal: string, scale: number): bigint | undefined {
  const match = decimal.length <= MAX_AMOUNT_LENGTH ? DECIMAL.exec(decimal) : null;
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
