import { monotonic, nextTurn } from "../clock/clock.ts";

/** Longest stretch of work before others have their turn, milliseconds. */
const TURN_MS = 10;

/**
 * Runs `work` on every item, at most `limit` at a time; results in the order of the items. Work that
 * waits for nothing lets the rest of the process have its turn all the same. After a failure it rejects with the first one, but not before everything it started has ended.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let turnAt = monotonic();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      results[index] = await work(item);
      if (monotonic() - turnAt <= TURN_MS) continue;
      await nextTurn();
      turnAt = monotonic();
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return results;
}

/** Runs what it is given at once while fewer than `limit` run, and in the order it came after that. */
export function makeConcurrencyLimit(limit: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < limit) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place goes on to the next in line, or is free.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
