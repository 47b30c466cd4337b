/**
 * The queries of a statement, compiled by kysely; all of one snapshot. The two views are the
 * bank's side of the contract.
 */
import {
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
import { makeCompileOnce, type SqlQuery } from "./compiled-once.ts";

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

/** The server's time in UTC, and whether it takes no writes of other users just now. */
export const SERVER_NOW = "SELECT UTC_TIMESTAMP(3), @@read_only";
/** Where in an answer of `accounts` these two stand, and what comes behind them. */
export const SERVER_NOW_AT = 5;
export const NAMES_AT = 7;

export interface StatementSql {
  /**
   * account_id, currency, the customer's id as the view has it, how many booked rows the period has, whether
   * the customer has a booked row of no period, what `SERVER_NOW` asks, and `ACCOUNT_NAMES`. All but the
   * account's own is the same in each row: the server looks once.
   */
  accounts(query: StatementQuery): SqlQuery;
  /**
   * Position of an account in `accounts`, opening, closing; NULL where it has no booked row before.
   * At least one account; a row for each. By booking dates: `accounts/booked-balances.ts`.
   */
  balances(query: StatementQuery, accounts: readonly StatementAccount[]): SqlQuery;
  /**
   * A row where a pending row may be of the period and nothing says so: it has no booking date yet, and was
   * posted in it; by posted times it has none at all.
   */
  undatedPending(query: StatementQuery): SqlQuery;
  /** One number. `status` at the end of the index of the order makes it index-only. */
  count(query: StatementQuery, status: RowStatus): SqlQuery;
  /** Values in the order of `ROW`, rows in the statement's order; of one account, where one is given. */
  rows(query: StatementQuery, status: RowStatus, account?: StatementAccount): SqlQuery;
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
  const compileOnce = makeCompileOnce();
  const inPeriod = ({ customer, from, to, byDay }: Period, status: RowStatus) =>
    db
      .selectFrom(transactions)
      .where("t.customer_id", "=", customer)
      .where(byDay ? "t.booking_date" : "t.posted_at", ">=", from)
      .where(byDay ? "t.booking_date" : "t.posted_at", "<", to)
      .where("t.status", "=", status);
  const counted = (period: Period, status: RowStatus) =>
    inPeriod(period, status).select((t) => t.fn.countAll().as("row_count"));
  /**
   * What no comparison of days, or of instants, finds in any period. Asked apart from these, so that their
   * range of the index stays one: NULL is one place of the same index.
   */
  const undated = (customer: string, byDay: boolean, status: RowStatus) =>
    db
      .selectFrom(transactions)
      .select(sql.lit(1).as("one"))
      .where("t.customer_id", "=", customer)
      .where(byDay ? "t.booking_date" : "t.posted_at", "is", null)
      .where("t.status", "=", status);
  /**
   * `balance_after` of the account's last booked row before an instant: the one row that the index
   * (account_id, posted_at, id) leads to. Written with `=`, or joined to the accounts, MariaDB
   * enters the index by the account alone and reads every later row on its way.
   */
  const balanceAt = (instant: string, customer: string, { id, currency }: Account) =>
    db
      .selectFrom(transactions)
      .select("t.balance_after")
      .where("t.account_id", ">=", id)
      .where("t.account_id", "<=", id)
      .where("t.customer_id", ">=", customer)
      .where("t.customer_id", "<=", customer)
      .where("t.posted_at", "<", instant)
      .where("t.status", "=", "BOOK")
      .where("t.currency", "=", currency)
      .orderBy("t.account_id", "desc")
      .orderBy("t.posted_at", "desc")
      .orderBy("t.id", "desc")
      .limit(1);
  return {
    accounts(query) {
      const byDay = query.booked !== undefined;
      const shape = `accounts${byDay ? " by day" : ""}`;
      return compileOnce(shape, valuesOf(query), ([customer = "", from = "", to = ""]) =>
        db
          .selectFrom(accounts)
          .where("a.customer_id", "=", customer)
          .select(["a.account_id", "a.currency", "a.customer_id"])
          .select(counted({ customer, from, to, byDay }, "BOOK").as("counted"))
          .select((a) => a.exists(undated(customer, byDay, "BOOK")).as("undated"))
          .select(sql<string>`UTC_TIMESTAMP(3)`.as("as_of"))
          .select(sql<string>`@@read_only`.as("read_only"))
          .select(ACCOUNT_NAMES.map((name) => named("a", accountColumns[name]).as(`named_${name}`)))
          .orderBy("a.account_id")
          .orderBy("a.currency")
          .compile(),
      );
    },
    balances({ customerId, ...query }, asked) {
      const instants = [dateTime(query.from), dateTime(query.to)];
      const ofAccounts = asked.flatMap(({ accountId, currency }) => [accountId, currency]);
      const values = [customerId, ...instants, ...ofAccounts];
      return compileOnce(`balances ${asked.length}`, values, (marks) => {
        const [customer = "", from = "", to = "", ...others] = marks;
        const [first, ...more] = asked.map((_, position) => {
          const [id = "", currency = ""] = others.slice(2 * position);
          return db.selectNoFrom([
            sql.lit(position).as("position"),
            balanceAt(from, customer, { id, currency }).as("opening"),
            balanceAt(to, customer, { id, currency }).as("closing"),
          ]);
        });
        if (!first) throw new Error("there is no account to ask for");
        return more.reduce((all, one) => all.unionAll(one), first).compile();
      });
    },
    undatedPending(query) {
      const byDay = query.booked !== undefined;
      const values = [query.customerId, dateTime(query.from), dateTime(query.to)];
      const shape = `undated${byDay ? " by day" : ""}`;
      return compileOnce(shape, byDay ? values : [query.customerId], ([customer = "", ...days]) =>
        undated(customer, byDay, "PDNG")
          .$if(byDay, (rows) => {
            const [from = "", to = ""] = days;
            return rows.where((t) =>
              t.or([
                t("t.posted_at", "is", null),
                t.and([t("t.posted_at", ">=", from), t("t.posted_at", "<", to)]),
              ]),
            );
          })
          .limit(1)
          .compile(),
      );
    },
    count: (query, status) => {
      const byDay = query.booked !== undefined;
      const shape = `count ${status}${byDay ? " by day" : ""}`;
      return compileOnce(shape, valuesOf(query), ([customer = "", from = "", to = ""]) =>
        counted({ customer, from, to, byDay }, status).compile(),
      );
    },
    rows(query, status, account) {
      const byDay = query.booked !== undefined;
      const shape = `rows ${status}${byDay ? " by day" : ""}${account ? " of one account" : ""}`;
      const values = [
        ...valuesOf(query),
        ...(account ? [account.accountId, account.currency] : []),
      ];
      return compileOnce(shape, values, (marks) => {
        const [customer = "", from = "", to = "", id = "", currency = ""] = marks;
        return inPeriod({ customer, from, to, byDay }, status)
          .$if(account !== undefined, (rows) =>
            rows.where("t.account_id", "=", id).where("t.currency", "=", currency),
          )
          .select(
            SELECTED_COLUMNS.map((column) => {
              if (!("bySetting" in column)) return sql.ref(`t.${column.sql}`).as(column.sql);
              return named("t", transactionCodeColumn).as(column.sql);
            }),
          )
          .$if(byDay, (rows) => rows.orderBy("t.booking_date"))
          .orderBy("t.posted_at")
          .orderBy("t.id")
          .compile();
      });
    },
  };
}

/** What a setting names; nothing where it names none. */
function named(table: "a" | "t", column: string | undefined): RawBuilder<unknown> {
  return column === undefined ? sql`NULL` : sql.ref(`${table}.${column}`);
}

/** Values of a query, or what stands for them. */
interface Period {
  readonly customer: string;
  readonly from: string;
  readonly to: string;
  /** Whether these are days. */
  readonly byDay: boolean;
}

interface Account {
  readonly id: string;
  readonly currency: string;
}

function valuesOf({ customerId, from, to, booked }: StatementQuery): readonly string[] {
  return booked ? [customerId, booked.from, booked.to] : [customerId, dateTime(from), dateTime(to)];
}

/** MySQL's own form, in UTC: the session's zone is +00:00. */
function dateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 23).replace("T", " ");
}
