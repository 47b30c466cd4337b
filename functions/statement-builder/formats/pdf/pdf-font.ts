/**
 * The two faces of statement.pdf: Noto Sans, with all of Latin, Greek and Cyrillic in one file for each
 * weight (SIL Open Font License 1.1, from @expo-google-fonts/noto-sans).
 *
 * Shaping each word by the font's tables would take most of the time of a PDF: 160 µs a word, so 24 seconds
 * for 10,000 rows. These three scripts need it for combining marks alone, so all other text is set glyph by glyph,
 * without kerning.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { create, type Font } from "fontkit";

export interface PdfFace {
  readonly name: "regular" | "strong";
  /** For pdfkit's registerFont. */
  readonly source: Font;
  has(codePoint: number): boolean;
  /** Thousandths of the size. */
  advance(codePoint: number): number;
}

export interface PdfFaces {
  readonly regular: PdfFace;
  readonly strong: PdfFace;
}

const REGULAR = "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf";
const STRONG = "@expo-google-fonts/noto-sans/600SemiBold/NotoSans_600SemiBold.ttf";

const COMBINING_MARK = /\p{M}/u;

/** Whether the glyphs of `text` have places of their own, beside one after the other. */
export function needsShaping(text: string): boolean {
  return COMBINING_MARK.test(text);
}

let opened: PdfFaces | undefined;

/** Read once in the life of the process, with the first statement that asks for a PDF. */
export function pdfFaces(): PdfFaces {
  opened ??= { regular: openFace("regular", REGULAR), strong: openFace("strong", STRONG) };
  return opened;
}

function openFace(name: PdfFace["name"], file: string): PdfFace {
  const font = create(readFileSync(pathOf(file))) as Font;
  const characters = new Set(font.characterSet);
  const glyphs = new Map<number, PlainGlyph>();
  const glyphOf = (codePoint: number): PlainGlyph => {
    let glyph = glyphs.get(codePoint);
    if (!glyph) {
      const { id, advanceWidth } = font.glyphForCodePoint(codePoint);
      glyphs.set(codePoint, (glyph = { id, advanceWidth, codePoints: [codePoint] }));
    }
    return glyph;
  };
  return {
    name,
    source: withPlainLayout(font, glyphOf),
    has: (codePoint) => characters.has(codePoint),
    advance: (codePoint) => (glyphOf(codePoint).advanceWidth * 1000) / font.unitsPerEm,
  };
}

/** What pdfkit reads of a glyph; fontkit's own looks each of them up in the file again. */
interface PlainGlyph {
  readonly id: number;
  readonly advanceWidth: number;
  readonly codePoints: readonly number[];
}

/** In an image the fonts lie beside the program, elsewhere in their package. */
function pathOf(file: string): string {
  const beside = join(import.meta.dirname, basename(file));
  return existsSync(beside) ? beside : createRequire(import.meta.url).resolve(file);
}

/** The font, but that what needs no shaping has no positions either: one glyph follows the other. */
function withPlainLayout(font: Font, glyphOf: (codePoint: number) => PlainGlyph): Font {
  const layout = (text: string) =>
    needsShaping(text)
      ? font.layout(text)
      : { glyphs: Array.from(text, (one) => glyphOf(one.codePointAt(0) ?? 0)), positions: [] };
  return Object.create(font, { layout: { value: layout } }) as Font;
}
