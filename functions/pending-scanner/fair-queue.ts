/**
 * Chooses what to offer when not everything can be: oldest first, one request of each customer in
 * turn. Of any number of requests it holds no more than twice its capacity, and drops those whose
 * turn would come last.
 */
import type { StatementRequest } from "../domain/statement-request.ts";

export interface Waiting {
  readonly request: StatementRequest;
  /** From when it may be offered; a request that may be at once comes before one that must wait. */
  readonly from: number;
}

export interface FairQueue {
  /** In the place of what was there under the same name. */
  put(waiting: Waiting): void;
  remove(name: string): void;
  clear(): void;
  /** Customers with the oldest requests first; for after a list, whose order is another one. */
  sort(): void;
  /**
   * Takes at most `limit` requests out that may be offered at `now`.
   *
   * @param room how many more a customer may have; asked before each of its requests
   */
  take(
    limit: number,
    now: number,
    room: (customerId: string, taken: number) => boolean,
  ): readonly StatementRequest[];
  /** How many may be offered at `now`. */
  due(now: number): number;
  hasDue(now: number): boolean;
  /** From when the first of them may be offered; Infinity without one. */
  nextFrom(): number;
  /** `recordedAt` of the oldest pending request; undefined without one. */
  oldestPendingAt(): number | undefined;
  /** How many were dropped since it was cleared. */
  readonly dropped: number;
}

export function makeFairQueue(capacity: number): FairQueue {
  /** In the order of the turns: who has had one goes to the end. */
  let lines = new Map<string, Waiting[]>();
  const places = new Map<string, Waiting>();
  let dropped = 0;

  function remove(name: string): void {
    const waiting = places.get(name);
    if (!waiting) return;
    places.delete(name);
    const { customerId } = waiting.request.facts;
    const line = lines.get(customerId) ?? [];
    line.splice(line.indexOf(waiting), 1);
    if (line.length === 0) lines.delete(customerId);
  }

  function inOrder(): [string, Waiting[]][] {
    return [...lines].sort(([, [a]], [, [b]]) => byTurn(a, b));
  }

  /** Leaves every customer as many as there is room for, the earliest of its requests. */
  function prune(): void {
    const share = fairShare(
      [...lines.values()].map(({ length }) => length),
      capacity,
    );
    for (const [index, [customerId, line]] of inOrder().entries()) {
      const kept = share > 0 ? share : index < capacity ? 1 : 0;
      for (const { request } of line.splice(kept)) {
        places.delete(request.facts.name);
        dropped++;
      }
      if (line.length === 0) lines.delete(customerId);
    }
  }

  return {
    put(waiting) {
      const { name, customerId } = waiting.request.facts;
      remove(name);
      places.set(name, waiting);
      const line = lines.get(customerId);
      if (line) line.splice(placeIn(line, waiting), 0, waiting);
      else lines.set(customerId, [waiting]);
      if (places.size > 2 * capacity) prune();
    },
    remove,
    clear() {
      lines.clear();
      places.clear();
      dropped = 0;
    },
    sort() {
      lines = new Map(inOrder());
    },
    take(limit, now, room) {
      const chosen: StatementRequest[] = [];
      const taken = new Map<string, number>();
      // A customer that had its turn is visited again behind all others, as it is put there.
      for (const [customerId, line] of lines) {
        if (chosen.length >= limit) break;
        const mine = taken.get(customerId) ?? 0;
        const [waiting] = line;
        if (!waiting || waiting.from > now || !room(customerId, mine)) continue;
        line.shift();
        chosen.push(waiting.request);
        taken.set(customerId, mine + 1);
        places.delete(waiting.request.facts.name);
        lines.delete(customerId);
        if (line.length > 0) lines.set(customerId, line);
      }
      return chosen;
    },
    due(now) {
      let due = 0;
      for (const { from } of places.values()) if (from <= now) due++;
      return due;
    },
    hasDue(now) {
      for (const { from } of places.values()) if (from <= now) return true;
      return false;
    },
    nextFrom() {
      let next = Infinity;
      for (const { from } of places.values()) next = Math.min(next, from);
      return next;
    },
    oldestPendingAt() {
      let oldest: number | undefined;
      for (const { request } of places.values()) {
        if (request.status === "pending")
          oldest = Math.min(oldest ?? Infinity, request.facts.recordedAt);
      }
      return oldest;
    },
    get dropped() {
      return dropped;
    },
  };
}

/** The most that each may keep so that all keep `capacity` at most; 0 for too many customers. */
function fairShare(lengths: readonly number[], capacity: number): number {
  let left = capacity;
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const customers = lengths.length - index;
    if (length * customers > left) return Math.floor(left / customers);
    left -= length;
  }
  return Infinity;
}

function byTurn(a: Waiting | undefined, b: Waiting | undefined): number {
  return (
    (a?.from ?? 0) - (b?.from ?? 0) ||
    (a?.request.facts.recordedAt ?? 0) - (b?.request.facts.recordedAt ?? 0)
  );
}

/** Behind everything that comes before it or at the same time. */
function placeIn(line: readonly Waiting[], waiting: Waiting): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byTurn(line[middle], waiting) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
