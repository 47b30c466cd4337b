/**
 * `transactions.jsonl`: transactions.csv as JSON Lines (jsonlines.org), one object a line, for
 * programs. UTF-8 without a mark, LF. Amounts stay decimal strings and ids strings, as no JSON
 * number holds them exactly; what is absent is `null`. Texts are the bank's own: JSON is no
 * spreadsheet, so nothing is guarded against formulas here.
 */
import { propertyOf } from "../../domain/columns.ts";
import { FORMAT_FILES } from "../../domain/manifest.ts";
import { formatAmount } from "../../domain/money/money.ts";
import type { StatementContent, StatementFormat, StatementRow } from "./statement-format.ts";
import { eachRow, inBlocks } from "./text-blocks.ts";

export const jsonl: StatementFormat = {
  path: FORMAT_FILES.jsonl,
  // Not registered at IANA, but what jsonlines.org names.
  mediaType: "application/jsonl",
  isTable: true,
  write: (content) => inBlocks(lines(content)),
};

interface Member {
  readonly property: keyof StatementRow;
  /** What stands in front of its value: the name, and a comma behind the one before. */
  readonly before: string;
}

async function* lines(content: StatementContent): AsyncGenerator<Iterable<string>> {
  const members = content.columns.map(({ name }, place): Member => {
    const before = `${place === 0 ? "{" : ","}${JSON.stringify(name)}:`;
    return { property: propertyOf(name) as keyof StatementRow, before };
  });
  for await (const rows of content.allRows()) yield eachRow(rows, (row) => line(row, members));
}

function line(row: StatementRow, members: readonly Member[]): string {
  let text = "";
  for (const { property, before } of members) {
    const value = row[property];
    text += before;
    if (typeof value === "bigint") text += `"${formatAmount(value, row.minorUnit)}"`;
    else text += typeof value === "string" ? jsonString(value) : String(value);
  }
  return `${text}}\n`;
}

/** Of characters that stand for themselves in JSON, which most texts are whole. */
const PLAIN = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/;

function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
