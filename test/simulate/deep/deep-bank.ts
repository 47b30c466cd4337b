/**
 * A bank of a few customers whose every row names its customer, and what a MySQL server answers of it:
 * each shipped query, with a customer's values in it, is one text, and has one answer.
 */
import { createHash } from "node:crypto";
import { format } from "mysql2";
import { SELECTED_COLUMNS } from "../../../functions/domain/columns.ts";
import {
  SERVER_NOW,
  statementSql,
  type StatementQuery,
} from "../../../functions/statement-builder/source/transactions-sql.ts";
import { NOBODY } from "../../../functions/statement-builder/source/transactions.ts";
import { IDENTITY } from "../../../functions/statement-builder/source/session/server-session.ts";

export const PERIOD = { start_date: "2025-01-01", end_date: "2025-01-31" };
const FROM = Date.parse("2025-01-01T00:00:00Z");
const TO = Date.parse("2025-02-01T00:00:00Z");

export type Value = string | null;
export type Rows = readonly (readonly Value[])[];

/** Beyond 5,000 rows a statement is built as a stream, and beyond 5 MiB it goes up in parts. */
const ROWS = { plain: 40, empty: 0, parted: 5_500 };
const NOISE_BYTES = 1_100;
const KINDS = Object.keys(ROWS) as readonly (keyof typeof ROWS)[];
const OF_A_KIND = 2;
/** Nobody has heard of it. */
export const UNKNOWN = "unknown-0";

/** Of a hundred requests a few are large, and a few of nobody. */
export function customerAt(kind: number, which: number): string {
  if (kind < 0.02) return UNKNOWN;
  const name = kind < 0.05 ? "parted" : kind < 0.12 ? "empty" : "plain";
  return `${name}-${Math.floor(which * OF_A_KIND)}`;
}

function rowsOf(customer: string): number {
  return ROWS[KINDS.find((kind) => customer.startsWith(`${kind}-`)) ?? "empty"];
}

/** So that zip cannot make much less of it. */
function noise(customer: string, row: number): string {
  if (!customer.startsWith("parted-")) return "";
  const hash = createHash("shake256", { outputLength: NOISE_BYTES });
  return hash.update(`${customer} ${row}`).digest("base64");
}

const MARK = /row (\d+) of ([a-z]+-\d+)/g;

/** Whether these are the marks of all rows of this customer, in their order, and of nobody else. */
export function isWholeOf(customer: string, transactions: string): boolean {
  const marks = [...transactions.matchAll(MARK)].map(([, row, whose]) => `${row} ${whose}`);
  return (
    marks.length === rowsOf(customer) && marks.every((mark, row) => mark === `${row} ${customer}`)
  );
}

/** @param whose texts a row has; another customer's in a bank that is wrong */
function transactionsOf(customer: string, whose: string): Rows {
  return Array.from({ length: rowsOf(customer) }, (_, row): readonly Value[] => {
    const at = new Date(FROM + row * 60_000).toISOString();
    const values: Readonly<Record<string, string>> = {
      account_id: `account-${customer}`,
      id: String(1_000 + row),
      booking_date: at.slice(0, 10),
      posted_at: `${at.slice(0, 19).replace("T", " ")}.000000`,
      value_date: at.slice(0, 10),
      status: "BOOK",
      amount: "1.25",
      currency: "EUR",
      balance_after: (100 + (row + 1) * 1.25).toFixed(2),
      type: "TRANSFER",
      description: `row ${row} of ${whose} ${noise(customer, row)}`,
    };
    return SELECTED_COLUMNS.map(({ sql }) => values[sql] ?? null);
  });
}

/**
 * By the text that the driver sends.
 * @param isMixed rows have the texts of somebody else, with the right sums
 */
export function answersOf(isMixed: boolean): ReadonlyMap<string, () => Rows> {
  const answers = new Map<string, () => Rows>();
  const sql = statementSql({
    transactionView: "statement_transactions",
    accountView: "statement_accounts",
  });
  const put = (
    query: { readonly sql: string; readonly parameters: readonly unknown[] },
    answer: () => Rows,
  ): void => void answers.set(format(query.sql, query.parameters as string[], false, "Z"), answer);
  const customers = KINDS.flatMap((kind) =>
    Array.from({ length: OF_A_KIND }, (_, n) => `${kind}-${n}`),
  );
  for (const customerId of [...customers, UNKNOWN]) {
    const query: StatementQuery = { customerId, from: FROM, to: TO };
    if (customerId === UNKNOWN) {
      put(sql.accounts(query), () => []);
      continue;
    }
    const account = { accountId: `account-${customerId}`, currency: "EUR" };
    const count = rowsOf(customerId);
    const rows = transactionsOf(customerId, isMixed ? "somebody-1" : customerId);
    const closing = (100 + count * 1.25).toFixed(2);
    put(sql.accounts(query), () => [
      [
        ...[account.accountId, "EUR", customerId, String(count), "0"],
        ...[...serverNow(), null, null, null, null],
      ],
    ]);
    put(sql.balances(query, [account]), () => [["0", "100.00", closing]]);
    put(sql.rows(query, "BOOK"), () => rows);
  }
  answers.set(IDENTITY, () => SERVER);
  // Whom a builder asks for to know whether it is ready.
  put(sql.accounts(NOBODY), () => []);
  answers.set(SERVER_NOW, () => [serverNow()]);
  return answers;
}

/** The time, and that it takes writes. */
function serverNow(): readonly string[] {
  return [new Date().toISOString().slice(0, 23).replace("T", " "), "0"];
}

/** What tells this server from others, for whoever wants to end a query on it. */
export const SERVER: Rows = [
  ["server_uuid", "5bd3f2b1-0000-4000-8000-000000000001"],
  ["hostname", "simulated"],
  ["port", "3306"],
];
