/**
 * The rows of a statement from MySQL: one consistent snapshot, the proof's expectations first, then
 * the rows in batches. Amounts, ids and times stay the server's own text.
 */
import { readFileSync } from "node:fs";
import {
  createConnection,
  createPool,
  type ConnectionOptions,
  type Pool,
  type PoolConnection,
} from "mysql2";
import type { AccountBalance } from "../../domain/account-totals.ts";
import type { Log } from "../../platform/telemetry/log.ts";
import { RetryableError, StatementFailure } from "../../domain/failure.ts";
import { connectPackets } from "./packet-socket.ts";
import type { RowBatch } from "./row-stream.ts";
import { exactAmount } from "./row-values.ts";
import {
  closeSocket,
  makeSnapshotConnection,
  type SnapshotConnection,
} from "./snapshot-connection.ts";
import {
  statementSql,
  type RowStatus,
  type StatementAccount,
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
  /** Within this time a row, or a small result, comes, or the server counts as gone. */
  readonly readTimeoutMs?: number | undefined;
  /** The plain path: rows as the driver's values, not as bytes. Slower, and the same statement. */
  readonly rowsAsValues?: boolean | undefined;
  /** Told of every query in front of the rows, and of each place in the pool, when it has ended. */
  readonly onQuery?: ObserveQuery | undefined;
  readonly log: Log;
}

/** Of what is asked in front of the rows; `connect` is a place in the pool, with what is set there. */
export type QueryName = "connect" | "snapshot" | "accounts" | "balances" | "count";

/** Told how long the database took, for each of these. */
export type ObserveQuery = (query: QueryName, outcome: "ok" | "error", seconds: number) => void;

export interface StatementSnapshot extends AsyncDisposable {
  /** Instant of the snapshot by the server's clock, milliseconds since the epoch. */
  readonly asOf: number;
  /** How many rows the stream must bring, counted by a query of its own. */
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
}

