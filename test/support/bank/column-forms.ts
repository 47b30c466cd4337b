/** The form of each column's value in words; `functions/statement-builder/lines/row-forms.ts` looks for the same in bytes. */
import { isSafeId } from "../../../functions/domain/csv/csv-field.ts";
import type { Column } from "../../../functions/domain/columns.ts";

const DATE = String.raw`\d{4}-\d\d-\d\d`;
const TIME = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?`;
const FORMS = {
  date: new RegExp(`^${DATE}$`),
  instant: new RegExp(`^${DATE} ${TIME}$`),
  currency: /^[A-Z]{3}$/,
  transaction_code: /^[A-Z]{4}-[A-Z]{4}-[A-Z]{4}$/,
};

/** Nothing is the same as NULL. An amount is read by whoever adds it up. */
export function hasForm(column: Column, value: string): boolean {
  if (column.kind === "amount") return true;
  if (value === "") return column.nullable === true;
  if (column.kind === "text") return true;
  if (column.kind === "enum") return column.values.includes(value);
  if (column.kind === "id") return isSafeId(value);
  if (column.kind === "integer") return true;
  return FORMS[column.kind].test(value) && (!hasDay(column) || isDay(value.slice(0, 10)));
}

function hasDay({ kind }: Column): boolean {
  return kind === "date" || kind === "instant";
}

/** Of the calendar, from the year 1 on. */
function isDay(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`);
  return date >= "0001" && time === time && new Date(time).toISOString().startsWith(date);
}
