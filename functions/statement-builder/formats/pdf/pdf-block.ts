/** Headings and paragraphs of statement.pdf. */
import type { Paper } from "./paper/pdf-paper.ts";
import type { Element } from "./paper/pdf-structure.ts";
import type { PdfStatement } from "./pdf-statement.ts";
import { CONTENT_WIDTH, PAGE, type TextStyle } from "./pdf-style.ts";
import { wrap, type Line } from "./text/pdf-text.ts";

/** A heading or a paragraph over the whole width. */
export function block(
  { paper }: PdfStatement,
  parent: Element,
  type: "H1" | "H2" | "P",
  text: string,
  style: TextStyle,
): void {
  const lines = wrap(text, style, { width: CONTENT_WIDTH });
  paper.need(lines.length * style.leading);
  paper.place(type, parent, () => drawLines(paper, lines, PAGE.left));
}

/** Below each other, from where the paper is at; leaves it below them. */
export function drawLines(paper: Paper, lines: readonly Line[], x: number): void {
  for (const line of lines) {
    const { leading, size } = line.style;
    paper.line(line, x, paper.y + leading / 2 + size * 0.36);
    paper.y += leading;
  }
}
