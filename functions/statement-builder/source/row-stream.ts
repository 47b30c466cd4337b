/**
 * A large result in batches, read ahead by a bounded amount: while nobody takes batches the
 * connection is paused, and the server waits.
 */
import type { PoolConnection } from "mysql2";
import { takeRowBytes } from "./byte-rows.ts";
import { reuseMemory } from "./packet-socket.ts";
import type { TransactionRow } from "./transactions-sql.ts";

/**
 * Rows as the driver's values, or as the bytes of the text protocol, one row behind the other;
 * bytes are good until the next batch is taken, which may get their memory.
 */
export type RowBatch = readonly TransactionRow[] | Buffer;

const BATCH_BYTES = 128 * 1024;
const BATCH_ROWS = 500;
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
  /** Rows come as values although the driver could give bytes. */
  readonly asValues: boolean;
  readonly onError: (error: Error) => void;
}

export function streamRows(connection: PoolConnection, options: RowStreamOptions): RowStream {
  const ready: RowBatch[] = [];
  const { sql, values, asValues, onError } = options;
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

  const rows = collectValues(push);
  const bytes = collectBytes(push);
  let taken: RowBatch | undefined;
  const command = connection.query({ sql, values: [...values], rowsAsArray: true });
  const { stream: socket } = connection as { readonly stream?: object };
  if (!asValues) {
    takeRowBytes(command, (buffer, start, end) => {
      // From the first row on until the end nothing else comes, and each row is copied at once.
      if (received === 0) reuseMemory(socket, true);
      received += 1;
      bytes.add(buffer, start, end);
    });
  }
  command.on("result", (row: unknown) => {
    received += 1;
    rows.add(row as TransactionRow);
  });
  command.on("error", onError);
  command.on("end", () => {
    ended = true;
    reuseMemory(socket, false);
    rows.flush();
    bytes.flush();
    change.resolve(undefined);
  });

  return {
    take() {
      const batch = ready.shift();
      if (Buffer.isBuffer(taken)) bytes.recycle(taken);
      taken = batch;
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

function collectValues(push: (batch: RowBatch) => void) {
  let batch: TransactionRow[] = [];
  const flush = (): void => {
    if (batch.length > 0) push(batch);
    batch = [];
  };
  const add = (row: TransactionRow): void => {
    batch.push(row);
    if (batch.length === BATCH_ROWS) flush();
  };
  return { add, flush };
}

function collectBytes(push: (batch: RowBatch) => void) {
  // New memory for each batch would have the garbage collector look through the heap all the time.
  const spare: Buffer[] = [];
  let block: Buffer = Buffer.alloc(0);
  let filled = 0;
  const flush = (): void => {
    if (filled > 0) push(block.subarray(0, filled));
    block = Buffer.alloc(0);
    filled = 0;
  };
  const add = (bytes: Buffer, start: number, end: number): void => {
    if (filled + end - start > block.length) {
      flush();
      block = roomFor(end - start);
    }
    filled += bytes.copy(block, filled, start, end);
  };
  const roomFor = (bytes: number): Buffer =>
    bytes > BATCH_BYTES
      ? Buffer.allocUnsafeSlow(bytes)
      : (spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES));
  const recycle = ({ buffer }: Buffer): void => {
    if (buffer.byteLength === BATCH_BYTES) spare.push(Buffer.from(buffer));
  };
  return { add, flush, recycle };
}
