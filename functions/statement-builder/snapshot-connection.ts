/**
 * One pooled connection for the time of one snapshot. It goes back to the pool only after a clean
 * end; after anything else it is dropped and what it was doing is killed on the server, because a
 * connection with rows on the way would hand them to whoever comes next.
 */
import type { PoolConnection, QueryError } from "mysql2";
import { RetryableError } from "./failure.ts";
import type { TransactionRow } from "./transactions-sql.ts";

export interface SnapshotConnection extends AsyncDisposable {
  /** All rows of a small result. */
  run(query: SqlText): Promise<readonly TransactionRow[]>;
  /** Batches of a large result; the server waits while nobody reads. */
  stream(query: SqlText): AsyncIterable<readonly TransactionRow[]>;
}

export type SqlText = string | { readonly sql: string; readonly parameters: readonly unknown[] };

const ROWS_PER_BATCH = 500;
/** Batches read ahead of the consumer. */
const READ_AHEAD = 4;
/** A page of rows, or a small result, comes within this time or the server counts as gone. */
const READ_TIMEOUT_MS = 30_000;

export function makeSnapshotConnection(
  connection: PoolConnection,
  signal: AbortSignal,
  killOnServer: (threadId: number) => void,
): SnapshotConnection {
  const { threadId } = connection;
  let usable = true;
  let busy = false;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);

  function drop(reason: unknown): void {
    if (!usable) return;
    usable = false;
    connection.destroy();
    // Told by a connection of its own: this one may be stuck.
    killOnServer(threadId);
    broken.reject(reason);
  }
  const onAbort = (): void => drop(signal.reason);
  const onError = (error: Error): void => drop(unavailable(error));
  signal.addEventListener("abort", onAbort, { once: true });
  connection.on("error", onError);

  /** The driver tells nobody whose command is pending when a connection goes away: this does. */
  async function inTime<T>(work: Promise<T>, isLate: () => boolean = () => true): Promise<T> {
    for (;;) {
      const { promise: tooLong, resolve } = Promise.withResolvers<"late">();
      const timer = setTimeout(resolve, READ_TIMEOUT_MS, "late" as const);
      try {
        const result = await Promise.race([work, broken.promise, tooLong]);
        if (result !== "late") return result;
      } finally {
        clearTimeout(timer);
      }
      if (isLate()) drop(new RetryableError("database_unavailable", "the server fell silent"));
    }
  }

  return {
    async run(query) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<readonly TransactionRow[]>();
      connection.query(options(query), (error: QueryError | null, rows: unknown) => {
        if (error) reject(unavailable(error));
        else resolve(rows as readonly TransactionRow[]);
      });
      return await inTime(promise);
    },

    async *stream(query) {
      signal.throwIfAborted();
      busy = true;
      const full: TransactionRow[][] = [];
      let filling: TransactionRow[] = [];
      let lastRowAt = performance.now();
      const result = { ended: false };
      let wake = Promise.withResolvers<undefined>();
      const command = connection.query(options(query));
      command.on("result", (row: unknown) => {
        lastRowAt = performance.now();
        filling.push(row as TransactionRow);
        if (filling.length < ROWS_PER_BATCH) return;
        full.push(filling);
        filling = [];
        if (full.length >= READ_AHEAD) connection.pause();
        wake.resolve(undefined);
      });
      command.on("error", (error: Error) => drop(unavailable(error)));
      command.on("end", () => {
        result.ended = true;
        wake.resolve(undefined);
      });
      for (;;) {
        const batch = full.shift();
        if (batch) {
          yield batch;
          if (usable && full.length < READ_AHEAD) connection.resume();
        } else if (result.ended) {
          if (filling.length > 0) yield filling;
          busy = false;
          return;
        } else {
          wake = Promise.withResolvers<undefined>();
          await inTime(wake.promise, () => performance.now() - lastRowAt >= READ_TIMEOUT_MS);
        }
      }
    },

    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", onAbort);
      if (busy) drop(new Error("the stream was left early"));
      if (usable) await this.run("ROLLBACK").catch(() => undefined);
      connection.off("error", onError);
      // The driver emits once more when a socket that was destroyed fails late.
      if (usable) connection.release();
      else connection.on("error", () => undefined);
    },
  };
}

function options(query: SqlText) {
  const { sql, parameters } = typeof query === "string" ? { sql: query, parameters: [] } : query;
  return { sql, values: [...parameters], rowsAsArray: true };
}

function unavailable(cause: Error): RetryableError {
  return new RetryableError("database_unavailable", "the database did not answer", { cause });
}
