import type { Manifest } from "../../../functions/domain/manifest.ts";
import { readAsText, unguardFormula } from "../../../functions/domain/csv/csv-field.ts";

/** Statements of version 1 were guarded in front alone. */
const FRONT_GUARD = /^'(?=[\0\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u;

/**
 * The text that the bank has, from a field of kind `text` or `id` as a reader of CSV finds it: without the
 * apostrophes by which a spreadsheet does not take it, or a part of it, for a formula, and with `ids_as_text` from
 * `="000123"`. Exact for every text of version 2; in version 1 a text that had such an apostrophe of its own loses it.
 */
export function bankText(
  field: string,
  { schema, csv }: Pick<Manifest, "schema"> & Partial<Pick<Manifest, "csv">>,
): string {
  const isFirst = schema === "https://transactions-collector.io/schemas/manifest.v1.json";
  if (isFirst) return field.replace(FRONT_GUARD, "");
  return unguardFormula((csv?.ids_as_text === true && readAsText(field)) || field);
}