export interface PendingRows {
  /** How many rows the stream must bring, counted by a query of its own. */
  readonly rows: number;
  batches(): AsyncIterable<RowBatch>;
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
const READ_TIMEOUT_MS = 30_000;
/** Once for each connection. A slow upload holds the rows back for longer than the default minute. */
const SESSION = [
  "SET SESSION time_zone = '+00:00', net_write_timeout = 900, " +
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
];
const START_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
/** In one query; more would make a very long one. */
const ACCOUNTS_AT_ONCE = 100;
/** The server has this long to end a query; it notices by itself when it next writes. */
const KILL_TIMEOUT_MS = 3_000;

export function makeTransactions(config: TransactionsConfig): Transactions {
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
      ? { ssl: { ca: readFileSync(config.caFile, "utf8"), verifyIdentity: true } }
      : {}),
  };
  const pool = createPool({ ...settings, connectionLimit: config.connections });
  // An idle connection may fail at any time; the pool has replaced it by the time this is called.
  pool.on("connection", (connection) => connection.on("error", () => undefined));
  const sql = statementSql(config);
  const timed = makeQueryTimer(config.onQuery);
  /** Connections whose session is as it must be. */
  const prepared = new WeakSet<PoolConnection>();
  const kills = new Set<Promise<void>>();

  function killOnServer(threadId: number): void {
    const kill = killThread(settings, threadId)
      .catch((err: unknown) => config.log.warn({ err }, "the query could not be killed"))
      .finally(() => kills.delete(kill));
    kills.add(kill);
  }

  async function connect(signal: AbortSignal): Promise<SnapshotConnection> {
    const pooled = await acquire(pool, signal);
    const connection = makeSnapshotConnection(pooled, {
      signal,
      readTimeoutMs: config.readTimeoutMs ?? READ_TIMEOUT_MS,
      rowsAsValues: config.rowsAsValues ?? false,
      killOnServer,
    });
    if (prepared.has(pooled)) return connection;
    try {
      for (const setting of SESSION) await connection.run(setting);
      prepared.add(pooled);
      return connection;
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  return {
    async open(query, signal) {
      const connection = await timed("connect", connect(signal));
      try {
        return await openSnapshot(connection, sql, query, timed);
      } catch (error) {
        await connection[Symbol.asyncDispose]();
        throw error;
      }
    },
    async ready(signal) {
      await using connection = await connect(signal);
      await connection.run("SELECT 1");
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(kills);
      await new Promise<void>((resolve) => pool.end(() => resolve()));
    },
  };
}

/** 1094: there is no such thread any more. */
const ER_NO_SUCH_THREAD = 1094;

/** Ends what a dropped connection is doing on the server, which its own user may do. */
async function killThread(settings: ConnectionOptions, threadId: number): Promise<void> {
  const killer = createConnection({ ...settings, connectTimeout: KILL_TIMEOUT_MS });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => reject(new Error("the server fell silent")), KILL_TIMEOUT_MS * 2);
  try {
    killer.on("error", reject);
    killer.query(`KILL ${threadId}`, (error) => {
      if (error && error.errno !== ER_NO_SUCH_THREAD) reject(error);
      else resolve(undefined);
    });
    await promise;
  } finally {
    clearTimeout(timer);
    closeSocket(killer);
  }
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

type TimeQuery = <T>(query: QueryName, work: Promise<T>) => Promise<T>;

function makeQueryTimer(onQuery: ObserveQuery = () => undefined): TimeQuery {
  return async (query, work) => {
    const startedAt = performance.now();
    let outcome: "ok" | "error" = "error";
    try {
      const result = await work;
      outcome = "ok";
      return result;
    } finally {
      onQuery(query, outcome, (performance.now() - startedAt) / 1000);
    }
  };
}

async function openSnapshot(
  connection: SnapshotConnection,
  sql: StatementSql,
  query: StatementQuery,
  timed: TimeQuery,
): Promise<StatementSnapshot> {
  await timed("snapshot", connection.run(START_SNAPSHOT));
  const matching = await timed("accounts", connection.run(sql.accounts(query.customerId)));
  // To a collation `ab` may be `AB`, and to a column of numbers `7b` is 7: other customers, to us.
  const found = matching.filter((row) => String(row[3]) === query.customerId);
  if (found.length === 0) {
    throw new StatementFailure("unknown_customer", "the account view has no row of the customer");
  }
  const accounts = found.map(([accountId, currency]) => ({
    accountId: accountId ?? "",
    currency: currency ?? "",
  }));
  const asOf = found[0]?.[2];
  const balances = await timed("balances", readBalances(connection, sql, query, accounts));
  const count = async (status: RowStatus): Promise<number> => {
    const [[rows = null] = []] = await timed("count", connection.run(sql.count(query, status)));
    return Number(rows);
  };
  return {
    asOf: Date.parse(`${String(asOf).replace(" ", "T")}Z`),
    rows: await count("BOOK"),
    balances,
    batches: (account) => connection.stream(sql.rows(query, "BOOK", account)),
    pending: async () => ({
      rows: await count("PDNG"),
      batches: () => connection.stream(sql.rows(query, "PDNG")),
    }),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

async function readBalances(
  connection: SnapshotConnection,
  sql: StatementSql,
  query: StatementQuery,
  accounts: readonly StatementAccount[],
): Promise<readonly AccountBalance[]> {
  const balances: AccountBalance[] = [];
  for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE) {
    const some = accounts.slice(from, from + ACCOUNTS_AT_ONCE);
    const rows = await connection.run(sql.balances(query, some));
    const byPosition = new Map(rows.map(([position, ...both]) => [Number(position), both]));
    balances.push(...some.map((account, i) => toBalance(account, byPosition.get(i) ?? [])));
  }
  return balances;
}

/** An account without a booked row before an instant has a balance of nothing. */
function toBalance(account: StatementAccount, [opening, closing]: TransactionRow): AccountBalance {
  return {
    ...account,
    opening: exactAmount(opening ?? "0", account.currency),
    closing: exactAmount(closing ?? "0", account.currency),
  };
}
