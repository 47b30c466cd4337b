/**
 * The context attributes of one event, checked by the rules of CloudEvents 1.0. The cloudevents
 * package invents a missing id, takes any specversion and replaces a bad time by now, so what it
 * must not touch is checked on the raw attributes first; formats are then left to its own schema.
 */
import { CloudEvent } from "cloudevents";

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

/** Of which the schema asks for more than `isAttributeValue`. */
const FORMED = ["source", "time", "dataschema", "subject", "datacontenttype"] as const;
const REQUIRED = ["id", "source", "type", "specversion"] as const;

export function attributeProblems(attributes: RawAttributes): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = new Set<string>();
  const refuse = (name: string, code: string, limit?: string): void => {
    wrong.add(name);
    problems.push({ field: fieldName(name), code, limit });
  };
  const names = Object.keys(attributes);
  if (names.length > MAX_ATTRIBUTES)
    return [{ field: UNNAMED, code: "too_many", limit: `${MAX_ATTRIBUTES} attributes` }];
  for (const name of REQUIRED) {
    const value = attributes[name];
    if (value === undefined || value === "") refuse(name, "required");
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!isAttributeName(name)) refuse(name, "invalid_format");
    else if (!isAttributeValue(value) || (isText(name) && typeof value !== "string"))
      refuse(name, "invalid_format");
    else if (isTooLong(name, value)) refuse(name, "too_long", `${limitOf(name)} bytes`);
  }
  const { specversion } = attributes;
  if (typeof specversion === "string" && specversion !== "" && specversion !== "1.0")
    refuse("specversion", "unsupported_specversion");
  if (problems.length === 0) return schemaProblems(attributes);
  const others = FORMED.filter((name) => name in attributes && !wrong.has(name));
  if (others.length === 0) return problems;
  return [
    ...problems,
    ...schemaProblems(Object.fromEntries(others.map((name) => [name, attributes[name]]))),
  ];
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

/** Stands for what is missing, and is right. */
const SOUND = { id: "1", source: "/", type: "t", specversion: "1.0" };

/** The schema tells one mistake, so where there is one each attribute that has a form is tried by itself. */
function schemaProblems(attributes: RawAttributes): readonly Problem[] {
  if (fitsSchema({ ...SOUND, ...attributes })) return [];
  const wrong = FORMED.filter(
    (name) => name in attributes && !fitsSchema({ ...SOUND, [name]: attributes[name] }),
  );
  const fields = wrong.length > 0 ? wrong : [UNNAMED];
  return fields.map((field) => ({ field, code: "invalid_format" }));
}

function fitsSchema(attributes: RawAttributes): boolean {
  try {
    new CloudEvent({ ...attributes }, true);
    return true;
  } catch {
    return false;
  }
}

/** A URI reference, as the specification asks for. */
export function isSource(source: string): boolean {
  return fitsSchema({ ...SOUND, source });
}

const UNNAMED = "attributes";

/**
 * A name the sender made up is repeated, and logged, only when it looks like a name and not like a
 * value: an account number has more than three digits in a row.
 */
export function fieldName(name: string, otherwise = UNNAMED): string {
  return /^(?!.*\d{4})[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name) ? name : otherwise;
}
