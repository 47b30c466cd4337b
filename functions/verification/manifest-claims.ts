/** What the manifest says of times and of formats, against what else it says: no row needs to be there for it. */
import {
  FORMAT_FILES,
  FORMAT_FOLDERS,
  README_FILE,
  TRANSACTIONS_FILE,
  type Manifest,
} from "../domain/manifest.ts";
import { parseStatementKey } from "../domain/statement-key.ts";
import type { Format } from "../domain/statement-options.ts";
import { WrongStatement } from "./wrong-statement.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** No zone is further from UTC; which one it is at that day, tables say that not every reader has. */
const FURTHEST_ZONE_MS = 15 * HOUR_MS;
/** A day on which clocks are put back by two hours; none was longer since 1970. */
const LONGEST_DAY_SECONDS = 26 * 3_600;

/** @throws WrongStatement */
export function checkClaims(manifest: Manifest): void {
  const wrong = (what: string): WrongStatement => new WrongStatement(`the manifest ${what}`);
  if (!isPeriodOfItsDates(manifest)) {
    throw wrong("has a period whose dates are not those of its instants");
  }
  if (!isAsOfRight(manifest))
    throw wrong("has an as_of that is no instant, or too late for a part of the period");
  if (!areFormatsThere(manifest)) throw wrong("names other formats than there are files of");
  if (!areMediaTypesRight(manifest)) throw wrong("gives a file another media type than it has");
  if (!areRowsRight(manifest)) throw wrong("gives a file other rows than it can have");
}

/** Every comparison is false for what is no date. */
function isPeriodOfItsDates({ statement_id, period }: Manifest): boolean {
  const { start_date, end_date, from, to, from_epoch, to_epoch } = period;
  const { endEpoch = NaN } = parseStatementKey(`${statement_id}.zip`) ?? {};
  return (
    isNear(Date.parse(from), Date.parse(start_date)) &&
    isNear(Date.parse(to), Date.parse(end_date) + DAY_MS) &&
    start_date <= end_date &&
    from_epoch <= endEpoch &&
    endEpoch <= to_epoch &&
    to_epoch - endEpoch <= LONGEST_DAY_SECONDS
  );
}

function isNear(instant: number, midnight: number): boolean {
  return Math.abs(instant - midnight) <= FURTHEST_ZONE_MS;
}

function isAsOfRight({ as_of, partial, period }: Manifest): boolean {
  const asOf = Date.parse(as_of);
  return partial ? asOf < period.to_epoch * 1000 : !Number.isNaN(asOf);
}

function areFormatsThere({ formats, files }: Manifest): boolean {
  return Object.entries(FORMAT_FILES).every(([format, whole]) => {
    const folders: Partial<Record<string, { readonly folder: string }>> = FORMAT_FOLDERS;
    const folder = folders[format]?.folder;
    const isThere = files.some(
      ({ path }) => path === whole || (folder !== undefined && path.startsWith(`${folder}/`)),
    );
    return isThere === formats.includes(format);
  });
}

const TABLES: readonly Format[] = ["csv", "jsonl"];

/** What is no table has none; of balances.csv and pending.csv they are counted. */
function areRowsRight({ files, rows }: Manifest): boolean {
  const known = Object.entries(FORMAT_FILES) as readonly (readonly [Format, string])[];
  return files.every((file) => {
    if (file.path === README_FILE || file.account_id !== undefined) return file.rows === null;
    const format = known.find(([, path]) => path === file.path)?.[0];
    if (format === undefined || file.path === TRANSACTIONS_FILE) return true;
    return file.rows === (TABLES.includes(format) ? rows : null);
  });
}

/** By the ending of its name. A later version may have files of others. */
const MEDIA_TYPES: Readonly<Partial<Record<string, string>>> = {
  csv: "text/csv",
  jsonl: "application/jsonl",
  ofx: "application/x-ofx",
  pdf: "application/pdf",
  txt: "text/plain",
  xml: "application/xml",
};

function areMediaTypesRight({ files }: Manifest): boolean {
  return files.every(({ path, media_type: found }) => {
    const known = MEDIA_TYPES[path.slice(path.lastIndexOf(".") + 1)];
    return known === undefined || found === known;
  });
}
