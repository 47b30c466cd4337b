/**
 * Whether a value read from JSON has every field of a manifest, each of its type; others as well,
 * which a later release may have added. Only the lists of version 1 hold nothing else, as its first
 * readers compared them as text. What the fields say is not looked at here. Each shape
 * says the same as JSON Schema too, so that what is published is what is checked.
 */
import { NAME } from "../domain/bank-names.ts";
import { ACCOUNT_ID } from "../domain/money/account-totals.ts";
import { DELIMITERS } from "../domain/csv/csv-dialect.ts";
import {
  AS_OF_BASES,
  MANIFEST_SCHEMAS,
  PERIOD_BASES,
  type Manifest,
  type ManifestSchema,
} from "../domain/manifest.ts";
import { MAX_MINOR_UNIT } from "../domain/money/money.ts";
import { CUSTOMER_ID } from "../domain/record-name.ts";
import { MAX_ACCOUNTS, MAX_ENTRIES } from "./limits.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

interface Shape {
  /** Whether the field need not be there. */
  readonly optional?: boolean;
  readonly accepts: (value: unknown) => boolean;
  readonly schema: JsonSchema;
}

/** Nothing that moves a cursor or turns the direction of what is shown beside it. */
const text = pattern(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{0,256}$/u);
const id = pattern(ACCOUNT_ID);
/** Of people, accounts and the bank. */
const properName = pattern(NAME);
const customerId = pattern(CUSTOMER_ID);
/** Of a ConfigMap. */
const requestId = pattern(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const statementId = pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const calendarDate = pattern(/^\d{4}-\d\d-\d\d$/);
const timeZone = pattern(/^[A-Za-z0-9_+/-]{1,64}$/);
const languageTag = pattern(/^[A-Za-z0-9-]{1,35}$/);
const name = pattern(/^[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}$/);
const amount = pattern(/^-?\d{1,40}(\.\d{1,40})?$/);
const flag: Shape = { accepts: (value) => typeof value === "boolean", schema: { type: "boolean" } };
const integer: Shape = { accepts: Number.isSafeInteger, schema: { type: "integer" } };
const whole: Shape = {
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  schema: { type: "integer", minimum: 0 },
};
/** Digits behind the point. */
const scale: Shape = {
  accepts: (value) => whole.accepts(value) && (value as number) <= MAX_MINOR_UNIT,
  schema: { type: "integer", minimum: 0, maximum: MAX_MINOR_UNIT },
};
/** RFC 3339 in UTC with milliseconds. */
const instant = pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const hash = pattern(/^[0-9a-f]{64}$/);
const columnName = pattern(/^[a-z][a-z0-9_]{0,63}$/);

function pattern(form: RegExp): Shape {
  return {
    accepts: (value) => typeof value === "string" && form.test(value),
    schema: { type: "string", pattern: form.source },
  };
}

/** Of what a release may add to; accounts have a bound of their own. */
const MAX_ITEMS = 256;

function is(expected: string | true): Shape {
  return { accepts: (value) => value === expected, schema: { const: expected } };
}

function oneOf(texts: readonly string[]): Shape {
  return { accepts: (value) => texts.some((one) => one === value), schema: { enum: texts } };
}

function orNull(shape: Shape): Shape {
  return {
    accepts: (value) => value === null || shape.accepts(value),
    schema: { anyOf: [shape.schema, { type: "null" }] },
  };
}

function listOf(shape: Shape, maxItems = MAX_ITEMS): Shape {
  return {
    accepts: (value) =>
      Array.isArray(value) && value.length <= maxItems && value.every((one) => shape.accepts(one)),
    schema: { type: "array", items: shape.schema, maxItems },
  };
}

/** A field that statements made before it do not have. */
function later(shape: Shape): Shape {
  return { ...shape, optional: true };
}

/** An object with these fields; with others as well unless it is `exact`. */
function record(fields: Readonly<Record<string, Shape>>, exact = false): Shape {
  const shapes = Object.entries(fields);
  return {
    accepts: (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      (!exact || Object.keys(value).every((name) => Object.hasOwn(fields, name))) &&
      shapes.every(([name, { optional, accepts }]) =>
        Object.hasOwn(value, name) ? accepts(Reflect.get(value, name)) : optional === true,
      ),
    schema: {
      type: "object",
      properties: Object.fromEntries(shapes.map(([name, { schema }]) => [name, schema])),
      required: shapes.filter(([, { optional }]) => !optional).map(([name]) => name),
      ...(exact && { additionalProperties: false }),
    },
  };
}

/** As `Manifest` has it, field by field. */
function manifestShape(schema: ManifestSchema): Shape {
  const isFirst = schema === MANIFEST_SCHEMAS[0];
  const sum = record({ count: whole, sum: amount }, isFirst);
  const columns = listOf(record({ name: columnName, kind: name }));
  const file = { path: name, media_type: text, bytes: whole, sha256: hash, rows: orNull(whole) };
  const ofAccount = { account_id: later(id), currency: later(name) };
  const fields = {
    schema: is(schema),
    statement_id: statementId,
    request_id: requestId,
    attempt: whole,
    supersedes: orNull(statementId),
    customer_id: customerId,
    ...(!isFirst && { bank: later(record({ name: later(properName), bic: later(name) })) }),
    accounts: listOf(
      record(
        {
          account_id: id,
          currency: name,
          ...(!isFirst && {
            iban: later(name),
            name: later(properName),
            product: later(properName),
            owner: later(properName),
          }),
        },
        isFirst,
      ),
      MAX_ACCOUNTS,
    ),
    period: record({
      start_date: calendarDate,
      end_date: calendarDate,
      time_zone: timeZone,
      from: instant,
      to: instant,
      from_epoch: integer,
      to_epoch: integer,
      ...(!isFirst && { basis: oneOf(PERIOD_BASES) }),
      end_inclusive: is(true),
    }),
    as_of: instant,
    as_of_basis: later(oneOf(AS_OF_BASES)),
    generated_at: instant,
    generator: record({ name, version: name }),
    columns: isFirst ? later(columns) : columns,
    rows: whole,
    totals: listOf(
      record(
        {
          account_id: id,
          currency: name,
          minor_unit: scale,
          opening: amount,
          credits: sum,
          debits: sum,
          net: amount,
          closing: amount,
        },
        isFirst,
      ),
      MAX_ACCOUNTS,
    ),
    content_sha256: hash,
    files: isFirst ? listOf(record(file)) : listOf(record({ ...file, ...ofAccount }), MAX_ENTRIES),
    checks: listOf(record({ name: text, result: is("passed") })),
    partial: flag,
    pending_included: flag,
    masking: record({ counterparty_account: oneOf(["last_four", "none"]) }),
    formats: listOf(name),
    language: languageTag,
    csv: record({
      bom: flag,
      delimiter: oneOf(DELIMITERS),
      decimal_comma: flag,
      ...(!isFirst && { ids_as_text: later(flag) }),
    }),
  } satisfies Record<Exclude<keyof Manifest, "bank">, Shape>;
  return record(fields);
}

const SHAPES = MANIFEST_SCHEMAS.map(manifestShape);

/** Of any version. */
export function isManifest(value: unknown): value is Manifest {
  return SHAPES.some((shape) => shape.accepts(value));
}

/** The same in words of JSON Schema 2020-12, without its `$schema` and `$id`. */
export function manifestJsonSchema(schema: ManifestSchema): JsonSchema {
  return manifestShape(schema).schema;
}
