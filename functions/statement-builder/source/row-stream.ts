/**
 * A large result in batches, read ahead by a bounded amount: while nobody takes batches the
 * connection is paused, and the server waits.
 */
import type { PoolConnection } from "mysql2";
import { BlockPool, type LentBlock } from "../memory/lent-block.ts";
import { takeRowBytes } from "./byte-rows.ts";
import { reuseMemory, socketOf } from "./packet-socket.ts";

/** Rows as the bytes of the text protocol, one row behind the other; whoever has read them gives them back. */
export type RowBatch = LentBlock;

const BATCH_BYTES = 128 * 1024;
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
  /** The driver is not as known here. */
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
    // Not at once: the driver would copy each row it has already received, and a command put on a
    // paused connection that has rows in hand is lost.
    pausing = true;
    process.nextTick(() => {
      pausing = false;
      if (ended || ready.length < READ_AHEAD) return;
      paused = true;
      connection.pause();
    });
  }

  const rows = collectRows(push);
  const command = connection.query({ sql, values: [...values], rowsAsArray: true });
  const socket = socketOf(connection);
  takeRowBytes(command, {
    onRow(buffer, start, end) {
      // From the first row on until the end nothing else comes, and each row is copied at once.
      if (received === 0) reuseMemory(socket, true);
      received += 1;
      rows.add(buffer, start, end);
    },
    onUnknown,
  });
  command.on("error", onError);
  command.on("end", () => {
    ended = true;
    reuseMemory(socket, false);
    rows.flush();
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

function collectRows(push: (batch: RowBatch) => void) {
  const pool = new BlockPool(BATCH_BYTES);
  let room: Buffer | undefined;
  let filled = 0;
  const flush = (): void => {
    if (room && filled > 0) push(pool.lend(room, filled));
    room = undefined;
    filled = 0;
  };
  const add = (bytes: Buffer, start: number, end: number): void => {
    if (room && filled + end - start > room.length) flush();
    room ??= pool.room(end - start);
    filled += bytes.copy(room, filled, start, end);
  };
  return { add, flush };
}
