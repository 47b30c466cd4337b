/**
 * The queries of a statement, compiled by kysely; all of one snapshot. The two views are the
 * bank's side of the contract.
 */
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type RawBuilder,
  sql,
} from "kysely";
import { ACCOUNT_NAMES, type AccountNames } from "../../domain/bank-names.ts";
import { SELECTED_COLUMNS } from "../../domain/columns.ts";
import type { StatementPeriod } from "../../domain/statement-period.ts";

/** A booked or pending transaction, every value as the server's text: `functions/domain/columns.ts`. */
type StatementTransactions = Record<
  "customer_id" | (typeof SELECTED_COLUMNS)[number]["sql"],
  string
>;

interface StatementAccounts {
  customer_id: string;
  account_id: string;
  currency: string;
}

export interface Views {
  /** May be qualified: `bank.statement_transactions`. */
  readonly transactionView: string;
  readonly accountView: string;
  /** Of the transaction view; without it rows have no such code. */
  readonly transactionCodeColumn?: string | undefined;
  /** Columns of the account view, by what they hold; what is not named is not asked for. */
  readonly accountColumns?: AccountColumns | undefined;
}

export type AccountColumns = Readonly<Partial<Record<keyof AccountNames, string | undefined>>>;

export interface StatementQuery {
  readonly customerId: string;
  /** First instant, milliseconds since the epoch. */
  readonly from: number;
  /** First instant after the period, milliseconds since the epoch. */
  readonly to: number;
  /** Where booking dates decide: the first day and the day after the last one, `YYYY-MM-DD`. */
  readonly booked?: { readonly from: string; readonly to: string } | undefined;
}

export function statementQuery(
  customerId: string,
  { basis, from, to, startDate, dayAfter }: StatementPeriod,
): StatementQuery {
  if (basis === "posted_at") return { customerId, from, to };
  return { customerId, from, to, booked: { from: startDate, to: dayAfter } };
}

export interface StatementAccount {
  readonly accountId: string;
  readonly currency: string;
  /** What the installation says of a currency to which ISO 4217 gives no minor unit. */
  readonly decimals?: number;
  readonly names?: AccountNames | undefined;
}

export interface StatementSql {
  /** account_id, currency, the server's time in UTC, the customer's id as the view has it, and `ACCOUNT_NAMES`. */
  accounts(customerId: string): CompiledQuery;
  /**
   * Position of an account in `accounts`, opening, closing; NULL where it has no booked row before.
   * At least one account; a row for each. By booking dates: `booked-balances.ts`.
   */
  balances(query: StatementQuery, accounts: readonly StatementAccount[]): CompiledQuery;
  /** One number. `status` at the end of the index of the order makes it index-only. */
  count(query: StatementQuery, status: RowStatus): CompiledQuery;
  /** Values in the order of `ROW`, rows in the statement's order; of one account, where one is given. */
  rows(query: StatementQuery, status: RowStatus, account?: StatementAccount): CompiledQuery;
}

/** ISO 20022: booked, or pending. */
export type RowStatus = "BOOK" | "PDNG";

/** The server's own text of each value, in the order of `ROW`. */
export type TransactionRow = readonly (string | null)[];

/** Compiles only; the statements run on the driver's own connection. */
export const db = new Kysely<object>({
  dialect: {
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new MysqlIntrospector(kysely),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  },
});

export function statementSql({
  transactionView,
  accountView,
  accountColumns = {},
  transactionCodeColumn,
}: Views): StatementSql {
  const transactions = sql.table<StatementTransactions>(transactionView).as("t");
  const accounts = sql.table<StatementAccounts>(accountView).as("a");
  const inPeriod = ({ customerId, from, to, booked }: StatementQuery, status: RowStatus) =>
    db
      .selectFrom(transactions)
      .where("t.customer_id", "=", customerId)
      .$if(booked === undefined, (rows) =>
        rows.where("t.posted_at", ">=", dateTime(from)).where("t.posted_at", "<", dateTime(to)),
      )
      .$if(booked !== undefined, (rows) =>
        rows
          .where("t.booking_date", ">=", booked?.from ?? "")
          .where("t.booking_date", "<", booked?.to ?? ""),
      )
      .where("t.status", "=", status);
  /**
   * `balance_after` of the account's last booked row before an instant: the one row that the index
   * (account_id, posted_at, id) leads to. Written with `=`, or joined to the accounts, MariaDB
   * enters the index by the account alone and reads every later row on its way.
   */
  const balanceAt = (instant: number, customerId: string, account: StatementAccount) =>
    db
      .selectFrom(transactions)
      .select("t.balance_after")
      .where("t.account_id", ">=", account.accountId)
      .where("t.account_id", "<=", account.accountId)
      .where("t.customer_id", ">=", customerId)
      .where("t.customer_id", "<=", customerId)
      .where("t.posted_at", "<", dateTime(instant))
      .where("t.status", "=", "BOOK")
      .where("t.currency", "=", account.currency)
      .orderBy("t.account_id", "desc")
      .orderBy("t.posted_at", "desc")
      .orderBy("t.id", "desc")
      .limit(1);
  const balancesOf = (query: StatementQuery, account: StatementAccount, position: number) =>
    db.selectNoFrom([
      sql.lit(position).as("position"),
      balanceAt(query.from, query.customerId, account).as("opening"),
      balanceAt(query.to, query.customerId, account).as("closing"),
    ]);
  return {
    accounts: (customerId) =>
      db
        .selectFrom(accounts)
        .where("a.customer_id", "=", customerId)
        .select(["a.account_id", "a.currency"])
        .select(sql<string>`UTC_TIMESTAMP(3)`.as("as_of"))
        .select("a.customer_id")
        .select(
          ACCOUNT_NAMES.map((name) => {
            return named("a", accountColumns[name]).as(`named_${name}`);
          }),
        )
        .orderBy("a.account_id")
        .orderBy("a.currency")
        .compile(),
    balances: (query, accounts) => {
      const [first, ...others] = accounts.map((account, position) =>
        balancesOf(query, account, position),
      );
      if (!first) throw new Error("there is no account to ask for");
      return others.reduce((all, one) => all.unionAll(one), first).compile();
    },
    count: (query, status) =>
      inPeriod(query, status)
        .select((t) => t.fn.countAll().as("row_count"))
        .compile(),
    rows: (query, status, account) =>
      inPeriod(query, status)
        .$if(account !== undefined, (rows) =>
          rows
            .where("t.account_id", "=", account?.accountId ?? "")
            .where("t.currency", "=", account?.currency ?? ""),
        )
        .select(
          SELECTED_COLUMNS.map((column) => {
            if (!("bySetting" in column)) return sql.ref(`t.${column.sql}`).as(column.sql);
            return named("t", transactionCodeColumn).as(column.sql);
          }),
        )
        .$if(query.booked !== undefined, (rows) => rows.orderBy("t.booking_date"))
        .orderBy("t.posted_at")
        .orderBy("t.id")
        .compile(),
  };
}

/** What a setting names; nothing where it names none. */
function named(table: "a" | "t", column: string | undefined): RawBuilder<unknown> {
  return column === undefined ? sql`NULL` : sql.ref(`${table}.${column}`);
}

/** MySQL's own form, in UTC: the session's zone is +00:00. */
function dateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 23).replace("T", " ");
}
