/** Which columns the rows of a statement must have, from what its manifest says, and which form their values. */
import {
  COLUMNS,
  FIRST_COLUMNS,
  isAmountName,
  TRANSACTION_CODE,
  type Column,
} from "../domain/columns.ts";
import { isSafeId } from "../domain/csv/csv-field.ts";
import { MANIFEST_SCHEMAS, type Manifest } from "../domain/manifest.ts";
import { WrongStatement } from "./wrong-statement.ts";

/**
 * Of transactions.csv. Version 1 has its own and no others, whether the manifest names them or not.
 * @throws WrongStatement when the manifest contradicts its version, or a name its kind
 */
export function columnsOf({ schema, columns }: Manifest): readonly string[] {
  const names = columns?.map(({ name }) => name) ?? FIRST_COLUMNS;
  const isFirst = schema === MANIFEST_SCHEMAS[0];
  const right =
    (!isFirst || names.join() === FIRST_COLUMNS.join()) &&
    // A decimal comma was looked for by name.
    columns?.every(({ name, kind }) => isAmountName(name) === (kind === "amount")) !== false;
  if (!right) throw new WrongStatement("the manifest names columns that it cannot have");
  return names;
}

/** Of pending.csv: from version 2 on some of the same may be missing. */
export function pendingColumnsOf(manifest: Manifest, found: readonly string[]): readonly string[] {
  const columns = columnsOf(manifest);
  if (manifest.schema === MANIFEST_SCHEMAS[0]) return columns;
  return columns.filter((name) => found.includes(name));
}

const columns: readonly Column[] = COLUMNS;

type HasForm = (value: string) => boolean;

/**
 * Of the values of a column, by its name, as the canonical table has them. `undefined` where there is none to
 * look at: any text, what is counted anyway, a column of a later version.
 */
export function formOf(name: string): HasForm | undefined {
  const column = columns.find((one) => one.name === name);
  const hasForm = column && formOfKind(column);
  return hasForm && ((value) => (value === "" ? column.nullable === true : hasForm(value)));
}

function formOfKind(column: Column): HasForm | undefined {
  switch (column.kind) {
    case "date":
      return isDate;
    case "instant":
      return (value) => INSTANT.test(value) && isDate(value.slice(0, 10));
    case "enum":
      return (value) => column.values.includes(value);
    case "currency":
      return (value) => CURRENCY.test(value);
    case "transaction_code":
      return (value) => TRANSACTION_CODE.test(value);
    case "id":
      return isSafeId;
    case "text":
      return column.nullable ? undefined : () => true;
    case "amount":
      return (value) => AMOUNT.test(value);
    case "integer":
      return undefined;
  }
}

/** As it is written: no zeros in front, and no zero below zero. */
const AMOUNT = /^(?!-[0.]+$)-?(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?$/;
const CURRENCY = /^[A-Z]{3}$/;
/** In UTC with six decimals; its day is looked at alone. */
const INSTANT = /^.{10}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;
const DATE = /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** A day of its month too. */
function isDate(value: string): boolean {
  if (!DATE.test(value)) return false;
  return value.slice(8) <= "28" || new Date(value).toISOString().startsWith(value);
}
