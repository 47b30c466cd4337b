/**
 * The queries of a statement, compiled by kysely; all of one snapshot. The two views are the
 * bank's side of the contract: the shape of their columns is described here.
 */
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  sql,
} from "kysely";

/** A booked or pending transaction, every value as the server's text. */
interface StatementTransactions {
  customer_id: string;
  account_id: string;
  id: string;
  status: RowStatus;
  /** UTC, six decimals. */
  posted_at: string;
  booking_date: string;
  value_date: string;
  /** DECIMAL(23,4), a credit is positive. */
  amount: string;
  currency: string;
  balance_after: string;
  type: string;
  description: string | null;
  counterparty_name: string | null;
  counterparty_account: string | null;
  reference: string | null;
  reversal_of: string | null;
}

interface StatementAccounts {
  customer_id: string;
  account_id: string;
  currency: string;
}

export interface Views {
  /** May be qualified: `bank.statement_transactions`. */
  readonly transactionView: string;
  readonly accountView: string;
}

export interface StatementQuery {
  readonly customerId: string;
  /** First instant, milliseconds since the epoch. */
  readonly from: number;
  /** First instant after the period, milliseconds since the epoch. */
  readonly to: number;
}

export interface StatementAccount {
  readonly accountId: string;
  readonly currency: string;
}

export interface StatementSql {
  /** account_id, currency, the server's time in UTC, and the customer's id as the view has it. */
  accounts(customerId: string): CompiledQuery;
  /**
   * Position of an account in `accounts`, opening, closing; NULL where it has no booked row before.
   * At least one account; a row for each.
   */
  balances(query: StatementQuery, accounts: readonly StatementAccount[]): CompiledQuery;
  /** One number. `status` at the end of the index (customer_id, posted_at, id) makes it index-only. */
  count(query: StatementQuery, status: RowStatus): CompiledQuery;
  /** Values in the order of `ROW`, rows in the statement's order; of one account, where one is given. */
  rows(query: StatementQuery, status: RowStatus, account?: StatementAccount): CompiledQuery;
}

/** ISO 20022: booked, or pending. */
export type RowStatus = "BOOK" | "PDNG";

/** Where each value of a row stands. */
export const ROW = {
  accountId: 0,
  id: 1,
  bookingDate: 2,
  postedAt: 3,
  valueDate: 4,
  status: 5,
  amount: 6,
  currency: 7,
  balanceAfter: 8,
  type: 9,
  description: 10,
  counterpartyName: 11,
  counterpartyAccount: 12,
  reference: 13,
  reversalOf: 14,
} as const;

/** The server's own text of each value, in the order of `ROW`. */
export type TransactionRow = readonly (string | null)[];

export function statementSql({ transactionView, accountView }: Views): StatementSql {
  const db = new Kysely<object>({
    // Compiles only; the statements run on the driver's own connection.
    dialect: {
      createAdapter: () => new MysqlAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new MysqlIntrospector(kysely),
      createQueryCompiler: () => new MysqlQueryCompiler(),
    },
  });
  const transactions = sql.table<StatementTransactions>(transactionView).as("t");
  const accounts = sql.table<StatementAccounts>(accountView).as("a");
  const inPeriod = ({ customerId, from, to }: StatementQuery, status: RowStatus) =>
    db
      .selectFrom(transactions)
      .where("t.customer_id", "=", customerId)
      .where("t.posted_at", ">=", dateTime(from))
      .where("t.posted_at", "<", dateTime(to))
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
        .select(["t.account_id", "t.id", "t.booking_date", "t.posted_at", "t.value_date"])
        .select(["t.status", "t.amount", "t.currency", "t.balance_after", "t.type"])
        .select(["t.description", "t.counterparty_name", "t.counterparty_account"])
        .select(["t.reference", "t.reversal_of"])
        .orderBy("t.posted_at")
        .orderBy("t.id")
        .compile(),
  };
}

/** MySQL's own form, in UTC: the session's zone is +00:00. */
function dateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 23).replace("T", " ");
}
