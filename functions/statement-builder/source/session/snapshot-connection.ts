/**
 * One pooled connection for the time of one snapshot. It goes back to the pool only after a clean
 * end; after anything else it is dropped and what it was doing is killed on the server, because a
 * connection with rows on the way would hand them to whoever comes next. Its snapshot ends with the
 * next one's begin, or by itself when nobody begins one at once.
 */
import type { Connection, PoolConnection, QueryError } from "mysql2";
import { RetryableError } from "../../../domain/failure.ts";
import { databaseError } from "../database-error.ts";
import { socketOf } from "../packet-socket.ts";
import { streamRows, type RowBatch } from "../row-stream.ts";
import type { TransactionRow } from "../transactions-sql.ts";
import { nextTurn, startTimer, stopTimer, type Timer } from "../../../platform/clock/clock.ts";

export interface SnapshotConnection extends AsyncDisposable {
  /** All rows of a small result. */
  run(query: SqlText): Promise<readonly TransactionRow[]>;
  /** Batches of a large result; the server waits while nobody reads. */
  stream(query: SqlText): AsyncIterable<RowBatch>;
  /** How many rows all streams have brought so far. */
  received(): number;
}

export type SqlText = string | { readonly sql: string; readonly parameters: readonly unknown[] };

export interface SnapshotConnectionOptions {
  readonly signal: AbortSignal;
  /** Within this time a row, or a small result, comes, or the server counts as gone. */
  readonly readTimeoutMs: number;
  readonly killOnServer: () => void;
}

export function makeSnapshotConnection(
  connection: PoolConnection,
  { signal, readTimeoutMs, killOnServer }: SnapshotConnectionOptions,
): SnapshotConnection {
  let usable = true;
  let receivedBefore = 0;
  let receivedNow = (): number => 0;
  let busy = false;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);

  function drop(reason: unknown): void {
    if (!usable) return;
    usable = false;
    closeSocket(connection);
    // Told by a connection of its own: this one may be stuck.
    killOnServer();
    broken.reject(reason);
  }
  const onAbort = (): void => drop(signal.reason);
  const onError = (error: Error): void => drop(databaseError(error));
  signal.addEventListener("abort", onAbort, { once: true });
  connection.on("error", onError);
  stopTimer(rollbacks.get(connection));

  /**
   * The driver tells nobody whose command is pending when a connection goes away: this does. Late is
   * who made no progress for the whole of a time-out.
   */
  async function inTime<T>(work: Promise<T>, progress: () => number = () => 0): Promise<T> {
    for (;;) {
      const before = progress();
      const { promise: tooLong, resolve } = Promise.withResolvers<"late">();
      const timer = startTimer(() => resolve("late"), readTimeoutMs);
      try {
        const result = await Promise.race([broken.promise, work, tooLong]);
        if (result !== "late") return result;
      } finally {
        stopTimer(timer);
      }
      if (progress() === before) {
        drop(new RetryableError("database_unavailable", "the server fell silent"));
      }
    }
  }

  return {
    async run(query) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<readonly TransactionRow[]>();
      const { sql, values } = textOf(query);
      connection.query(
        // As text, whatever the column's type is, as the rows are.
        { sql, values: [...values], rowsAsArray: true, typeCast: asText },
        (error: QueryError | null, rows: unknown) => {
          if (error) reject(databaseError(error));
          else resolve(rows as readonly TransactionRow[]);
        },
      );
      return await inTime(promise);
    },

    async *stream(query) {
      signal.throwIfAborted();
      busy = true;
      const rows = streamRows(connection, {
        ...textOf(query),
        onError: (error) => drop(databaseError(error)),
        onUnknown: drop,
      });
      receivedBefore += receivedNow();
      receivedNow = rows.received;
      while (!rows.done) {
        if (!usable) await broken.promise;
        const batch = rows.take();
        if (batch) {
          yield batch;
          // What is ready at once would keep probes and other statements waiting.
          await nextTurn();
        } else await inTime(rows.changed(), rows.received);
      }
      // A query that fails ends as well.
      if (!usable) await broken.promise;
      busy = false;
    },

    received: () => receivedBefore + receivedNow(),

    [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", onAbort);
      if (busy) drop(new Error("the rows were left early"));
      connection.off("error", onError);
      if (usable) release(connection);
      // The driver emits once more when a socket that was destroyed fails late.
      else connection.on("error", () => undefined);
      return Promise.resolve();
    },
  };
}

/** How long a snapshot waits for the next one on its connection: a round trip less for a builder that is busy. */
const ROLLBACK_AFTER_MS = 100;
/** Of connections in the pool whose snapshot has not ended. */
const rollbacks = new WeakMap<PoolConnection, Timer>();

function release(connection: PoolConnection): void {
  const rollback = startTimer(() => {
    connection.query("ROLLBACK", (error: QueryError | null) => {
      if (error) closeSocket(connection);
    });
  }, ROLLBACK_AFTER_MS);
  rollbacks.set(connection, rollback.unref());
  connection.release();
}

/** The driver only says good-bye, and a paused socket never hears the answer: it would stay open. */
export function closeSocket(connection: Connection): void {
  connection.destroy();
  socketOf(connection).destroy();
}

function asText(field: { buffer(): Buffer | null }): string | null {
  return field.buffer()?.toString("utf8") ?? null;
}

function textOf(query: SqlText) {
  return typeof query === "string"
    ? { sql: query, values: [] }
    : { sql: query.sql, values: query.parameters };
}
