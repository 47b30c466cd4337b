/** A table over any number of pages: its head is repeated on each, for the eye alone. */
import { COLOURS, CONTENT_WIDTH, PAGE } from "./pdf-style.ts";
import type { Paper } from "./paper/pdf-paper.ts";
import type { Element } from "./paper/pdf-structure.ts";
import { fit, widthOf, wrap, type Line } from "./text/pdf-text.ts";

export interface Column {
  readonly title: string;
  /** Points, of which the last few are the gap to the next column. */
  readonly width: number;
  readonly align: "left" | "right";
}

/** Each cell as its lines, in the order of the columns. */
export type Cells = readonly (readonly Line[])[];

export interface Table {
  row(cells: Cells, options?: RowOptions): void;
  /** Where the next `rows` belong together, as a total does: the next page unless all have room. */
  keep(height: number): void;
  end(): void;
}

export interface RowOptions {
  /** A panel behind it. */
  readonly marked?: boolean;
  /** Belongs to the row before it: nothing between them, and its first cell, being the same, is left out. */
  readonly joined?: boolean;
}

export interface TableOptions {
  /** Points between a row's lines and its edges. */
  readonly padding?: number;
  /** How high the rows are that the head must not be parted from. */
  readonly firstRows?: number;
  /** What stands at the end of a page and on top of the next one, as the head does: for the eye alone. */
  readonly carry?: { readonly forward: () => Cells; readonly back: () => Cells };
}

const GAP = 7;
const PADDING = 3;

/** What text has of a column. */
export function roomOf({ width }: Column): number {
  return width - GAP;
}

export function openTable(
  paper: Paper,
  parent: Element,
  columns: readonly Column[],
  { padding = PADDING, firstRows = 40, carry }: TableOptions = {},
): Table {
  const titles = columns.map((column) =>
    wrap(column.title, paper.styles.head, { width: roomOf(column) }),
  );
  const headHeight = heightOf(titles) + 2 * PADDING;
  const carryHeight = carry ? paper.styles.strongCell.leading + 2 * padding : 0;
  paper.need(headHeight + firstRows);
  const table = paper.open("Table", parent);
  const head = paper.open("TR", table);
  drawCells(titles, PADDING, (draw) => paper.place("TH", head, draw, { scope: "Column" }));
  head.end();
  endHead();
  /** Whether the rule under what stands above is there already. */
  let ruled = true;

  return {
    row(cells, { marked = false, joined = false } = {}) {
      const height = heightOf(cells) + 2 * padding;
      const continues = !turnFor(height) && joined;
      if (!continues) rule();
      if (marked) panel(height);
      const row = paper.open("TR", table);
      const shown = continues ? [[], ...cells.slice(1)] : cells;
      drawCells(shown, padding, (draw) => paper.place("TD", row, draw));
      row.end();
      paper.y += height;
      ruled = false;
    },
    keep: turnFor,
    end() {
      rule();
      table.end();
    },
  };

  function rule(): void {
    if (!ruled) paper.decorate(() => paper.rule(paper.y, COLOURS.line, 0.4));
    ruled = true;
  }

  function panel(height: number): void {
    // The rule above stays whole.
    paper.decorate(() =>
      paper.panel(PAGE.left, paper.y + 0.2, CONTENT_WIDTH, height - 0.2, COLOURS.panel),
    );
  }

  function turnFor(height: number): boolean {
    if (paper.y + height + carryHeight <= PAGE.bottom) return false;
    rule();
    if (carry) drawCarry(carry.forward());
    paper.nextPage();
    paper.decorate(() => drawCells(titles, PADDING, (draw) => draw?.()));
    endHead();
    ruled = true;
    if (!carry) return true;
    drawCarry(carry.back());
    ruled = false;
    return true;
  }

  function drawCarry(cells: Cells): void {
    panel(carryHeight);
    paper.decorate(() => drawCells(cells, padding, (draw) => draw?.()));
    paper.y += carryHeight;
  }

  function endHead(): void {
    paper.y += headHeight;
    paper.decorate(() => paper.rule(paper.y, paper.styles.accent, 0.9));
  }

  function drawCells(cells: Cells, above: number, place: (draw?: () => void) => void): void {
    let left = PAGE.left;
    columns.forEach((column, index) => {
      const [x, lines] = [left, cells[index] ?? []];
      place(lines.length === 0 ? undefined : () => drawLines(lines, column, x, paper.y + above));
      left += column.width;
    });
  }

  function drawLines(
    lines: readonly Line[],
    { align, width }: Column,
    left: number,
    top: number,
  ): void {
    let y = top;
    for (const line of lines) {
      const { leading, size } = line.style;
      // Letters stand in the middle of their leading.
      const baseline = y + leading / 2 + size * 0.36;
      paper.line(line, align === "left" ? left : left + width - widthOf(line), baseline);
      y += leading;
    }
  }
}

function heightOf(cells: Cells): number {
  const heights = cells.map((lines) => lines.reduce((sum, { style }) => sum + style.leading, 0));
  return Math.max(...heights);
}

/** An amount: whole, in a smaller size where it would not fit. */
export function amountCell(text: string, column: Column, style: Line["style"]): readonly Line[] {
  return [fit(text, style, roomOf(column))];
}
