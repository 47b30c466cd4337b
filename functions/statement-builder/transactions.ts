/**
 * The rows of a statement from MySQL: one consistent snapshot, the proof's expectations first, then
 * the rows in batches. Amounts, ids and times stay the server's own text.
 */
import { readFileSync } from "node:fs";
import { createConnection, createPool, type Pool, type PoolConnection } from "mysql2";
import type { AccountBalance } from "../domain/account-totals.ts";
import { minorUnit, parseAmount } from "../domain/money.ts";
import type { Log } from "../platform/log.ts";
import { RetryableError, StatementFailure } from "./failure.ts";
import { makeSnapshotConnection, type SnapshotConnection } from "./snapshot-connection.ts";
import {
  statementSql,
  type StatementQuery,
  type StatementSql,
  type TransactionRow,
} from "./transactions-sql.ts";

export interface TransactionsConfig {
  /** `mysql://user:password@host:port/database` */
  readonly databaseUrl: string;
  /** CA certificates in PEM form; the connection is then encrypted and the server's name checked. */
  readonly caFile?: string | undefined;
  readonly transactionView: string;
  readonly accountView: string;
  /** Statements read at a time. */
  readonly connections: number;
  readonly log: Log;
}

export interface StatementSnapshot extends AsyncDisposable {
  /** Instant of the snapshot by the server's clock, milliseconds since the epoch. */
  readonly asOf: number;
  /** How many rows the stream must bring, counted by a query of its own. */
  readonly rows: number;
  /** Every account of the customer with its opening and closing balance, from queries of their own. */
  readonly balances: readonly AccountBalance[];
  /** @throws RetryableError `database_unavailable` also when the server falls silent. */
  batches(): AsyncIterable<readonly TransactionRow[]>;
}

export interface Transactions extends AsyncDisposable {
  /**
   * @throws StatementFailure `unknown_customer`, `invalid_amount`;
   * RetryableError `database_unavailable`; the signal's reason when it aborts.
   */
  open(query: StatementQuery, signal: AbortSignal): Promise<StatementSnapshot>;
  ready(signal: AbortSignal): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

export function makeTransactions(config: TransactionsConfig): Transactions {
  const settings = {
    uri: config.databaseUrl,
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: "utf8mb4",
    timezone: "Z",
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    ...(config.caFile ? { ssl: { ca: readFileSync(config.caFile, "utf8") } } : {}),
  };
  const pool = createPool({ ...settings, connectionLimit: config.connections });
  const sql = statementSql(config);

  /** Ends what a connection that we drop is doing on the server; its own user may do that. */
  function killOnServer(threadId: number): void {
    const killer = createConnection(settings);
    killer.on("error", (err) => config.log.warn({ err }, "the query could not be killed"));
    killer.query(`KILL ${threadId}`, (err) => {
      // 1094: the server had noticed by itself.
      if (err && err.errno !== 1094) config.log.warn({ err }, "the query could not be killed");
      killer.destroy();
    });
  }

  return {
    async open(query, signal) {
      const connection = makeSnapshotConnection(await acquire(pool, signal), signal, killOnServer);
      try {
        return await openSnapshot(connection, sql, query);
      } catch (error) {
        await connection[Symbol.asyncDispose]();
        throw error;
      }
    },
    async ready(signal) {
      const connection = makeSnapshotConnection(await acquire(pool, signal), signal, killOnServer);
      await connection.run("SELECT 1");
      await connection[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
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
    if (error) {
      reject(
        new RetryableError("database_unavailable", "no connection to the database", {
          cause: error,
        }),
      );
    } else if (signal.aborted) connection.release();
    else resolve(connection);
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function openSnapshot(
  connection: SnapshotConnection,
  sql: StatementSql,
  query: StatementQuery,
): Promise<StatementSnapshot> {
  // A slow upload holds the rows back for longer than the server's default of a minute.
  await connection.run(
    "SET SESSION time_zone = '+00:00', net_write_timeout = 900, " +
      "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  );
  await connection.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  await connection.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  const [[asOf = null] = []] = await connection.run("SELECT UTC_TIMESTAMP(3)");
  const accounts = await connection.run(sql.balances(query));
  if (accounts.length === 0) {
    throw new StatementFailure("unknown_customer", "the account view has no row of the customer");
  }
  const [[count = null] = []] = await connection.run(sql.count(query));
  return {
    asOf: Date.parse(`${String(asOf).replace(" ", "T")}Z`),
    rows: Number(count),
    balances: accounts.map(toBalance),
    batches: () => connection.stream(sql.rows(query)),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** An account without a booked row before an instant has a balance of nothing. */
function toBalance([accountId, currency, opening, closing]: TransactionRow): AccountBalance {
  const amount = (text: string | null | undefined): bigint =>
    exactAmount(text ?? "0", currency ?? "");
  return {
    accountId: accountId ?? "",
    currency: currency ?? "",
    opening: amount(opening),
    closing: amount(closing),
  };
}

/** Minor units. @throws StatementFailure `invalid_amount`: an amount is never rounded. */
export function exactAmount(decimal: string, currency: string): bigint {
  const minor = parseAmount(decimal, minorUnit(currency));
  if (minor === undefined) {
    throw new StatementFailure("invalid_amount", `an amount has more decimals than ${currency}`);
  }
  return minor;
}
