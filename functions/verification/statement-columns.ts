/** Which columns the rows of a statement must have, from what its manifest says. */
import { FIRST_COLUMNS, isAmountName } from "../domain/columns.ts";
import { MANIFEST_SCHEMAS, type Manifest } from "../domain/manifest.ts";
import { WrongStatement } from "./wrong-statement.ts";

/**
 * Of transactions.csv. Version 1 has its own and no others, whether the manifest names them or not.
 * @throws WrongStatement when the manifest contradicts its version, or a name its kind
 */
export function columnsOf({ schema, columns }: Manifest): readonly string[] {
  const names = columns?.map(({ name }) => name) ?? FIRST_COLUMNS;
  const isFirst = schema === MANIFEST_SCHEMAS[0];
  const right =
    (!isFirst || names.join() === FIRST_COLUMNS.join()) &&
    // A decimal comma was looked for by name.
    columns?.every(({ name, kind }) => isAmountName(name) === (kind === "amount")) !== false;
  if (!right) throw new WrongStatement("the manifest names columns that it cannot have");
  return names;
}

/** Of pending.csv: from version 2 on some of the same may be missing. */
export function pendingColumnsOf(manifest: Manifest, found: readonly string[]): readonly string[] {
  const columns = columnsOf(manifest);
  if (manifest.schema === MANIFEST_SCHEMAS[0]) return columns;
  return columns.filter((name) => found.includes(name));
}
