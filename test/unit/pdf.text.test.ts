/** Any text of the bank, as lines of statement.pdf. */
import * as fc from "fast-check";
import {
  pdfFaces,
  RIGHT_TO_LEFT,
} from "../../functions/statement-builder/formats/pdf/text/pdf-font.ts";
import { makeStyles } from "../../functions/statement-builder/formats/pdf/pdf-style.ts";
import {
  beside,
  fit,
  hasReplaced,
  widthOf,
  wrap,
  type Line,
} from "../../functions/statement-builder/formats/pdf/text/pdf-text.ts";
import { HARD_TEXTS } from "../support/statements/statement-content.ts";

const { cell } = makeStyles(pdfFaces());
const shown = (text: string, width = 1_000) => wrap(text, cell, { width }).map((one) => one.shown);
const actual = (text: string) => wrap(text, cell, { width: 1_000 }).map((one) => one.actual);

test("Latin, Greek and Cyrillic are printed as they are", () => {
  const text = "Zażółć gęślą jaźń, Ștefan, Tiếng Việt; Ξενοδοχείο ΐ; Съешь ещё, їжак — “€ 5” №";
  expect(shown(text)).toEqual([text]);
});

test.each([
  [
    "a letter that no font has",
    "\u{1D360} and \u1200",
    "[U+1D360] and [U+1200]",
    "\u{1D360} and \u1200",
  ],
  ["a picture", "🍕", "[U+1F355]", "🍕"],
  ["a control character", "a\u0000\u000Bb", "a[U+0000][U+000B]b", undefined],
  ["an override of direction", "a\u202Egpj.b", "a[U+202E]gpj.b", undefined],
  ["what has no width", "a\u200Bb\u00ADc\uFEFF", "a[U+200B]b[U+00AD]c[U+FEFF]", undefined],
  ["half a pair", "a\uD83Db", "a[U+D83D]b", undefined],
  ["a mark that its letter's font lacks", "漢\u0300", "漢[U+0300]", "漢\u0300"],
])("%s is shown as its number", (_, text, expected, copied) => {
  expect(shown(text)).toEqual([expected]);
  expect(actual(text)).toEqual([copied]);
  expect(hasReplaced(wrap(text, cell, { width: 1_000 }))).toBe(true);
});

test("what another text has printed does not change what glyphs stand for", () => {
  const [, line] = ["\uFE8E\uFEE3", "مرحبا"].map((text) => wrap(text, cell, { width: 1_000 })[0]);
  const [run] = line?.runs ?? [];
  const { glyphs } = run?.face.source.layout(run.text, RIGHT_TO_LEFT as string[]) ?? {};
  const letters = glyphs?.flatMap(({ codePoints }) => codePoints).reverse();
  expect(String.fromCodePoint(...(letters ?? []))).toBe("مرحبا");
});

test("a tab is a gap, and what joins or chooses a form is not to be seen", () => {
  for (const [text, expected] of [
    ["a\tb", "a b"],
    ["x\uFE0Fy\u200Ez", "xyz"],
  ] as const) {
    expect(shown(text)).toEqual([expected]);
    expect(actual(text)).toEqual([text]);
    expect(hasReplaced(wrap(text, cell, { width: 1_000 }))).toBe(false);
  }
  // Noto Sans has no picture of it; the joiner between two is none.
  expect(shown("👩‍💻 Freelance")).toEqual(["[U+1F469]\u200d[U+1F4BB] Freelance"]);
  // Nor have the fonts of these scripts one of it.
  for (const text of ["漢\u200d字", "김\u200c철", "של\u200dום", "漢\uFE00字"])
    expect(hasReplaced(wrap(text, cell, { width: 1_000 }))).toBe(false);
});

const runs = (text: string, width = 1_000) =>
  wrap(text, cell, { width }).map((line) =>
    line.runs
      ?.toSorted((a, b) => a.left - b.left)
      .map(({ face, text: part, rightToLeft }) => `${face.name}${rightToLeft ? "<" : ">"} ${part}`),
  );

test.each([
  ["日本電力 Co.", ["han> 日本電力", "regular>  Co."]],
  ["김철수", ["hangul> 김철수"]],
  ["สมชาย", ["thai> สมชาย"]],
  // From left to right, as they stand on the page: the first word is the last.
  ["محمد (بن) سالم", ["arabic< سالم", "regular< ( ", "arabic< بن", "regular<  )", "arabic< محمد"]],
  [
    "Cohen משה 42 בע״מ",
    ["regular> Cohen ", "hebrew< בע״מ", "regular<  ", "regular> 42", "regular<  ", "hebrew< משה"],
  ],
])("%s is set from other fonts, in the order of its script", (text, expected) => {
  expect(runs(text)).toEqual([expected]);
  expect(actual(text)).toEqual([text]);
  expect(hasReplaced(wrap(text, cell, { width: 1_000 }))).toBe(false);
});

test("two texts share a line, but not where both run from right to left", () => {
  const both = (one: string, other: string) =>
    beside(wrap(one, cell, { width: 200 }), wrap(other, cell, { width: 200 }), 200) !== undefined;
  expect(both("Acme", "Rent")).toBe(true);
  expect(both("محمد بن سالم", "Rent 1")).toBe(true);
  expect(both("Acme", "مدفوعات رقم 1")).toBe(true);
  expect(both("محمد بن سالم", "מדפועת 1")).toBe(false);
});

test("a letter that joins has another shape at the start, within and at the end of a word", () => {
  const [line] = wrap("ببب", cell, { width: 1_000 });
  const { glyphs = [] } =
    line?.runs?.[0]?.face.source.layout("ببب", RIGHT_TO_LEFT as string[]) ?? {};
  expect(new Set(glyphs.map(({ id }) => id)).size).toBe(3);
});

test("texts without spaces break between words, and not before their punctuation", () => {
  const lines = wrap("東京電力株式会社、電気料金。".repeat(6), cell, { width: 100 });
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) {
    expect(widthOf(line)).toBeLessThanOrEqual(100);
    expect(line.shown).toMatch(/^[^、。]/u);
  }
  expect(lines.map((line) => line.actual).join("")).toBe("東京電力株式会社、電気料金。".repeat(6));
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
        .map((one) => one.actual ?? one.shown)
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

test("lines are the same whether their characters were set before or not", () => {
  const plain = fc.string({ unit: fc.constantFrom(...Array.from("aWi. -/–\u00a0ÄŁ€1,")) });
  fc.assert(
    fc.property(plain, fc.integer({ min: 10, max: 120 }), (text, width) => {
      // In a face of its own nothing was.
      const style = { ...cell, face: { ...cell.face } };
      const lines = (of: Line[]) => of.map((line) => [line.shown, line.actual, widthOf(line)]);
      const laidOut = () => [
        ...lines(wrap(text, style, { width })),
        ...lines(wrap(text, style, { width, maxLines: 2 })),
        ...lines([fit(text, style, width)]),
      ];
      const first = laidOut();
      expect(laidOut()).toEqual(first);
    }),
    { numRuns: 500 },
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
