/** Any text of the bank, as lines of statement.pdf. */
import * as fc from "fast-check";
import { pdfFaces } from "../../functions/statement-builder/formats/pdf/pdf-font.ts";
import { makeStyles } from "../../functions/statement-builder/formats/pdf/pdf-style.ts";
import {
  fit,
  hasReplaced,
  widthOf,
  wrap,
} from "../../functions/statement-builder/formats/pdf/pdf-text.ts";
import { HARD_TEXTS } from "../support/statement-content.ts";

const { cell } = makeStyles(pdfFaces());
const shown = (text: string, width = 1_000) => wrap(text, cell, { width }).map((one) => one.shown);
const actual = (text: string) => wrap(text, cell, { width: 1_000 }).map((one) => one.actual);

test("Latin, Greek and Cyrillic are printed as they are", () => {
  const text = "Zażółć gęślą jaźń, Ștefan, Tiếng Việt; Ξενοδοχείο ΐ; Съешь ещё, їжак — “€ 5” №";
  expect(shown(text)).toEqual([text]);
});

test.each([
  ["a letter the font lacks", "中 and ש", "[U+4E2D] and [U+05E9]", "中 and ש"],
  ["a picture", "🍕", "[U+1F355]", "🍕"],
  ["a control character", "a\u0000\u0009b", "a[U+0000][U+0009]b", undefined],
  ["a mark of direction", "a\u202Egpj.b", "a[U+202E]gpj.b", undefined],
  ["what has no width", "a\u200Bb\u00ADc\uFEFF", "a[U+200B]b[U+00AD]c[U+FEFF]", undefined],
  ["half a pair", "a\uD83Db", "a[U+D83D]b", undefined],
])("%s is shown as its number", (_, text, expected, copied) => {
  expect(shown(text)).toEqual([expected]);
  expect(actual(text)).toEqual([copied]);
  expect(hasReplaced(wrap(text, cell, { width: 1_000 }))).toBe(true);
});

test("a line break of any kind begins a line", () => {
  expect(shown("a\r\nb\nc\u2028d\u0085e")).toEqual(["a ", "b ", "c ", "d ", "e"]);
});

test("a letter and its combining mark are one letter, and stay on one line", () => {
  expect(shown("a\u0308")).toEqual(["ä"]);
  const lines = shown("x\u0323\u0307".repeat(50), 60);
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line).toMatch(/^\P{M}/u);
});

test("lines break after words, and within a word that has no room", () => {
  expect(shown("one two three", 32)).toEqual(["one two ", "three"]);
  const lines = shown("x".repeat(100), 60);
  expect(lines.join("")).toBe("x".repeat(100));
  expect(lines.length).toBeGreaterThan(5);
});

const texts = fc.oneof(
  fc.constantFrom(...HARD_TEXTS),
  fc.string({ unit: "binary", maxLength: 300 }),
);

test("nothing is lost, whatever the text and the width", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 40, max: 300 }), (text, width) => {
      fc.pre(!text.includes("[U+"));
      const printed = wrap(text, cell, { width })
        .map((one) => one.shown)
        .join("")
        .replace(/\[U\+([0-9A-F]+)\]/g, (_, hex: string) =>
          String.fromCodePoint(parseInt(hex, 16)),
        );
      const blanks = /[\s\u0085]/gu;
      // A break became a line, so spaces alone may differ.
      const canonical = (of: string) => of.normalize("NFC").replace(blanks, "");
      expect(canonical(printed)).toBe(canonical(text));
    }),
    { numRuns: 500 },
  );
});

test("no line is wider than its column", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 60, max: 300 }), (text, width) => {
      for (const line of wrap(text.replace(/\p{M}/gu, ""), cell, { width }))
        expect(widthOf(line)).toBeLessThanOrEqual(width + 0.001);
    }),
    { numRuns: 300 },
  );
});

test("a text of too many lines ends with an ellipsis that has room", () => {
  const lines = wrap("long ".repeat(200), cell, { width: 100, maxLines: 3 });
  expect(lines).toHaveLength(3);
  expect(lines[2]?.shown).toMatch(/lo?n?g?…$/);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(100);
  expect(wrap("one\ntwo", cell, { width: 100, maxLines: 2 }).at(-1)?.shown).toBe("two");
});

test("an amount without room becomes smaller, and stays whole", () => {
  const line = fit("+1.234.567.890.123.456.789,12", cell, 60);
  expect(line.shown).toBe("+1.234.567.890.123.456.789,12");
  expect(widthOf(line)).toBeCloseTo(60, 5);
  expect(fit("1,00", cell, 60).style).toBe(cell);
});
