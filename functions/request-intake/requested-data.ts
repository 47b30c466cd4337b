import { requestedData, UNSUPPORTED_OPTIONS, type RequestedData } from "../domain/events.ts";
import { DELIMITERS } from "../domain/csv/csv-dialect.ts";
import { FORMATS, LANGUAGES } from "../domain/statement-options.ts";
import type { MalformedEvent } from "../platform/cloudevents/cloudevent-parse.ts";
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
  readonly [Field in "start_date" | "end_date" | "time_zone" | "partial" | "callback_url"]?:
    RequestedData[Field] | undefined;
};

/** The data of a `requested` event by its schema in `domain/events.ts`, every problem at once. */
export function readRequestedData(data: unknown): ReadData {
  // Bytes are data of another content type than JSON.
  if (data instanceof Uint8Array) return problem("datacontenttype", "invalid_format");
  if (data === undefined) return problem("data", "required");
  // A schema would list the mistakes of every item.
  if (hasTooMany(data))
    return problem("formats", "invalid_format", `${FORMATS.length} of them, each once`);
  const result = requestedData.safeParse(data);
  if (result.success) return { kind: "data", data: result.data };
  const present = new Set(typeof data === "object" && data !== null ? Object.keys(data) : []);
  const problems = result.error.issues.flatMap(({ path, ...issue }): readonly Problem[] => {
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
  // A date that fails its pattern fails the calendar too; once is enough.
  const distinct = new Map(problems.map((one) => [`${one.code} ${one.field}`, one]));
  return { kind: "problems", problems: [...distinct.values()], asked: askedInPart(data) };
}

function askedInPart(data: unknown): AskedInPart {
  const given = new Map(typeof data === "object" && data !== null ? Object.entries(data) : []);
  const { start_date, end_date, time_zone, partial, callback_url } = requestedData.shape;
  const rightOf = <T>(schema: { safeParse(value: unknown): { data?: T } }, name: string) =>
    schema.safeParse(given.get(name)).data;
  return {
    start_date: rightOf(start_date, "start_date"),
    end_date: rightOf(end_date, "end_date"),
    time_zone: rightOf(time_zone, "time_zone"),
    partial: rightOf(partial, "partial"),
    callback_url: rightOf(callback_url, "callback_url"),
  };
}

const FIELDS = Object.keys(requestedData.shape);

/** Of what is no event; fields of the data that stand beside it are told as that. */
export function explainMalformed({
  problems,
  attributes,
  asked,
}: Pick<MalformedEvent, "problems" | "attributes" | "asked">): readonly Problem[] {
  if (!asked) return problems;
  const misplaced = asked.data === undefined ? FIELDS.filter((name) => name in attributes) : [];
  const read = readRequestedData(asked.data);
  return [
    ...problems.filter(({ field }) => !misplaced.includes(field)),
    ...(read.kind === "problems" ? read.problems : []),
    ...misplaced.map((field) => ({ field, code: "belongs_in_data" })),
  ];
}

function hasTooMany(data: unknown): boolean {
  const { formats } = (data ?? {}) as { readonly formats?: unknown };
  return Array.isArray(formats) && formats.length > FORMATS.length;
}

function problem(field: string, code: string, limit?: string): ReadData {
  return { kind: "problems", problems: [{ field, code, limit }], asked: {} };
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

function unknownField(key: string): Problem {
  const unsupported = UNSUPPORTED_OPTIONS.some((option) => option === key);
  return unsupported
    ? { field: key, code: "unsupported_option" }
    : { field: fieldName(key, "data"), code: "unknown_field" };
}

function unknownCsvField(key: string): Problem {
  return { field: `csv.${fieldName(key, "*")}`, code: "unknown_field" };
}
