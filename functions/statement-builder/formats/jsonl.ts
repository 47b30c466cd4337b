/**
 * `transactions.jsonl`: transactions.csv as JSON Lines (jsonlines.org), one object a line, for
 * programs. UTF-8 without a mark, LF. Amounts stay decimal strings and ids strings, as no JSON
 * number holds them exactly; what is absent is `null`. Texts are the bank's own: JSON is no
 * spreadsheet, so nothing is guarded against formulas here.
 */
import { propertyOf, type Column } from "../../domain/columns.ts";
import { FORMAT_FILES } from "../../domain/manifest.ts";
import { formatAmount } from "../../domain/money/money.ts";
import type { StatementContent, StatementFormat, StatementRow } from "./statement-format.ts";
import type { RowTemplate, TemplateStep } from "./row-template.ts";
import { inBlocks, writtenRows } from "./text-blocks.ts";

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

async function* lines(content: StatementContent): AsyncGenerator<Iterable<string | Buffer>> {
  const { columns } = content;
  const members = columns.map(({ name }, place): Member => {
    return { property: propertyOf(name) as keyof StatementRow, before: before(name, place) };
  });
  const template = templateOf(columns);
  for await (const rows of content.allRows()) {
    yield writtenRows(rows, template, (row) => line(row, members));
  }
}

function before(name: string, place: number): string {
  return `${place === 0 ? "{" : ","}${JSON.stringify(name)}:`;
}

/** By columns: few, and the same for all statements of an installation. */
const templates = new WeakMap<readonly Column[], RowTemplate>();

/** The same as `line`. */
function templateOf(columns: readonly Column[]): RowTemplate {
  const template = templates.get(columns) ?? makeTemplate(columns);
  templates.set(columns, template);
  return template;
}

function makeTemplate(columns: readonly Column[]): RowTemplate {
  const members = columns.flatMap((column, place) => [
    before(column.name, place),
    ...valueOf(column),
  ]);
  return { escape: "json", steps: [...members, "}\n"] };
}

function valueOf(column: Column): readonly TemplateStep[] {
  const { name, kind } = column;
  const how = column.nullable ? ({ nullable: true } as const) : {};
  switch (name) {
    case "line":
      return [{ number: "line" }];
    case "amount":
      return ['"', { number: "amount" }, '"'];
    case "balance_after":
      return ['"', { number: "balance" }, '"'];
    case "credit_debit":
      return [{ side: ['"CRDT"', '"DBIT"'] }];
  }
  if (kind === "amount") return [{ decimal: name, ...how }];
  return [kind === "instant" ? { instant: name, ...how } : { text: name, ...how }];
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
