import type { Manifest } from "../../../functions/domain/manifest.ts";
import { unguardFormula } from "../../../functions/domain/csv/csv-field.ts";

/** Statements of version 1 were guarded in front alone. */
const FRONT_GUARD = /^'(?=[\0\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u;

/**
 * The text that the bank has, from a field of kind `text` as a reader of CSV finds it: without the
 * apostrophes by which a spreadsheet does not take it, or a part of it, for a formula. Exact for every text of
 * version 2; in version 1 a text that had such an apostrophe of its own loses it.
 */
export function bankText(field: string, { schema }: Pick<Manifest, "schema">): string {
  const isFirst = schema === "https://transactions-collector.io/schemas/manifest.v1.json";
  return isFirst ? field.replace(FRONT_GUARD, "") : unguardFormula(field);
}
