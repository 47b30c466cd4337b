/**
 * The rows of a statement from MySQL: one consistent snapshot, the proof's expectations first, then
 * the rows in batches. Amounts, ids and times stay the server's own text.
 */
import { createPool, type Pool, type PoolConnection } from "mysql2";
import type { AccountBalance } from "../../domain/money/account-totals.ts";
import type { Log } from "../../platform/telemetry/log.ts";
import { COLUMNS, USUAL_COLUMNS, type Column } from "../../domain/columns.ts";
import { RetryableError, StatementFailure } from "../../domain/failure.ts";
import type { AsOfBasis } from "../../domain/manifest.ts";
import { UNKNOWN_ON_REPLICA } from "../../domain/last-error.ts";
import { toAccounts } from "./accounts/account-rows.ts";
import { readPostedBalances, toBalances, type AnsweredBalance } from "./accounts/balances.ts";
import { readBookedBalances, type BookedBalances } from "./accounts/booked-balances.ts";
import { inUtc, readDataTime, type DataTimeConfig } from "./data-time.ts";
import { requireKnownDriver } from "./byte-rows.ts";
import { databaseError } from "./database-error.ts";
import { killQuery } from "./kill-query.ts";
import { connectPackets } from "./packet-socket.ts";
import { missingPeriodIndexes } from "./period-index.ts";
import type { RowBatch } from "./row-stream.ts";
import { isReadOnly, prepareSession, readSession, type ServerSession } from "./server-session.ts";
import {
  makeSnapshotConnection,
  type SnapshotConnection,
  type SqlText,
} from "./snapshot-connection.ts";
import {
  SERVER_NOW,
  SERVER_NOW_AT,
  statementSql,
  type AccountColumns,
  type StatementAccount,
  type StatementQuery,
  type StatementSql,
  type TransactionRow,
} from "./transactions-sql.ts";
import { readCaFile } from "../../platform/tls/ca-certificates.ts";
import { monotonic } from "../../platform/clock/clock.ts";

export interface TransactionsConfig extends DataTimeConfig {
  /** `mysql://user:password@host:port/database` */
  readonly databaseUrl: string;
  /** CA certificates in PEM form; the connection is then encrypted and the server's name checked. */
  readonly caFile?: string | undefined;
  readonly transactionView: string;
  readonly accountView: string;
  /** Of ISO 20022's codes, in the transaction view. */
  readonly transactionCodeColumn?: string | undefined;
  /** What people know an account by: columns of the account view. */
  readonly accountColumns?: AccountColumns | undefined;
  /** Where booking order and posted order differ, rows of an account that may be read for a balance. */
  readonly bookingOrderRows: number;
  /** Digits behind the point of currencies to which ISO 4217 gives no minor unit. */
  readonly currencyDecimals?: ReadonlyMap<string, number> | undefined;
  /** Statements read at a time. */
  readonly connections: number;
  /** Within this time a row, or a small result, comes, or the server counts as gone. */
  readonly readTimeoutMs?: number | undefined;
  /** Told of every query in front of the rows, and of each place in the pool, when it has ended. */
  readonly onQuery?: ObserveQuery | undefined;
  readonly log: Log;
}

/**
 * Of what is asked in front of the rows; `connect` is a place in the pool, with what is set there. `accounts`
 * counts the booked rows too, `count` the pending ones.
 */
export type QueryName = "connect" | "snapshot" | "accounts" | "balances" | "count";

/** Told how long the database took, for each of these. */
export type ObserveQuery = (query: QueryName, outcome: "ok" | "error", seconds: number) => void;

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

