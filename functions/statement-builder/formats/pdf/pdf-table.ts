/** A table over any number of pages: its head is repeated on each, for the eye alone. */
import { COLOURS, CONTENT_WIDTH, PAGE } from "./pdf-style.ts";
import type { Element, Paper } from "./pdf-paper.ts";
import { fit, widthOf, wrap, type Line } from "./pdf-text.ts";

export interface Column {
  readonly title: string;
  /** Points, of which the last few are the gap to the next column. */
  readonly width: number;
  readonly align: "left" | "right";
}

export interface Table {
  /** Each cell as its lines, in the order of the columns. */
  row(cells: readonly (readonly Line[])[], options?: RowOptions): void;
  /** Where the next `rows` belong together, as a total does: the next page unless all have room. */
  keep(height: number): void;
  end(): void;
}

export interface RowOptions {
  /** A panel behind it. */
  readonly marked?: boolean;
}

const GAP = 7;
const PADDING = 3;

/** What text has of a column. */
export function roomOf({ width }: Column): number {
  return width - GAP;
}

/**
 * @param firstRows how high the rows are that the head must not be parted from.
 */
export function openTable(
  paper: Paper,
  parent: Element,
  columns: readonly Column[],
  firstRows = 40,
): Table {
  const titles = columns.map((column) =>
    wrap(column.title, paper.styles.head, { width: roomOf(column) }),
  );
  const headHeight = heightOf(titles) + 2 * PADDING;
  paper.need(headHeight + firstRows);
  const table = paper.open("Table", parent);
  const head = paper.open("TR", table);
  drawCells(titles, (draw) => paper.place("TH", head, draw, { scope: "Column" }));
  head.end();
  endHead();

  return {
    row(cells, { marked = false } = {}) {
      const height = heightOf(cells) + 2 * PADDING;
      turnFor(height);
      if (marked)
        paper.decorate(() =>
          // The rule above stays whole.
          paper.panel(PAGE.left, paper.y + 0.2, CONTENT_WIDTH, height, COLOURS.panel),
        );
      const row = paper.open("TR", table);
      drawCells(cells, (draw) => paper.place("TD", row, draw));
      row.end();
      paper.y += height;
      paper.decorate(() => paper.rule(paper.y, COLOURS.line, 0.4));
    },
    keep: turnFor,
    end() {
      table.end();
    },
  };

  function turnFor(height: number): void {
    if (!paper.need(height)) return;
    paper.decorate(() => drawCells(titles, (draw) => draw()));
    endHead();
  }

  function endHead(): void {
    paper.y += headHeight;
    paper.decorate(() => paper.rule(paper.y, COLOURS.accent, 0.9));
  }

  function drawCells(cells: readonly (readonly Line[])[], place: (draw: () => void) => void): void {
    let left = PAGE.left;
    columns.forEach((column, index) => {
      const [x, lines] = [left, cells[index] ?? []];
      place(() => drawLines(lines, column, x));
      left += column.width;
    });
  }

  function drawLines(lines: readonly Line[], { align, width }: Column, left: number): void {
    let y = paper.y + PADDING;
    for (const line of lines) {
      const { leading, size } = line.style;
      // Letters stand in the middle of their leading.
      const baseline = y + leading / 2 + size * 0.36;
      paper.line(line, align === "left" ? left : left + width - widthOf(line), baseline);
      y += leading;
    }
  }
}

function heightOf(cells: readonly (readonly Line[])[]): number {
  const heights = cells.map((lines) => lines.reduce((sum, { style }) => sum + style.leading, 0));
  return Math.max(...heights);
}

/** An amount: whole, in a smaller size where it would not fit. */
export function amountCell(text: string, column: Column, style: Line["style"]): readonly Line[] {
  return [fit(text, style, roomOf(column))];
}
