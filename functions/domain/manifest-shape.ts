/**
 * Whether a value read from JSON has every field of a manifest, each of its type, and in the lists
 * that are compared as text nothing else. What the fields say is not looked at here.
 */
import { MANIFEST_SCHEMA, type Manifest } from "./manifest.ts";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** RFC 3339 in UTC with milliseconds. */
const instant: Check = (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);
const hash: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const is =
  (expected: unknown): Check =>
  (value) =>
    value === expected;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

/** An object with these fields; with others as well unless it is `exact`. */
function record(fields: Readonly<Record<string, Check>>, exact = false): Check {
  const names = Object.keys(fields);
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    (!exact || Object.keys(value).length === names.length) &&
    names.every((name) => Object.hasOwn(value, name) && fields[name]?.(Reflect.get(value, name)));
}

const sum = record({ count: whole, sum: text }, true);

/** As `Manifest` has it, field by field. */
const manifest = record({
  schema: is(MANIFEST_SCHEMA),
  statement_id: text,
  request_id: text,
  attempt: whole,
  supersedes: orNull(text),
  customer_id: text,
  accounts: listOf(record({ account_id: text, currency: text }, true)),
  period: record({
    ...{ start_date: text, end_date: text, time_zone: text, from: instant, to: instant },
    ...{ from_epoch: Number.isSafeInteger, to_epoch: Number.isSafeInteger },
    end_inclusive: is(true),
  }),
  as_of: instant,
  generated_at: instant,
  generator: record({ name: text, version: text }),
  rows: whole,
  totals: listOf(
    record(
      {
        ...{ account_id: text, currency: text, minor_unit: whole, opening: text },
        ...{ credits: sum, debits: sum, net: text, closing: text },
      },
      true,
    ),
  ),
  content_sha256: hash,
  files: listOf(
    record({ path: text, media_type: text, bytes: whole, sha256: hash, rows: orNull(whole) }),
  ),
  checks: listOf(record({ name: text, result: is("passed") })),
  partial: flag,
  pending_included: flag,
  masking: record({ counterparty_account: is("last_four") }),
  formats: listOf(text),
} satisfies Record<keyof Manifest, Check>);

export function isManifest(value: unknown): value is Manifest {
  return manifest(value);
}
