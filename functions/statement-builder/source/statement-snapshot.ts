/**
 * A statement's data in one consistent snapshot, on a connection of its own: of what instant it is, the
 * proof's expectations, and the rows in batches.
 */
import type { AccountBalance } from "../../domain/money/account-totals.ts";
import { COLUMNS, USUAL_COLUMNS, type Column } from "../../domain/columns.ts";
import { RetryableError, StatementFailure } from "../../domain/failure.ts";
import type { AsOfBasis } from "../../domain/manifest.ts";
import { UNKNOWN_ON_REPLICA } from "../../domain/last-error.ts";
import { toAccounts } from "./accounts/account-rows.ts";
import { readPostedBalances, toBalances, type AnsweredBalance } from "./accounts/balances.ts";
import { readBookedBalances, type BookedBalances } from "./accounts/booked-balances.ts";
import { inUtc, readDataTime, type DataTimeConfig } from "./data-time.ts";
import type { TimeQuery } from "./query-times.ts";
import type { RowBatch } from "./row-stream.ts";
import { isReadOnly } from "./session/server-session.ts";
import type { SnapshotConnection, SqlText } from "./session/snapshot-connection.ts";
import {
  SERVER_NOW,
  SERVER_NOW_AT,
  type StatementAccount,
  type StatementQuery,
  type StatementSql,
  type TransactionRow,
} from "./transactions-sql.ts";

export interface SnapshotConfig extends BookedBalances, DataTimeConfig {
  /** Of ISO 20022's codes, in the transaction view. */
  readonly transactionCodeColumn?: string | undefined;
  /** Digits behind the point of currencies to which ISO 4217 gives no minor unit. */
  readonly currencyDecimals?: ReadonlyMap<string, number> | undefined;
}

export interface StatementSnapshot extends AsyncDisposable {
  /** Instant of the snapshot, or of its data where `asOfBasis` says so; milliseconds since the epoch. */
  readonly asOf: number;
  readonly asOfBasis?: AsOfBasis | undefined;
  /** Of the statement: with those that a setting names, where it does. */
  readonly columns: readonly Column[];
  /** How many rows the stream must bring, counted in front of them. */
  readonly rows: number;
  /** Every account of the customer with its opening and closing balance, from queries of their own. */
  readonly balances: readonly AccountBalance[];
  /**
   * The booked rows, of one account where one is given; one stream at a time, each as often as it is
   * asked for.
   * @throws RetryableError `database_unavailable` also when the server falls silent.
   */
  batches(account?: StatementAccount): AsyncIterable<RowBatch>;
  /** What is not booked yet. */
  pending(): Promise<PendingRows>;
  /** How many rows all these streams have brought so far. */
  received(): number;
}

export interface PendingRows {
  /** How many rows the stream must bring, counted by a query of its own. */
  readonly rows: number;
  batches(): AsyncIterable<RowBatch>;
}

const START_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
/** In one query; more would make a very long one. */
const ACCOUNTS_AT_ONCE = 100;

/** Of what instant a snapshot is, and what the account view has for a customer's id in it. */
export interface Begun {
  readonly asOf: number;
  readonly basis: AsOfBasis | undefined;
  readonly readOnly: boolean;
  readonly matching: readonly TransactionRow[];
}

interface Asking {
  readonly sql: StatementSql;
  readonly config: SnapshotConfig;
}

/** @param begun told when the snapshot is there */
export async function beginSnapshot(
  connection: SnapshotConnection,
  { sql, config }: Asking,
  query: StatementQuery,
  { timed, begun }: { readonly timed: TimeQuery; readonly begun: () => Promise<void> },
): Promise<Begun> {
  await timed("snapshot", connection.run(START_SNAPSHOT));
  await begun();
  const matching = await timed("accounts", connection.run(sql.accounts(query)));
  // Asked each time: a primary may have become a replica since the connection was made, or the other way round.
  const [now, word] =
    matching[0]?.slice(SERVER_NOW_AT) ?? (await connection.run(SERVER_NOW))[0] ?? [];
  const readOnly = isReadOnly(word ?? "");
  const { watermark, basis } = await readDataTime(connection, readOnly, config);
  return { asOf: watermark ?? inUtc(now), basis, readOnly, matching };
}

export async function openSnapshot(
  connection: SnapshotConnection,
  { sql, config }: Asking,
  query: StatementQuery,
  { timed, begun }: { readonly timed: TimeQuery; readonly begun: Begun },
): Promise<StatementSnapshot> {
  // To a collation `ab` may be `AB`, and to a column of numbers `7b` is 7: other customers, to us.
  const found = begun.matching.filter((row) => String(row[2]) === query.customerId);
  const [first] = found;
  if (!first) {
    const message = "the account view has no row of the customer";
    if (begun.readOnly) throw new RetryableError(UNKNOWN_ON_REPLICA, message);
    throw new StatementFailure("unknown_customer", message);
  }
  const [, , , rows, undatedRows] = first;
  if (undatedRows !== "0") throw undated(query, "booked");
  const accounts = toAccounts(found).map((account) => {
    const decimals = config.currencyDecimals?.get(account.currency);
    return decimals === undefined ? account : { ...account, decimals };
  });
  const balances = await timed(
    "balances",
    readBalances(connection, { sql, config }, query, accounts),
  );
  return {
    asOf: begun.asOf,
    asOfBasis: begun.basis,
    columns: config.transactionCodeColumn === undefined ? USUAL_COLUMNS : COLUMNS,
    rows: Number(rows),
    balances,
    batches: (account) => connection.stream(sql.rows(query, "BOOK", account)),
    async pending() {
      const without = await timed("count", connection.run(sql.undatedPending(query)));
      if (without.length > 0) throw undated(query, "pending");
      const [[rows = null] = []] = await timed("count", connection.run(sql.count(query, "PDNG")));
      return { rows: Number(rows), batches: () => connection.stream(sql.rows(query, "PDNG")) };
    },
    received: () => connection.received(),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** A row of every period or of none: nobody but the bank can say. */
function undated({ booked }: StatementQuery, kind: "booked" | "pending"): StatementFailure {
  const column = booked ? "booking_date" : "posted_at";
  const detail = `${column} of a ${kind} row is NULL: give it one, in the table or in STATEMENT_VIEW`;
  return new StatementFailure("invalid_value", `a row without ${column}`, { detail });
}

async function readBalances(
  connection: SnapshotConnection,
  { sql, config }: Asking,
  query: StatementQuery,
  accounts: readonly StatementAccount[],
): Promise<readonly AccountBalance[]> {
  const { customerId, booked } = query;
  const ask = (text: SqlText) => connection.run(text);
  const readSome = booked
    ? (some: readonly StatementAccount[]) =>
        readBookedBalances(ask, config, { customerId, booked }, some)
    : (some: readonly StatementAccount[]) => readPostedBalances(ask, sql, query, some);
  const answered: AnsweredBalance[] = [];
  for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE) {
    answered.push(...(await readSome(accounts.slice(from, from + ACCOUNTS_AT_ONCE))));
  }
  return toBalances(accounts, answered);
}
