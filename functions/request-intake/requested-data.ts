import { requestedData, UNSUPPORTED_OPTIONS, type RequestedData } from "../domain/events.ts";
import { fieldName } from "../platform/cloudevent-attributes.ts";
import type { Problem } from "../platform/http-answer.ts";

export type ReadData =
  | { readonly kind: "data"; readonly data: RequestedData }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** The data of a `requested` event by its schema in `domain/events.ts`, every problem at once. */
export function readRequestedData(data: unknown): ReadData {
  // Bytes are data of another content type than JSON.
  if (data instanceof Uint8Array) return problem("datacontenttype", "invalid_format");
  if (data === undefined) return problem("data", "required");
  const result = requestedData.safeParse(data);
  if (result.success) return { kind: "data", data: result.data };
  const present = new Set(typeof data === "object" && data !== null ? Object.keys(data) : []);
  const problems = result.error.issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === "unrecognized_keys") return issue.keys.map(unknownField);
    const [field] = issue.path;
    if (typeof field !== "string") return [{ field: "data", code: "invalid_format" }];
    return [{ field, code: present.has(field) ? invalidCode(field, issue.code) : "required" }];
  });
  // A date that fails its pattern fails the calendar too; once is enough.
  const distinct = new Map(problems.map((one) => [`${one.code} ${one.field}`, one]));
  return { kind: "problems", problems: [...distinct.values()] };
}

function problem(field: string, code: string): ReadData {
  return { kind: "problems", problems: [{ field, code }] };
}

function invalidCode(field: string, issue: string): string {
  return field === "time_zone" && issue === "custom" ? "unknown_time_zone" : "invalid_format";
}

function unknownField(key: string): Problem {
  const unsupported = UNSUPPORTED_OPTIONS.some((option) => option === key);
  return unsupported
    ? { field: key, code: "unsupported_option" }
    : { field: fieldName(key, "data"), code: "unknown_field" };
}
