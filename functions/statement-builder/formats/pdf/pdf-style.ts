/** How a page of statement.pdf looks. Lengths are points, 1/72 inch. */
import type { PdfFaces, PdfFace } from "./text/pdf-font.ts";

/** A4. */
export const PAGE = {
  width: 595.28,
  height: 841.89,
  left: 42,
  right: 553.28,
  top: 60,
  bottom: 792,
};
export const CONTENT_WIDTH = PAGE.right - PAGE.left;

/** Each text on white has a contrast of 4.5 to 1 or more. */
export const COLOURS = {
  ink: "#1B2430",
  quiet: "#5A6675",
  accent: "#17406D",
  line: "#D5DBE2",
  panel: "#F2F5F9",
} as const;

export interface TextStyle {
  readonly face: PdfFace;
  readonly size: number;
  readonly colour: string;
  /** From one line to the next. */
  readonly leading: number;
}

export type Styles = ReturnType<typeof makeStyles>;

/** @param accent the bank's own colour, in which headings are */
export function makeStyles({ regular, strong }: PdfFaces, accent: string = COLOURS.accent) {
  const style = (face: PdfFace, size: number, colour: string, leading: number): TextStyle => ({
    face,
    size,
    colour,
    leading,
  });
  const texts = {
    title: style(strong, 24, accent, 30),
    subtitle: style(regular, 12, COLOURS.ink, 16),
    heading: style(strong, 13, accent, 18),
    text: style(regular, 8.5, COLOURS.ink, 12.5),
    strongText: style(strong, 8.5, COLOURS.ink, 12.5),
    label: style(regular, 8.5, COLOURS.quiet, 12.5),
    note: style(regular, 7.5, COLOURS.quiet, 11),
    head: style(strong, 7.2, accent, 9.4),
    cell: style(regular, 7.8, COLOURS.ink, 9.6),
    strongCell: style(strong, 7.8, COLOURS.ink, 9.6),
    quietCell: style(regular, 6.5, COLOURS.quiet, 8),
    edge: style(regular, 7, COLOURS.quiet, 9.5),
  } satisfies Record<string, TextStyle>;
  return { ...texts, accent };
}
