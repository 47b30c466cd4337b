/** A statement's rows in SQL: the builder's own query, and the shell user's, which writes the CSV. */
import { format } from "mysql2";
import { TRANSACTION_COLUMNS } from "../../../functions/domain/columns.ts";
import { statementPeriod } from "../../../functions/domain/statement-period.ts";
import { statementSql } from "../../../functions/statement-builder/source/transactions-sql.ts";

/** All there is: two years. */
export const PERIOD = { startDate: "2024-01-01", endDate: "2025-12-31", timeZone: "UTC" } as const;

export const CSV_HEADER = TRANSACTION_COLUMNS.join(",");

/** The text the builder sends, so that the floor reads the very same rows in the same order. */
export function rowsSql(customerId: string): string {
  const { from, to } = statementPeriod(PERIOD);
  const { sql, parameters } = statementSql({
    transactionView: "statement_transactions",
    accountView: "statement_accounts",
  }).rows({ customerId, from, to }, "BOOK");
  return format(sql, parameters as string[], false, "Z");
}

/**
 * One value a row: a line of transactions.csv without its line feed, which the client adds. Of the
 * ways to write this in SQL the cheapest one known: a regular expression finds the fields that need
 * a second look (LOCATE, INSTR and LIKE take half as much CPU again), a variable counts the lines.
 */
export function csvSql(customerId: string): string {
  const rows = rowsSql(customerId);
  const masked =
    "CONCAT(REPEAT('*', CHAR_LENGTH(t.counterparty_account) - 4), RIGHT(t.counterparty_account, 4))";
  const values = [
    "@line := @line + 1",
    "t.account_id",
    "t.id",
    "t.booking_date",
    "CONCAT(INSERT(t.posted_at, 11, 1, 'T'), 'Z')",
    "t.value_date",
    "t.status",
    "IF(t.amount < 0, 'DBIT', 'CRDT')",
    "CAST(t.amount AS DECIMAL(21,2))",
    "t.currency",
    "CAST(t.balance_after AS DECIMAL(21,2))",
    "t.type",
    field("t.description"),
    field("t.counterparty_name"),
    `COALESCE(${masked}, '')`,
    field("t.reference"),
    String.raw`CONCAT(COALESCE(t.reversal_of, ''), '\r')`,
  ];
  const from = rows
    .slice(rows.indexOf(" from "))
    .replace(" where ", ", (SELECT @line := 0) AS n where ");
  return `SELECT CONCAT_WS(',', ${values.join(", ")})${from}`;
}

/** Quoted where RFC 4180 asks for it, and guarded where a spreadsheet would take it for a formula. */
function field(column: string): string {
  const formula = String.raw`^[-=+@\t\r\n＝＋－＠]`;
  const special = String.raw`[",\r\n]`;
  const guarded = String.raw`CONCAT(IF(${column} REGEXP '${formula}', '\'', ''), ${column})`;
  return (
    `IF(${column} REGEXP '${special}|${formula}', ` +
    `IF(${column} REGEXP '${special}', CONCAT('"', REPLACE(${guarded}, '"', '""'), '"'), ${guarded}), ` +
    `COALESCE(${column}, ''))`
  );
}
