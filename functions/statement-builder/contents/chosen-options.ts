import { requestOptions } from "../../domain/events/event-data.ts";
import { FORMATS, type StatementOptions } from "../../domain/statement-options.ts";

/** What the installation gives where the request does not say. */
export interface OptionDefaults extends Pick<StatementOptions, "formats" | "language"> {
  /** Delimiter and decimal sign follow the language. */
  readonly csvByLanguage: boolean;
}

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
  const language = asked.language ?? defaults.language;
  const { csv = {} } = asked;
  // Where a comma stands between fields it cannot stand in amounts.
  const byLanguage = (csv.by_language ?? defaults.csvByLanguage) && csv.delimiter !== ",";
  const decimalComma = csv.decimal_comma ?? (byLanguage && writesDecimalComma(language));
  return {
    formats: FORMATS.filter((format) => formats.has(format)),
    language,
    partial: asked.partial ?? false,
    includePending: asked.include_pending ?? false,
    supersedes: asked.supersedes ?? null,
    combined: asked.combined ?? false,
    csv: {
      bom: csv.bom ?? false,
      delimiter: csv.delimiter ?? (decimalComma ? ";" : ","),
      decimalComma,
      idsAsText: csv.ids_as_text ?? false,
    },
  };
}

/** By CLDR. */
function writesDecimalComma(language: string): boolean {
  const parts = new Intl.NumberFormat(language).formatToParts(0.5);
  return parts.some(({ type, value }) => type === "decimal" && value === ",");
}
