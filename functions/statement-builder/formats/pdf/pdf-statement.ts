/** What the parts of statement.pdf are written with. */
import type { Paper } from "./paper/pdf-paper.ts";
import type { StatementContent } from "../statement-format.ts";
import type { StatementLocale } from "../statement-locale.ts";
import type { StatementWords } from "../words/statement-words.ts";

export interface PdfStatement {
  readonly content: StatementContent;
  readonly paper: Paper;
  readonly words: StatementWords;
  readonly locale: StatementLocale;
  /** How many rows are shown: all, or as many as a PDF may have. */
  readonly shownRows: number;
  /** Whether the paper is at the cover, which no account shares. */
  isCover: boolean;
}
