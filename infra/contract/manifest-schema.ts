/** JSON Schema of manifest.json, from the shape that `verifyStatement` holds it to. */
import { MANIFEST_SCHEMA } from "../../functions/domain/manifest.ts";
import { MANIFEST_JSON_SCHEMA } from "../../functions/domain/manifest-shape.ts";

/** The last part of the schema's `$id`. */
export const MANIFEST_SCHEMA_FILE = MANIFEST_SCHEMA.slice(MANIFEST_SCHEMA.lastIndexOf("/") + 1);

export function manifestSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: MANIFEST_SCHEMA,
    title: "manifest.json",
    description: DESCRIPTION,
    ...MANIFEST_JSON_SCHEMA,
  };
}

const DESCRIPTION = [
  "What a statement holds and how it was proved. Amounts are decimal strings at the currency's",
  "scale, hashes SHA-256 in lower-case hex, times RFC 3339 in UTC with milliseconds. Sums of",
  "credits and debits are magnitudes; opening + net is closing. The period is from `from`, included,",
  "to `to`, excluded; `end_date` belongs to it.",
].join(" ");
