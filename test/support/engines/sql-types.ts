/** Every type that a column of this server may have, found out from the server itself. */
import type { Connection } from "mysql2/promise";

/** What may stand behind a type's name: nothing, a length, digits behind the point, members. */
const ARGUMENTS = ["", "(6)", "(64)", "(30,8)", "('BOOK','EUR','a1','2025-01-02')"];

/**
 * Each word that the server says it knows, its keywords, its plugins and what it has help about, is
 * tried as the type of a column; what it then calls the column's type is one.
 */
export async function sqlTypesOf(connection: Connection): Promise<readonly string[]> {
  const types = new Set<string>();
  for (const word of await wordsOf(connection)) {
    for (const behind of ARGUMENTS) {
      const type = await typeOf(connection, `${word}${behind}`);
      // How wide a number is shown is no other type.
      if (type !== undefined) types.add(type.replace(/int\(\d+\)/, "int"));
    }
  }
  return [...types].toSorted();
}

async function wordsOf(connection: Connection): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  for (const source of [
    "SELECT word FROM information_schema.keywords",
    "SELECT plugin_name FROM information_schema.plugins",
    "SELECT name FROM mysql.help_topic",
  ]) {
    for (const [name] of await rowsOf(connection, source)) {
      // `SET DATA TYPE` is help about SET.
      const word = String(name)
        .toUpperCase()
        .replace(/ DATA TYPE$/, "");
      if (/^[A-Z]\w*$/.test(word)) words.add(word);
    }
  }
  return words;
}

async function typeOf(connection: Connection, type: string): Promise<string | undefined> {
  try {
    await connection.query(`CREATE TEMPORARY TABLE probe (value ${type})`);
  } catch {
    return undefined;
  }
  const [[, found] = []] = await rowsOf(connection, "SHOW COLUMNS FROM probe");
  await connection.query("DROP TEMPORARY TABLE probe");
  return found ?? undefined;
}

async function rowsOf(connection: Connection, sql: string): Promise<(string | null)[][]> {
  const [rows] = await connection.query({ sql, rowsAsArray: true });
  return rows as unknown as (string | null)[][];
}
