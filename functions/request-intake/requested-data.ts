import {
  requestedData,
  UNSUPPORTED_OPTIONS,
  type RequestedData,
} from "../domain/events/event-data.ts";
import { DELIMITERS } from "../domain/csv/csv-dialect.ts";
import { FORMATS, LANGUAGES } from "../domain/statement-options.ts";
import { fieldName } from "../platform/cloudevents/cloudevent-attributes.ts";
import type { Problem } from "../platform/cloudevents/cloudevent-attributes.ts";

export type ReadData =
  | { readonly kind: "data"; readonly data: RequestedData }
  | {
      readonly kind: "problems";
      readonly problems: readonly Problem[];
      /** What more can be told of, as far as each is right by itself. */
      readonly asked: AskedInPart;
    };

export type AskedInPart = {
  readonly [Field in keyof typeof PARTS]?: RequestedData[Field] | undefined;
};

/** The data of a `requested` event by its schema in `domain/events/event-data.ts`, every problem at once. */
export function readRequestedData(data: unknown): ReadData {
  // Bytes are data of another content type than JSON.
  if (data instanceof Uint8Array) return problem("datacontenttype", "invalid_format");
  if (data === undefined) return problem("data", "required");
  // The schema would list the mistakes of every item.
  const limited = hasTooMany(data) ? { ...data, formats: undefined } : data;
  const result = requestedData.safeParse(limited);
  if (result.success && limited === data) return { kind: "data", data: result.data };
  const present = new Set(typeof data === "object" && data !== null ? Object.keys(data) : []);
  const problems = (result.error?.issues ?? []).flatMap(({ path, ...issue }): Problem[] => {
    const [field] = path;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map(field === "csv" ? unknownCsvField : unknownField);
    }
    if (typeof field !== "string") return [{ field: "data", code: "invalid_format" }];
    if (!present.has(field)) return [{ field, code: "required" }];
    const option = field === "csv" ? path.join(".") : field;
    const code = invalidCode(option, issue.code);
    return [{ field: option, code, allowed: ALLOWED[code] }];
  });
  if (limited !== data)
    problems.push({
      field: "formats",
      code: "invalid_format",
      limit: `${FORMATS.length} of them, each once`,
    });
  // A date that fails its pattern fails the calendar too; once is enough.
  const distinct = new Map(problems.map((one) => [`${one.code} ${one.field}`, one]));
  return { kind: "problems", problems: [...distinct.values()], asked: askedInPart(data) };
}

/** What another check needs, beside the schema's own. */
const PARTS = {
  customer_id: requestedData.shape.customer_id,
  start_date: requestedData.shape.start_date,
  end_date: requestedData.shape.end_date,
  time_zone: requestedData.shape.time_zone,
  partial: requestedData.shape.partial,
  supersedes: requestedData.shape.supersedes,
  callback_url: requestedData.shape.callback_url,
};

function askedInPart(data: unknown): AskedInPart {
  const given = new Map(typeof data === "object" && data !== null ? Object.entries(data) : []);
  const right = Object.entries(PARTS).map(([name, schema]) => [
    name,
    schema.safeParse(given.get(name)).data,
  ]);
  return Object.fromEntries(right) as AskedInPart;
}

function hasTooMany(data: unknown): data is { readonly formats: readonly unknown[] } {
  const { formats } = (data ?? {}) as { readonly formats?: unknown };
  return Array.isArray(formats) && formats.length > FORMATS.length;
}

function problem(field: string, code: string): ReadData {
  return { kind: "problems", problems: [{ field, code }], asked: {} };
}

/** The code of a field that is of the right type, and not one of what is there to choose from. */
const CODES: Readonly<Record<string, { readonly issue: string; readonly code: string }>> = {
  time_zone: { issue: "custom", code: "unknown_time_zone" },
  formats: { issue: "invalid_value", code: "unknown_format" },
  language: { issue: "invalid_value", code: "unknown_language" },
  "csv.delimiter": { issue: "invalid_value", code: "unknown_delimiter" },
  "csv.decimal_comma": { issue: "custom", code: "delimiter_is_comma" },
};

const ALLOWED: Readonly<Record<string, readonly string[] | undefined>> = {
  unknown_format: FORMATS,
  unknown_language: LANGUAGES,
  unknown_delimiter: DELIMITERS.map((one) => (one === "\t" ? "a tab" : one)),
};

function invalidCode(field: string, issue: string): string {
  const known = CODES[field];
  return known?.issue === issue ? known.code : "invalid_format";
}

const FIELDS = Object.keys(requestedData.shape);
const CSV_FIELDS = Object.keys(requestedData.shape.csv.unwrap().shape);

function unknownField(key: string): Problem {
  const unsupported = UNSUPPORTED_OPTIONS.some((option) => option === key);
  return unsupported
    ? { field: key, code: "unsupported_option" }
    : { field: fieldName(key, "data"), code: "unknown_field", allowed: FIELDS };
}

function unknownCsvField(key: string): Problem {
  return { field: `csv.${fieldName(key, "*")}`, code: "unknown_field", allowed: CSV_FIELDS };
}
