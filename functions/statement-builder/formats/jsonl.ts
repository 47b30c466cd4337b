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
import { inBlocks } from "./text-blocks.ts";

export const jsonl: StatementFormat = {
  path: FORMAT_FILES.jsonl,
  // Not registered at IANA, but what jsonlines.org names.
  mediaType: "application/jsonl",
  isTable: true,
  write: (content) => inBlocks(lines(content)),
};

async function* lines(content: StatementContent): AsyncGenerator<readonly string[]> {
  const properties = content.columns.map(
    ({ name }) => [name, propertyOf(name) as keyof StatementRow] as const,
  );
  for await (const rows of content.allRows()) yield rows.map((row) => line(row, properties));
}

/** In the order of the columns. */
function line(
  row: StatementRow,
  properties: readonly (readonly [name: string, property: keyof StatementRow])[],
): string {
  const object: Record<string, unknown> = {};
  for (const [name, property] of properties) {
    const value = row[property];
    object[name] = typeof value === "bigint" ? formatAmount(value, row.minorUnit) : value;
  }
  return `${JSON.stringify(object)}\n`;
}
