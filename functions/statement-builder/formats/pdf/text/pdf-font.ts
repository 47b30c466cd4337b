/**
 * The faces of statement.pdf: Noto Sans, with all of Latin, Greek, Cyrillic and Devanagari in one file for
 * each weight, and behind it those of other scripts (`pdf-fallback.ts`).
 *
 * Shaping each word by the font's tables would take most of the time of a PDF: 160 µs a word, so 24 seconds
 * for 10,000 rows. Most scripts need it for combining marks alone, so all other text is set glyph by glyph,
 * without kerning.
 */
import { readFileSync } from "node:fs";
import { create, type Font, type GlyphPosition } from "fontkit";
import { packagedFile } from "../packaged-file.ts";

export interface PdfFace {
  readonly name: string;
  /** For pdfkit's registerFont; its `layout` takes `RIGHT_TO_LEFT` for features. */
  readonly source: Font;
  has(codePoint: number): boolean;
  /** Whether from left to right its characters are a glyph each, one behind the other. */
  isPlain(text: string): boolean;
  /** Thousandths of the size. */
  advance(codePoint: number): number;
  /** Of a text in its shapes, in thousandths. */
  advanceOf(text: string, rightToLeft: boolean): number;
}

export interface PdfFaces {
  readonly regular: PdfFace;
  readonly strong: PdfFace;
}

export interface FaceFile {
  readonly name: string;
  readonly package: string;
  readonly file: string;
  /** Whether its letters have other shapes beside each other, and not only with marks. */
  readonly joins?: boolean;
}

const NOTO_SANS = "@expo-google-fonts/noto-sans";
const REGULAR: FaceFile = {
  name: "regular",
  package: NOTO_SANS,
  file: "400Regular/NotoSans_400Regular.ttf",
};
const STRONG: FaceFile = {
  name: "strong",
  package: NOTO_SANS,
  file: "600SemiBold/NotoSans_600SemiBold.ttf",
};

/** In the place of features: pdfkit hands them on to `layout` as they are. */
export const RIGHT_TO_LEFT: readonly string[] = [];
export const LEFT_TO_RIGHT: readonly string[] = [];

const MAX_SHAPES = 1_000;

const COMBINING_MARK = /\p{M}/u;
/** Below the first of them. */
const BEFORE_MARKS = /^[\0-\u02FF]*$/;

/** Whether the glyphs of `text` have places of their own, beside one after the other. */
export function needsShaping(text: string): boolean {
  return !BEFORE_MARKS.test(text) && COMBINING_MARK.test(text);
}

let opened: PdfFaces | undefined;

/** Read once in the life of the process, with the first statement that asks for a PDF. */
export function pdfFaces(): PdfFaces {
  opened ??= { regular: openFace(REGULAR), strong: openFace(STRONG) };
  return opened;
}

/** What @types/fontkit does not know of. */
interface FontInside {
  _glyphs: Record<number, unknown>;
}

/** @throws Error for a fontkit of another shape */
export function openFace(of: FaceFile): PdfFace {
  const font = create(readFileSync(packagedFile(of.package, of.file))) as Font;
  if (typeof (font as Partial<FontInside>)._glyphs !== "object")
    throw new Error(
      "fontkit has another inside: this release only knows the version of its lock file",
    );
  const known = new Map<number, boolean>();
  const glyphs = new Map<number, PlainGlyph>();
  const glyphOf = (codePoint: number): PlainGlyph => {
    let glyph = glyphs.get(codePoint);
    if (!glyph) {
      const { id, advanceWidth } = font.glyphForCodePoint(codePoint);
      glyphs.set(codePoint, (glyph = { id, advanceWidth, codePoints: [codePoint] }));
    }
    return glyph;
  };
  const isPlain = (text: string): boolean => of.joins !== true && !needsShaping(text);
  const source = withPlainLayout(font, isPlain, glyphOf);
  const thousandths = 1000 / font.unitsPerEm;
  return {
    name: of.name,
    source,
    isPlain,
    has(codePoint) {
      let has = known.get(codePoint);
      if (has === undefined) {
        known.set(codePoint, (has = font.hasGlyphForCodePoint(codePoint)));
      }
      return has;
    },
    advance: (codePoint) => glyphOf(codePoint).advanceWidth * thousandths,
    advanceOf(text, rightToLeft) {
      const { glyphs, positions } = source.layout(
        text,
        (rightToLeft ? RIGHT_TO_LEFT : LEFT_TO_RIGHT) as string[],
      );
      const units = glyphs.reduce(
        (sum, { advanceWidth }, at) => sum + (positions[at]?.xAdvance ?? advanceWidth),
        0,
      );
      return units * thousandths;
    },
  };
}

