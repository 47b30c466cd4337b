/**
 * Texts and panels as the operators of a page: one where pdfkit's own `text` takes ten, and measures the text three
 * times. A colour or a font is named when it changes.
 */
import type { TextStyle } from "../pdf-style.ts";
import { LEFT_TO_RIGHT, RIGHT_TO_LEFT, type PdfFace } from "../text/pdf-font.ts";
import type { Run } from "../text/pdf-order.ts";
import { behind, type Line } from "../text/pdf-text.ts";
import type { GlyphTable, PdfBytes } from "./pdf-bytes.ts";
import type { Encoded, Inside, InsideFont } from "./pdf-inside.ts";
import { textString } from "./pdf-string.ts";

/** A face as the document has it. */
export interface PenFont {
  readonly font: InsideFont;
  readonly glyphs: GlyphTable;
}

type Part = Pick<Run, "face" | "text" | "actual" | "rightToLeft">;

export class PdfPen {
  readonly #inside: Inside;
  readonly #operators: PdfBytes;
  readonly #fontOf: (face: PdfFace) => PenFont;
  #colour = "";
  #face: PdfFace | undefined;
  #size = 0;

  /** @param operators of the page that is drawn on */
  constructor(inside: Inside, operators: PdfBytes, fontOf: (face: PdfFace) => PenFont) {
    this.#inside = inside;
    this.#operators = operators;
    this.#fontOf = fontOf;
  }

  /** On a new page nothing is set. */
  beginPage(): void {
    this.#colour = "";
    this.#face = undefined;
  }

  panel(x: number, y: number, width: number, height: number, colour: string): void {
    this.#fill(colour);
    const operators = this.#operators.number(x).text(" ").number(y).text(" ");
    operators.number(width).text(" ").number(height).text(" re f\n");
  }

  line(line: Line, x: number, baseline: number): void {
    const { shown, actual, style, runs, after } = line;
    const { face, size } = style;
    for (const run of runs ?? []) this.#part(run, style, x + run.left * (size / 1000), baseline);
    if (!runs && shown !== "") {
      const whole = { face, text: shown, rightToLeft: false };
      this.#part(actual === undefined ? whole : { ...whole, actual }, style, x, baseline);
    }
    if (after) this.line(after, x + behind(line), baseline);
  }

  #part({ face, text, actual, rightToLeft }: Part, style: TextStyle, x: number, y: number): void {
    const operators = this.#operators;
    // The first glyph from the left is the last letter: ISO 32000-1, 14.8.2.3.3.
    if (rightToLeft) operators.text("/ReversedChars BMC\n");
    else if (actual !== undefined) operators.text(`/Span<</ActualText${textString(actual)}>>BDC\n`);
    const { font, glyphs } = this.#set(face, style);
    // The page's y runs down, that of letters up.
    operators.text("BT 1 0 0 -1 ").number(x).text(" ").number(y).text(" Tm ");
    if (!rightToLeft && face.isPlain(text)) operators.glyphs(text, glyphs).text("Tj ET\n");
    else {
      const encoded = font.encode(text, rightToLeft ? RIGHT_TO_LEFT : LEFT_TO_RIGHT);
      operators.text(placedGlyphs(encoded, style.size)).text(" ET\n");
    }
    if (rightToLeft || actual !== undefined) operators.text("EMC\n");
  }

  #set(face: PdfFace, { size, colour }: TextStyle): PenFont {
    this.#fill(colour);
    const known = this.#fontOf(face);
    if (face === this.#face && size === this.#size) return known;
    [this.#face, this.#size] = [face, size];
    const { font } = known;
    this.#inside.page.fonts[font.id] ??= font.ref();
    this.#operators.text("/").text(font.id).text(" ").number(size).text(" Tf\n");
    return known;
  }

  #fill(colour: string): void {
    if (colour === this.#colour) return;
    this.#colour = colour;
    this.#operators.text(rgb(colour)).text(" rg\n");
  }
}

/** PDF's operators for glyphs that may stand beside and above their line. */
function placedGlyphs([glyphs, positions]: Encoded, size: number): string {
  if (positions.length === 0) return `<${glyphs.join("")}> Tj`;
  let pen = 0;
  const placed = positions.map(({ xAdvance, xOffset, yOffset, advanceWidth }, at) => {
    const left = pen + xOffset;
    pen += xAdvance;
    return { hex: glyphs[at] ?? "", left, right: left + advanceWidth, rise: yOffset };
  });
  let operators = "";
  let [risen, reached] = [0, 0];
  for (const { hex, left, right, rise } of placed) {
    if (rise !== risen) operators += `${((rise * size) / 1000).toFixed(2)} Ts `;
    operators += `[${(reached - left).toFixed(0)} <${hex}>] TJ `;
    [risen, reached] = [rise, right];
  }
  return risen === 0 ? operators : `${operators}0 Ts`;
}

/** `#RRGGBB` as PDF's three numbers. */
export function rgb(colour: string): string {
  let numbers = colours.get(colour);
  if (numbers === undefined) colours.set(colour, (numbers = numbersOf(colour)));
  return numbers;
}
/** Those of the styles, and the bank's own. */
const colours = new Map<string, string>();

function numbersOf(colour: string): string {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  return parts.map((part) => part.toFixed(3)).join(" ");
}
