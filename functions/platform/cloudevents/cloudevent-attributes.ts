/**
 * The context attributes of one event, checked by the rules of CloudEvents 1.0. The cloudevents
 * package invents a missing id, takes any specversion and replaces a bad time by now, so what it
 * must not touch is checked on the raw attributes first; formats are then left to its own schema.
 */
import { CloudEvent, ValidationError } from "cloudevents";

/** What is wrong with an event: a field and a code, never a value. */
export interface Problem {
  readonly field: string;
  readonly code: string;
  /** What is allowed, in words with its number. */
  readonly limit?: string | undefined;
  /** What there is to choose from. */
  readonly allowed?: readonly string[] | undefined;
}

/** Raw attributes by name, as headers or JSON held them. */
export type RawAttributes = Readonly<Record<string, unknown>>;

/** Bytes of UTF-8; what is stored with every record must be as small as the ledger's quota takes it for. */
const MAX_TEXT_BYTES = 1_024;
/** Of any other attribute: `knativeerrordata` holds a whole KiB as base64. */
const MAX_ATTRIBUTE_BYTES = 4_096;
const MAX_ATTRIBUTES = 64;

const REQUIRED = ["id", "source", "type", "specversion"] as const;

export function attributeProblems(attributes: RawAttributes): readonly Problem[] {
  const problems: Problem[] = [];
  const names = Object.keys(attributes);
  if (names.length > MAX_ATTRIBUTES)
    return [{ field: UNNAMED, code: "too_many", limit: `${MAX_ATTRIBUTES} attributes` }];
  for (const name of REQUIRED) {
    const value = attributes[name];
    if (value === undefined || value === "") problems.push({ field: name, code: "required" });
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!isAttributeName(name)) problems.push({ field: fieldName(name), code: "invalid_format" });
    else if (!isAttributeValue(value) || (isText(name) && typeof value !== "string"))
      problems.push({ field: fieldName(name), code: "invalid_format" });
    else if (isTooLong(name, value))
      problems.push({ field: fieldName(name), code: "too_long", limit: `${limitOf(name)} bytes` });
  }
  const { specversion } = attributes;
  if (typeof specversion === "string" && specversion !== "" && specversion !== "1.0")
    problems.push({ field: "specversion", code: "unsupported_specversion" });
  return problems.length > 0 ? problems : schemaProblems(attributes);
}

function isTooLong(name: string, value: unknown): boolean {
  return typeof value === "string" && Buffer.byteLength(value) > limitOf(name);
}

function limitOf(name: string): number {
  return isText(name) ? MAX_TEXT_BYTES : MAX_ATTRIBUTE_BYTES;
}

/** Attributes of the specification are strings; only extensions may be numbers or booleans. */
function isText(name: string): boolean {
  return ["time", "subject", "datacontenttype", "dataschema", ...REQUIRED].includes(name);
}

function isAttributeName(name: string): boolean {
  return /^[a-z0-9]+$/.test(name);
}

function isAttributeValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() && !CONTROL_CHARACTER.test(value);
    case "number":
      return Number.isInteger(value);
    default:
      return typeof value === "boolean";
  }
}

// eslint-disable-next-line no-control-regex -- the characters the specification forbids
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

function schemaProblems(attributes: RawAttributes): readonly Problem[] {
  try {
    new CloudEvent({ ...attributes }, true);
    return [];
  } catch (error) {
    const [first]: unknown[] =
      error instanceof ValidationError && Array.isArray(error.errors) ? error.errors : [];
    const path = (first as { instancePath?: unknown } | undefined)?.instancePath;
    const field = typeof path === "string" ? fieldName(path.slice(1)) : UNNAMED;
    return [{ field, code: "invalid_format" }];
  }
}

/** A URI reference, as the specification asks for. */
export function isSource(source: string): boolean {
  return schemaProblems({ id: "1", type: "t", specversion: "1.0", source }).length === 0;
}

const UNNAMED = "attributes";

/**
 * A name the sender made up is repeated, and logged, only when it looks like a name and not like a
 * value: an account number has more than three digits in a row.
 */
export function fieldName(name: string, otherwise = UNNAMED): string {
  return /^(?!.*\d{4})[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name) ? name : otherwise;
}