export interface Transactions extends AsyncDisposable {
  /**
   * @throws StatementFailure `unknown_customer`, `invalid_amount`, `booking_order`, `unsupported_database`;
   * RetryableError `database_unavailable`, `database_error`, `database_refused`, `database_behind`,
   * `unknown_on_replica`; the signal's reason when it aborts.
   */
  open(query: StatementQuery, signal: AbortSignal): Promise<StatementSnapshot>;
  /** Whether a snapshot opens, by one of a customer whom nobody has. @throws as `open` */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * DDL of the indexes that statements by booking date need and the database does not use.
   * @throws RetryableError, also where the server shows this user no plans
   */
  missingIndexes(signal: AbortSignal): Promise<readonly string[]>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 30_000;
/** Said at the start, as the first connection is made then. */
const THROUGH_ROUTER =
  "a router or a balancer is between here and the database, and hides the server's connection ids: " +
  "each snapshot asks for its own, and a query that is given up ends where its server is reached again";
const START_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
/** In one query; more would make a very long one. */
const ACCOUNTS_AT_ONCE = 100;

/** Nobody has this customer: what is looked at is how the server would go about it. */
export const NOBODY = { customerId: "-", from: Date.UTC(2025, 0, 1), to: Date.UTC(2025, 1, 1) };

/** @throws Error for a driver that is not as known here */
export function makeTransactions(config: TransactionsConfig): Transactions {
  requireKnownDriver();
  const settings = {
    uri: config.databaseUrl,
    stream: connectPackets,
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: "utf8mb4",
    timezone: "Z",
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    // Without `verifyIdentity` the driver takes the certificate of any server of that CA.
    ...(config.caFile
      ? { ssl: { ca: readCaFile("DATABASE_CA_FILE", config.caFile), verifyIdentity: true } }
      : {}),
  };
  const pool = createPool({ ...settings, connectionLimit: config.connections });
  // An idle connection may fail at any time; the pool has replaced it by the time this is called.
  pool.on("connection", (connection) => connection.on("error", () => undefined));
  const sql = statementSql(config);
  const timed = makeQueryTimer(config.onQuery);
  /** Connections whose session is as it must be. */
  const sessions = new WeakMap<PoolConnection, ServerSession>();
  const kills = new Set<Promise<void>>();
  let met: ServerSession | undefined;

  function killOnServer(session: ServerSession | undefined): void {
    // Until the session is set up, nothing runs for long.
    if (!session) return;
    const kill = killQuery(settings, session)
      .then((reached) => {
        if (!reached) config.log.warn("the query goes on: its server was not to be reached again");
      })
      .catch((err: unknown) => config.log.warn({ err }, "the query could not be killed"))
      .finally(() => kills.delete(kill));
    kills.add(kill);
  }

  /** What is between here and the server is said once, and when it turns out to be several. */
  function meet(session: ServerSession): void {
    const { version, readOnly, throughRouter } = session;
    if (!met) {
      config.log.info({ version, readOnly, throughRouter }, "connected to the database");
      if (throughRouter) config.log.warn(THROUGH_ROUTER);
    } else if (met.server !== session.server) {
      config.log.warn({ version, readOnly }, "the address of the database leads to another server");
    }
    met = session;
  }

  async function connect(signal: AbortSignal): Promise<Connected> {
    const pooled = await acquire(pool, signal);
    const connection = makeSnapshotConnection(pooled, {
      signal,
      readTimeoutMs: config.readTimeoutMs ?? READ_TIMEOUT_MS,
      killOnServer: () => killOnServer(sessions.get(pooled)),
    });
    const known = sessions.get(pooled);
    if (known) return { connection, session: known, pooled };
    try {
      const session = await prepareSession((text) => connection.run(text), pooled);
      sessions.set(pooled, session);
      meet(session);
      return { connection, session, pooled };
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Asked in the snapshot, which a router keeps on one session: it may be another one than was set up,
   * with an id that is somebody else's by now.
   */
  async function meetAgain({ connection, session, pooled }: Connected): Promise<void> {
    if (!session.throughRouter) return;
    const now = await readSession((text) => connection.run(text), pooled);
    sessions.set(pooled, now);
    meet(now);
  }

  return {
    async open(query, signal) {
      const connected = await timed("connect", connect(signal));
      const { connection } = connected;
      try {
        const begin = { timed, begun: () => meetAgain(connected) };
        const begun = await beginSnapshot(connection, { sql, config }, query, begin);
        return await openSnapshot(connection, { sql, config }, query, { timed, begun });
      } catch (error) {
        await connection[Symbol.asyncDispose]();
        throw error;
      }
    },
    async ready(signal) {
      const connected = await connect(signal);
      await using connection = connected.connection;
      const untimed = { timed: UNTIMED, begun: () => meetAgain(connected) };
      await beginSnapshot(connection, { sql, config }, NOBODY, untimed);
    },
    async missingIndexes(signal) {
      const connected = await connect(signal);
      await using connection = connected.connection;
      return await missingPeriodIndexes((text) => connection.run(text), config.transactionView);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(kills);
      await new Promise<void>((resolve) => pool.end(() => resolve()));
    },
  };
}

/** A connection of the pool; one that comes after the signal goes straight back. */
async function acquire(pool: Pool, signal: AbortSignal): Promise<PoolConnection> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  pool.getConnection((error, connection) => {
    if (error) reject(databaseError(error));
    else if (signal.aborted) connection.release();
    else resolve(connection);
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

type TimeQuery = <T>(query: QueryName, work: Promise<T>) => Promise<T>;

const UNTIMED: TimeQuery = (_, work) => work;

function makeQueryTimer(onQuery: ObserveQuery = () => undefined): TimeQuery {
  return async (query, work) => {
    const startedAt = monotonic();
    let outcome: "ok" | "error" = "error";
    try {
      const result = await work;
      outcome = "ok";
      return result;
    } finally {
      onQuery(query, outcome, (monotonic() - startedAt) / 1000);
    }
  };
}

interface Connected {
  readonly connection: SnapshotConnection;
  readonly session: ServerSession;
  readonly pooled: PoolConnection;
}

/** Of what instant a snapshot is, and what the account view has for a customer's id in it. */
interface Begun {
  readonly asOf: number;
  readonly basis: AsOfBasis | undefined;
  readonly readOnly: boolean;
  readonly matching: readonly TransactionRow[];
}

interface Asking {
  readonly sql: StatementSql;
  readonly config: BookedBalances &
    DataTimeConfig &
    Pick<TransactionsConfig, "currencyDecimals" | "transactionCodeColumn">;
}

/** @param begun told when the snapshot is there */
async function beginSnapshot(
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

async function openSnapshot(
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
