/** Amounts, dates and instants in each language. Spaces of French numbers are U+202F, of Polish ones U+00A0. */
import { LANGUAGES, type Language } from "../../functions/domain/statement-options.ts";
import { statementLocale } from "../../functions/statement-builder/formats/statement-locale.ts";
import { ITALIAN } from "../../functions/statement-builder/formats/words/it.ts";

const EXPECTED: Readonly<Record<Language, readonly string[]>> = {
  en: ["−1,234.50", "+1,234.50", "10,000", "05 Jan 2026", "5 January 2026"],
  de: ["−1.234,50", "+1.234,50", "10.000", "05.01.2026", "5. Januar 2026"],
  fr: ["−1\u202f234,50", "+1\u202f234,50", "10\u202f000", "05/01/2026", "5 janvier 2026"],
  es: ["−1.234,50", "+1.234,50", "10.000", "05/01/2026", "5 de enero de 2026"],
  it: ["−1.234,50", "+1.234,50", "10.000", "05/01/2026", "5 gennaio 2026"],
  pl: ["−1\u00a0234,50", "+1\u00a0234,50", "10\u00a0000", "05.01.2026", "5 stycznia 2026"],
};

test.each(LANGUAGES)("%s has its own separators and months", (language) => {
  const locale = statementLocale(language);
  expect([
    locale.balance(-123_450n, 2),
    locale.movement(123_450n, 2),
    locale.count(10_000),
    locale.shortDate("2026-01-05"),
    locale.longDate("2026-01-05"),
  ]).toEqual(EXPECTED[language]);
});

test("the first of a month is said as each language says it", () => {
  const first = LANGUAGES.map((language) => statementLocale(language).longDate("2026-01-01"));
  expect(first).toEqual([
    "1 January 2026",
    "1. Januar 2026",
    "1er janvier 2026",
    "1 de enero de 2026",
    "1º gennaio 2026",
    "1 stycznia 2026",
  ]);
  const french = statementLocale("fr");
  expect(french.longDate("2026-01-11")).toBe("11 janvier 2026");
  expect(french.instant(Date.UTC(2025, 6, 1), "UTC")).toBe("1er juillet 2025 à 00:00:00 UTC+0");
});

test.each([
  ["01", "Saldo iniziale al 1º gennaio 2026"],
  ["08", "Saldo iniziale all’8 gennaio 2026"],
  ["11", "Saldo iniziale all’11 gennaio 2026"],
  ["18", "Saldo iniziale al 18 gennaio 2026"],
])("Italian says it before the vowel of a day: %s", (day, words) => {
  expect(ITALIAN.openingOn(statementLocale("it").longDate(`2026-01-${day}`))).toBe(words);
});

const locale = statementLocale("de");

test("an amount keeps every digit, at the currency's own scale", () => {
  expect(locale.balance(12_345_678_901_234_567_890_123n, 3)).toBe("12.345.678.901.234.567.890,123");
  expect(locale.balance(9_007_199_254_740_993n, 0)).toBe("9.007.199.254.740.993");
  expect(locale.movement(-1n, 4)).toBe("−0,0001");
});

test("nothing has no sign", () => {
  expect([locale.movement(0n, 2), locale.balance(0n, 2)]).toEqual(["0,00", "0,00"]);
});

test("an instant is told in the statement's zone, with its offset on that day", () => {
  expect(locale.instant(Date.UTC(2025, 5, 30, 22, 0, 1), "Europe/Berlin")).toBe(
    "1. Juli 2025 um 00:00:01 GMT+2",
  );
  expect(statementLocale("fr").instant(Date.UTC(2025, 0, 1), "America/New_York")).toBe(
    "31 décembre 2024 à 19:00:00 UTC−5",
  );
});

test("what is no date stays as the bank has it", () => {
  expect(locale.shortDate("0000-00-00")).toBe("0000-00-00");
});