/** What pdfkit reads of a glyph; fontkit's own looks each of them up in the file again. */
interface PlainGlyph {
  readonly id: number;
  readonly advanceWidth: number;
  readonly codePoints: readonly number[];
}

/** The font, but that what needs no shaping has no positions either: one glyph follows the other. From right to left the first glyph is the last of the text. */
function withPlainLayout(
  font: Font,
  isPlain: (text: string) => boolean,
  glyphOf: (codePoint: number) => PlainGlyph,
): Font {
  const glyphsOf = (text: string) => Array.from(text, (one) => glyphOf(one.codePointAt(0) ?? 0));
  const behindEachOther = (text: string, rightToLeft: boolean): Shape => {
    const glyphs = glyphsOf(text);
    if (rightToLeft) glyphs.reverse();
    const places = { xOffset: 0, yOffset: 0, yAdvance: 0 };
    return {
      glyphs,
      positions: glyphs.map(({ advanceWidth }) => ({ ...places, xAdvance: advanceWidth })),
    };
  };
  const shaped = makeShaper(font, behindEachOther);
  const layout = (text: string, features: readonly string[]) => {
    const rightToLeft = features === RIGHT_TO_LEFT;
    if (!isPlain(text)) return shaped(text, rightToLeft);
    return rightToLeft ? behindEachOther(text, true) : { glyphs: glyphsOf(text), positions: [] };
  };
  return Object.create(font, { layout: { value: layout } }) as Font;
}

interface Shape {
  readonly glyphs: readonly PlainGlyph[];
  readonly positions: readonly Readonly<GlyphPosition>[];
}

type Shaper = (text: string, rightToLeft: boolean) => Shape;

/**
 * Names come again and again: the latest are kept. fontkit fails where a font names no place for a mark on another, as
 * Noto's Thai does for a third on \u0E2C\u0E38: that is set by `otherwise`, for no text may keep a statement from its customer.
 */
function makeShaper(font: Font, otherwise: Shaper): Shaper {
  const known = new Map<string, Shape>();
  return (text, rightToLeft) => {
    const direction = rightToLeft ? "rtl" : "ltr";
    const key = `${direction} ${text}`;
    let shape = known.get(key);
    if (!shape) {
      if (known.size === MAX_SHAPES) known.clear();
      known.set(key, (shape = shapeOf(font, text, direction) ?? otherwise(text, rightToLeft)));
    }
    // pdfkit changes what it is given.
    return { glyphs: shape.glyphs, positions: shape.positions.map((place) => ({ ...place })) };
  };
}

/**
 * fontkit keeps each glyph with the characters that it stood for first, and shapes by them: what another statement holds
 * would show in this one's bytes. So it begins each text without any.
 */
function shapeOf(font: Font, text: string, direction: "ltr" | "rtl"): Shape | undefined {
  (font as unknown as FontInside)._glyphs = {};
  try {
    const { glyphs, positions } = font.layout(text, undefined, undefined, undefined, direction);
    return {
      glyphs: glyphs.map(({ id, advanceWidth, codePoints }) => ({ id, advanceWidth, codePoints })),
      positions,
    };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
