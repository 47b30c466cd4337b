import { requestOptions } from "../../domain/events.ts";
import { FORMATS, type StatementOptions } from "../../domain/statement-options.ts";

/** What the installation gives where the request does not say. */
export type OptionDefaults = Pick<StatementOptions, "formats" | "language">;

/**
 * The options of a request with every default in its place.
 * @throws ZodError for a record whose options were not written by intake.
 */
export function chosenOptions(
  recorded: Readonly<Record<string, unknown>>,
  defaults: OptionDefaults,
): StatementOptions {
  const asked = requestOptions.parse(recorded);
  const formats = new Set(["csv", ...(asked.formats ?? defaults.formats)]);
  const decimalComma = asked.csv?.decimal_comma ?? false;
  return {
    formats: FORMATS.filter((format) => formats.has(format)),
    language: asked.language ?? defaults.language,
    partial: asked.partial ?? false,
    includePending: asked.include_pending ?? false,
    supersedes: asked.supersedes ?? null,
    csv: {
      bom: asked.csv?.bom ?? false,
      delimiter: asked.csv?.delimiter ?? (decimalComma ? ";" : ","),
      decimalComma,
    },
  };
}
