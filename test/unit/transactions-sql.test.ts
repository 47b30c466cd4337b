/** A query's text is made once; the values in it are those of each statement. */
import { sql } from "kysely";
import { makeCompileOnce } from "../../functions/statement-builder/source/compiled-once.ts";
import {
  db,
  statementSql,
  type StatementQuery,
  type StatementSql,
} from "../../functions/statement-builder/source/transactions-sql.ts";

const VIEWS = { transactionView: "bank.statement_transactions", accountView: "statement_accounts" };
const account = (accountId: string, currency: string) => ({ accountId, currency });

function customer(customerId: string, day: string, booked: boolean): StatementQuery {
  const from = Date.parse(`2025-0${day}-01T00:00:00Z`);
  const query = { customerId, from, to: from + 86_400_000 };
  return booked ? { ...query, booked: { from: `2025-0${day}-01`, to: `2025-0${day}-02` } } : query;
}

const QUERIES: Readonly<
  Record<string, (sql: StatementSql, who: string, day: string, booked: boolean) => object>
> = {
  accounts: (sql, who, day, booked) => sql.accounts(customer(who, day, booked)),
  "balances of one": (sql, who, day) =>
    sql.balances(customer(who, day, false), [account(`${who}-1`, "EUR")]),
  "balances of three": (sql, who, day) =>
    sql.balances(customer(who, day, false), [
      account(`${who}-1`, "EUR"),
      account(`${who}-1`, "USD"),
      account(`${who}-2`, "EUR"),
    ]),
  count: (sql, who, day, booked) => sql.count(customer(who, day, booked), "BOOK"),
  "count of pending": (sql, who, day, booked) => sql.count(customer(who, day, booked), "PDNG"),
  "undated pending": (sql, who, day, booked) => sql.undatedPending(customer(who, day, booked)),
  rows: (sql, who, day, booked) => sql.rows(customer(who, day, booked), "BOOK"),
  "rows of one account": (sql, who, day, booked) =>
    sql.rows(customer(who, day, booked), "BOOK", account(`${who}-2`, "EUR")),
};

test.each(
  Object.entries(QUERIES).flatMap(([name, ask]) => [
    [name, false, ask] as const,
    [name, true, ask] as const,
  ]),
)("%s, by booking dates: %s", (_, booked, ask) => {
  const asked = statementSql(VIEWS);
  // All others first, so that each could be taken for another.
  for (const other of Object.values(QUERIES)) {
    other(asked, "first", "3", !booked);
    other(asked, "first", "3", booked);
  }
  const second = ask(asked, "second", "4", booked);
  expect(second).toEqual(ask(statementSql(VIEWS), "second", "4", booked));
  expect(JSON.stringify(second)).toContain("second");
  expect(JSON.stringify(second)).not.toMatch(/first|2025-03|value \d/);
});

test("what is the same for all statements keeps its type", () => {
  const { sql: text, parameters } = statementSql(VIEWS).balances(customer("c", "3", false), [
    account("a", "EUR"),
  ]);
  expect(text.match(/limit \?/g)).toHaveLength(2);
  expect(parameters.filter((one) => typeof one === "number")).toEqual([1, 1]);
});

test("texts beyond those that are kept are made anew, with the same outcome", () => {
  const compileOnce = makeCompileOnce();
  const ask = (n: number) =>
    compileOnce(`limit ${n}`, [`customer ${n}`], ([mark = ""]) =>
      sql`SELECT id FROM t WHERE id = ${mark} LIMIT ${n}`.compile(db),
    );
  for (const round of [1, 2]) {
    for (let n = 1; n <= 100; n++) {
      const { parameters } = ask(n);
      expect([round, ...parameters]).toEqual([round, `customer ${n}`, n]);
    }
  }
});
