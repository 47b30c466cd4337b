/** JSON Schema of manifest.json, from the shape that `verifyStatement` holds it to. */
import {
  MANIFEST_SCHEMA,
  MANIFEST_SCHEMAS,
  type ManifestSchema,
} from "../../../functions/domain/manifest.ts";
import {
  manifestJsonSchema,
  type JsonSchema,
} from "../../../functions/verification/manifest-shape.ts";

/** Of every version up to the one that is written. */
export const PUBLISHED_SCHEMAS = MANIFEST_SCHEMAS.slice(
  0,
  MANIFEST_SCHEMAS.indexOf(MANIFEST_SCHEMA) + 1,
);

/** The last part of the schema's `$id`. */
export function manifestSchemaFile(id: ManifestSchema): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** JSON Schema 2020-12. */
export function manifestSchema(id: ManifestSchema): JsonSchema {
  let schema = manifestJsonSchema(id);
  for (const [place, description] of Object.entries(DESCRIPTIONS)) {
    schema = describe(schema, place.split("."), description);
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: id,
    title: "manifest.json",
    description:
      "What a statement holds and how it was proved. Amounts are decimal strings at the currency's " +
      "scale, hashes SHA-256 in lower-case hex, times RFC 3339 in UTC with milliseconds.",
    ...schema,
  };
}

/** By place: names with points between, `*` for each of a list. */
const DESCRIPTIONS = {
  statement_id: "The object's file name without .zip.",
  request_id: "Name of the request's record in the ledger.",
  attempt: "Which attempt of the builder made it.",
  supersedes: "statement_id of the statement this one replaces.",
  customer_id: "Opaque.",
  period: "From `from`, included, to `to`, excluded; both dates are included.",
  "period.time_zone": "Of both dates, a name of the IANA database.",
  "period.from": "First instant of the period.",
  "period.to": "First instant after it.",
  "period.from_epoch": "The same in seconds since 1970-01-01T00:00:00Z.",
  "period.to_epoch": "The same in seconds since 1970-01-01T00:00:00Z.",
  as_of: "Instant of the database snapshot, or of its data where as_of_basis says so.",
  as_of_basis:
    "Not there: the clock of a server that takes the writes. watermark: the bank's data is whole up to " +
    "as_of. replica_clock: the clock of a read-only server, whose data may be older.",
  generated_at: "The upload time in the object's key.",
  columns: "Of transactions.csv, in their order. Without it: those of version 1.",
  "columns.*.kind": "What its values are: a later release may add a kind.",
  rows: "Of transactions.csv without its header.",
  totals: "One of each account and currency, without rows too.",
  "totals.*.minor_unit": "Digits after the point of every amount.",
  "totals.*.credits.sum": "A magnitude. Zero amounts count as credits.",
  "totals.*.debits.sum": "A magnitude.",
  "totals.*.net": "Credits less debits.",
  "totals.*.closing": "Opening plus net.",
  content_sha256:
    "Of all bytes of transactions.csv after the header's line end, in default options.",
  files:
    "Every entry of the zip but manifest.json and SHA256SUMS, in their order. A file of one account names " +
    "it, and its currency.",
  "files.*.rows": "Without the header; null for what is no table.",
  checks: "Passed before the manifest was written.",
  partial: "Whether the last day was not over.",
  pending_included: "Whether a file of its own has pending transactions.",
} as const;

/** The schema with a description at this place. @throws Error when there is no such place */
function describe(schema: JsonSchema, place: readonly string[], description: string): JsonSchema {
  const [name, ...rest] = place;
  if (name === undefined) return { ...schema, description };
  const below = (at: unknown): JsonSchema => {
    if (typeof at !== "object" || at === null) throw new Error(`no ${name} in the manifest`);
    return describe({ ...at }, rest, description);
  };
  if (name === "*") return { ...schema, items: below(schema["items"]) };
  const properties = schema["properties"] as JsonSchema | undefined;
  return { ...schema, properties: { ...properties, [name]: below(properties?.[name]) } };
}
