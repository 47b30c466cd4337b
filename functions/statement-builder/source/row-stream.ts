/**
 * A large result in batches, read ahead by a bounded amount: while nobody takes batches the
 * connection is paused, and the server waits.
 */
import type { PoolConnection } from "mysql2";
import type { LentBlock } from "../memory/lent-block.ts";
import { takeRows } from "./byte-rows.ts";

/** Rows as packets of the text protocol, one behind the other; whoever has read them gives them back. */
export type RowBatch = LentBlock;

/** Batches read ahead of the consumer, and what was on its way when that was enough. */
const READ_AHEAD = 2;

export interface RowStream {
  /**
   * The next batch; undefined when it has to be waited for, or after the last one. Lets the
   * server go on when there is room again.
   */
  take(): RowBatch | undefined;
  /** Whether the server has sent everything and everything was taken. */
  readonly done: boolean;
  /** Resolves when `take` or `done` has changed. */
  changed(): Promise<void>;
  /** How many rows have come. */
  readonly received: () => number;
}

export interface RowStreamOptions {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly onError: (error: Error) => void;
  /** The driver is not as known here, or a row is longer than its packet. */
  readonly onUnknown: (error: Error) => void;
}

export function streamRows(connection: PoolConnection, options: RowStreamOptions): RowStream {
  const ready: RowBatch[] = [];
  const { sql, values, onError, onUnknown } = options;
  let ended = false;
  let paused = false;
  let pausing = false;
  let received = 0;
  let change = Promise.withResolvers<undefined>();

  function push(batch: RowBatch): void {
    ready.push(batch);
    change.resolve(undefined);
    if (pausing || ready.length < READ_AHEAD) return;
    // Not at once: a command put on a paused connection that has packets in hand is lost.
    pausing = true;
    process.nextTick(() => {
      pausing = false;
      if (ended || ready.length < READ_AHEAD) return;
      paused = true;
      connection.pause();
    });
  }

  const command = connection.query({ sql, values: [...values], rowsAsArray: true });
  takeRows(connection, command, {
    onReceived: (rows) => void (received += rows),
    onBatch: push,
    onUnknown,
  });
  command.on("error", onError);
  command.on("end", () => {
    ended = true;
    change.resolve(undefined);
  });

  return {
    take() {
      const batch = ready.shift();
      if (paused && ready.length < READ_AHEAD) {
        paused = false;
        connection.resume();
      }
      return batch;
    },
    get done() {
      return ended && ready.length === 0;
    },
    async changed() {
      if (ready.length > 0 || ended) return;
      change = Promise.withResolvers<undefined>();
      await change.promise;
    },
    received: () => received,
  };
}
