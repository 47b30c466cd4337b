/** The options of `statements request` that say what the statement shall be like. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { DELIMITERS } from "../../../functions/domain/csv/csv-dialect.ts";
import { FORMATS, LANGUAGES } from "../../../functions/domain/statement-options.ts";

export interface StatementChoice {
  readonly timeZone?: string;
  readonly formats?: readonly string[];
  readonly language?: string;
  readonly partial?: boolean;
  readonly pending?: boolean;
  readonly supersedes?: string;
  readonly combined?: boolean;
  readonly callback?: string;
  readonly bom?: boolean;
  readonly delimiter?: string;
  readonly decimalComma?: boolean;
  readonly idsAsText?: boolean;
}

export function withStatementChoice(command: Command): Command {
  return command
    .option(
      "-z, --time-zone <name>",
      "of both days, such as Europe/Berlin (default: the installation's)",
    )
    .addOption(
      new Option("-f, --formats <list>", `further files: ${FORMATS.join(",")}`).argParser(list),
    )
    .addOption(new Option("--language <tag>", "of README.txt and the PDF").choices([...LANGUAGES]))
    .option("--partial", "the last day may be today")
    .option("--pending", "also what is not booked yet, in a file of its own")
    .option("--supersedes <statement>", "name of the earlier statement this one replaces")
    .option(
      "--combined",
      "camt.053 and OFX as one file each, not one for each account and currency",
    )
    .option("--callback <url>", "https address that the outcome is posted to")
    .option("--bom", "CSV with a byte order mark, for Excel")
    .addOption(
      new Option("--delimiter <character>", "between CSV fields; tab for a tab").choices([
        ...DELIMITERS.filter((one) => one !== "\t"),
        "tab",
      ]),
    )
    .option("--decimal-comma", "amounts in CSV as 12,50, and a semicolon between fields")
    .option("--ids-as-text", 'ids in CSV as ="000123", so that a spreadsheet keeps them');
}

function list(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !FORMATS.some((format) => format === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`It is not one of ${FORMATS.join(", ")}.`);
  return names;
}

/** Only what was said: intake and the installation have the defaults. */
export function chosenData(choice: StatementChoice): Readonly<Record<string, unknown>> {
  const { timeZone, formats, language, partial, pending, supersedes, combined, callback } = choice;
  const { bom, delimiter, decimalComma, idsAsText } = choice;
  const csv = said({
    bom,
    delimiter: delimiter === "tab" ? "\t" : delimiter,
    decimal_comma: decimalComma,
    ids_as_text: idsAsText,
  });
  return said({
    time_zone: timeZone,
    formats,
    language,
    partial,
    include_pending: pending,
    supersedes,
    combined,
    callback_url: callback,
    csv: Object.keys(csv).length > 0 ? csv : undefined,
  });
}

function said(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
