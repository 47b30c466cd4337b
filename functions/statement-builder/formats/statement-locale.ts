/**
 * Amounts, dates and instants as a person reads them. The locales are fixed, so that the machine's own
 * settings change nothing.
 */
import type { Language } from "../../domain/statement-options.ts";
import { formatAmount } from "../../domain/money/money.ts";

const LOCALES: Readonly<Record<Language, string>> = {
  en: "en-GB",
  de: "de-DE",
  fr: "fr-FR",
  es: "es-ES",
  it: "it-IT",
  pl: "pl-PL",
};

/** The first of a month is an ordinal where only the other days are numbers; the locales do not say so. */
const FIRST: Partial<Readonly<Record<Language, string>>> = { fr: "1er ", it: "1º " };

/** A screen reader says it, which it does not with a hyphen. */
const MINUS = "\u2212";

export interface StatementLocale {
  /** Minor units; a minus in front of what is negative. */
  balance(minor: bigint, scale: number): string;
  /** The same, and a plus in front of what is positive. */
  movement(minor: bigint, scale: number): string;
  count(value: number): string;
  /** From `YYYY-MM-DD`, of one width in a table. A text that is no date stays as it is. */
  shortDate(date: string): string;
  longDate(date: string): string;
  /** The month of a date, and its year. */
  month(date: string): string;
  /** With seconds and the zone's offset. */
  instant(epochMs: number, timeZone: string): string;
}

const made = new Map<Language, StatementLocale>();

/** Made once for each language: a formatter costs as much as two hundred rows of a statement. */
export function statementLocale(language: Language): StatementLocale {
  let locale = made.get(language);
  if (!locale) made.set(language, (locale = makeStatementLocale(language)));
  return locale;
}

function makeStatementLocale(language: Language): StatementLocale {
  const locale = LOCALES[language];
  const counts = new Intl.NumberFormat(locale, { useGrouping: "always" });
  const amounts = new Map<number, Intl.NumberFormat>();
  const magnitude = (minor: bigint, scale: number): string => {
    let format = amounts.get(scale);
    if (!format) amounts.set(scale, (format = amountFormat(locale, scale)));
    // A decimal text is formatted digit by digit, and never becomes a Number.
    const decimal = formatAmount(minor < 0n ? -minor : minor, scale);
    return format.format(decimal as Intl.StringNumericLiteral);
  };
  const short = dateFormat(locale, {
    day: "2-digit",
    month: language === "en" ? "short" : "2-digit",
    year: "numeric",
  });
  const written = dateFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const spelt = (text: string): string => text.replace(/^1 /, FIRST[language] ?? "1 ");
  // Most statements of an installation are in one zone.
  let zoned: { readonly timeZone: string; readonly format: Intl.DateTimeFormat } | undefined;
  return {
    balance: (minor, scale) => `${minor < 0n ? MINUS : ""}${magnitude(minor, scale)}`,
    movement: (minor, scale) =>
      `${minor < 0n ? MINUS : minor > 0n ? "+" : ""}${magnitude(minor, scale)}`,
    count: (value) => counts.format(value),
    shortDate: short,
    longDate: (date) => spelt(written(date)),
    month: dateFormat(locale, { month: "long", year: "numeric" }),
    instant(epochMs, timeZone) {
      if (timeZone !== zoned?.timeZone)
        zoned = { timeZone, format: instantFormat(locale, timeZone) };
      return spelt(zoned.format.format(epochMs));
    },
  };
}

function instantFormat(locale: string, timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "shortOffset",
  });
}

function amountFormat(locale: string, scale: number): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: scale,
    maximumFractionDigits: scale,
    useGrouping: "always",
  });
}

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): (date: string) => string {
  const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
  let last = { date: "", text: "" };
  return (date) => {
    // Rows of one day follow each other.
    if (date === last.date) return last.text;
    const epochMs = Date.parse(`${date}T00:00:00Z`);
    last = { date, text: Number.isNaN(epochMs) ? date : format.format(epochMs) };
    return last.text;
  };
}
