/**
 * The rows of a statement from MySQL: a pool of connections, whose sessions are as they must be, and a snapshot on
 * one of them for each statement. Amounts, ids and times stay the server's own text.
 */
import { createPool, type Pool, type PoolConnection } from "mysql2";
import type { Log } from "../../platform/telemetry/log.ts";
import { requireKnownDriver } from "./byte-rows.ts";
import { databaseError } from "./database-error.ts";
import { killQuery } from "./session/kill-query.ts";
import { connectPackets } from "./packet-socket.ts";
import { missingPeriodIndexes } from "./period-index.ts";
import { makeQueryTimer, UNTIMED, type ObserveQuery } from "./query-times.ts";
import { prepareSession, readSession, type ServerSession } from "./session/server-session.ts";
import { makeSnapshotConnection, type SnapshotConnection } from "./session/snapshot-connection.ts";
import {
  beginSnapshot,
  openSnapshot,
  type SnapshotConfig,
  type StatementSnapshot,
} from "./statement-snapshot.ts";
import { statementSql, type AccountColumns, type StatementQuery } from "./transactions-sql.ts";
import { readCaFile } from "../../platform/tls/ca-certificates.ts";

export interface TransactionsConfig extends SnapshotConfig {
  /** `mysql://user:password@host:port/database` */
  readonly databaseUrl: string;
  /** CA certificates in PEM form; the connection is then encrypted and the server's name checked. */
  readonly caFile?: string | undefined;
  readonly accountView: string;
  /** What people know an account by: columns of the account view. */
  readonly accountColumns?: AccountColumns | undefined;
  /** Statements read at a time. */
  readonly connections: number;
  /** Within this time a row, or a small result, comes, or the server counts as gone. */
  readonly readTimeoutMs?: number | undefined;
  /** Told of every query in front of the rows, and of each place in the pool, when it has ended. */
  readonly onQuery?: ObserveQuery | undefined;
  readonly log: Log;
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

interface Connected {
  readonly connection: SnapshotConnection;
  readonly session: ServerSession;
  readonly pooled: PoolConnection;
}
