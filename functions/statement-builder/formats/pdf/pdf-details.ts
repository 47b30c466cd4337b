/** The details of a transaction in statement.pdf: who, what for, and in small what identifies it. */
import type { PdfStatement } from "./pdf-statement.ts";
import type { TextStyle } from "./pdf-style.ts";
import { beside, stack, wrap, type Line } from "./text/pdf-text.ts";
import type { StatementRow } from "../statement-format.ts";
import { typeWord } from "../words/type-words.ts";
import { firstCharacters, fits } from "../xml-text.ts";

/** Longer texts end with an ellipsis, so that a row has room on a page. */
const MAX_LINES = { name: 4, description: 12, note: 6 } as const;
/**
 * More than a line has room for, in units of UTF-16, marks and joiners included. What is behind is not looked at: a
 * text of a megabyte would be seconds of work, and one of marks alone a minute.
 */
const MOST_A_LINE = 300;

const LONG_MASK = /\*{5,}/;
/** Nothing that a line would be worth: blanks, a lone dash. */
const SAYS_NOTHING = /^[\s\p{P}]*$/u;

export function detailsOf(statement: PdfStatement, row: StatementRow, width: number): Line[] {
  const { words, paper } = statement;
  const { cell, strongCell, quietCell } = paper.styles;
  const of = (text: string | null, style: TextStyle, maxLines: number): Line[] => {
    if (text === null || SAYS_NOTHING.test(text)) return [];
    const all = text.trim();
    const begun = beginningOf(all, maxLines);
    const lines = wrap(begun, style, { width, maxLines });
    // With fewer lines the ellipsis at their end is the text's own.
    const fitted = lines.length < maxLines || !lines.at(-1)?.shown.endsWith("…");
    const whole = fitted && begun === all;
    return whole ? lines : stack(lines, wrap(`(${words.fullText})`, quietCell, { width }));
  };
  const name = of(row.counterpartyName, strongCell, MAX_LINES.name);
  const description = of(row.description, cell, MAX_LINES.description);
  return stack(
    ...(beside(name, description, width) ?? [name, description]),
    of(identityOf(statement, row), quietCell, MAX_LINES.note),
  );
}

/** As much as can be shown, and a sign that there is more. */
function beginningOf(text: string, lines: number): string {
  const most = lines * MOST_A_LINE;
  return fits(text, most) ? text : `${firstCharacters(text, most)}…`;
}

function identityOf({ words, content }: PdfStatement, row: StatementRow): string {
  const parts = [
    typeWord(content, row.type),
    row.counterpartyAccount?.replace(LONG_MASK, "****"),
    labelled(words.reference, row.reference),
    labelled(words.transactionId, row.transactionId),
    labelled(words.reversalOf, row.reversalOf),
  ];
  return parts.filter(Boolean).join("\u00a0· ");
}

function labelled(label: string, value: string | null): string | null {
  return value === null || value === "" ? null : `${label}\u00a0${value}`;
}
