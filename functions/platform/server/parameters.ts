/** What is asked for in the address of a request: by names that are known, and each of them once. */
import { fieldName, type Problem } from "../cloudevents/cloudevent-attributes.ts";

/** Whoever mistypes one, such as a cursor, would be told something else than he asked for, and not that. */
export function parameterProblems(
  query: URLSearchParams,
  known: readonly string[],
): readonly Problem[] {
  return [...new Set(query.keys())].flatMap((name) => {
    const field = fieldName(name, "query");
    if (!known.includes(name)) return [{ field, code: "unknown_field", allowed: known }];
    return query.getAll(name).length > 1 ? [{ field, code: "doubled_key" }] : [];
  });
}
