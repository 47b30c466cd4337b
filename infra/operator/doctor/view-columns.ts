/**
 * What a view's columns are made of, by what the server says beside any result: it takes no right but
 * to read the view.
 */
import mysql, { type FieldPacket } from "mysql2";
import type { Connection } from "mysql2/promise";
import { USUAL_COLUMNS } from "../../../functions/domain/columns.ts";
import { ok, unknown, wrong, type Finding } from "./finding.ts";

const { Types } = mysql;

/** The character set of bytes, and of what is no text at all. */
const BINARY = 63;
/** Of those that come as the server's own text, a value of this set is bytes. */
const TEXTS = new Set<number | undefined>([
  ...[Types.VARCHAR, Types.VAR_STRING, Types.STRING, Types.ENUM, Types.SET],
  ...[Types.TINY_BLOB, Types.MEDIUM_BLOB, Types.LONG_BLOB, Types.BLOB],
  ...[Types.BIT, Types.GEOMETRY, Types.VECTOR],
]);

/** What a customer's rows and balances are looked for by. */
const IDS = new Set(["customer_id", "account_id", "id"]);
const READ = new Set<string>(["customer_id", ...USUAL_COLUMNS.flatMap(({ sql }) => sql ?? [])]);

/** A setting that names a column of the view, and which. */
export interface NamedColumn {
  readonly setting: string;
  readonly column: string | undefined;
}

export async function* checkColumns(
  connection: Connection,
  view: string,
  named: readonly NamedColumn[],
): AsyncGenerator<Finding> {
  // Where the name of a view may come from is `functions/statement-builder/config.ts`.
  const [, fields] = await connection.query(`SELECT t.* FROM ${view} AS t LIMIT 0`);
  for (const field of fields.filter(({ name }) => READ.has(name))) {
    if (isBytes(field)) yield bytes(field, view);
    if (IDS.has(field.name) && isComputed(field)) {
      yield unknown(
        `${field.name} of ${view} is computed by the view: no index of a column leads to it, and it may be of another collation`,
        "select a column of the table, with an index; one that the table generates will do",
      );
    }
  }
  for (const one of named) yield* checkNamed(fields, view, one);
}

function bytes({ name }: FieldPacket, view: string): Finding {
  return wrong(
    `${name} of ${view} is bytes, of the character set binary, not text`,
    `CONVERT(${name} USING utf8mb4) in the view; else statements end as invalid_value`,
  );
}

/** One that names nothing is not looked at. */
function* checkNamed(
  fields: readonly FieldPacket[],
  view: string,
  { setting, column }: NamedColumn,
): Generator<Finding> {
  if (column === undefined) return;
  // Neither server tells names of columns apart by capitals.
  const field = fields.find(({ name }) => name.toLowerCase() === column.toLowerCase());
  if (!field) {
    yield wrong(
      `${setting} names ${column}, and ${view} has no such column`,
      "add it to the view, or leave the setting out; else no statement can be read",
    );
    return;
  }
  if (isBytes(field)) yield bytes(field, view);
  else if (!TEXTS.has(field.columnType)) {
    yield wrong(
      `${column} of ${view}, which ${setting} names, is no text`,
      `CAST(${column} AS CHAR) in the view, or name another; else statements have the number, or end as invalid_value`,
    );
  } else yield ok(`${setting}: ${view} has ${field.name}, a text`);
}

function isBytes({ characterSet, columnType }: FieldPacket): boolean {
  return characterSet === BINARY && TEXTS.has(columnType);
}

/** Neither MySQL nor MariaDB then knows of which schema it is. */
function isComputed({ schema, db }: FieldPacket): boolean {
  return (schema ?? db) === "";
}
