/**
 * Chooses what to offer when not everything can be: oldest first, one request of each customer in
 * turn. Of any number of requests it holds only what can still be chosen.
 */
import type { StatementRequest } from "../domain/statement-request.ts";

export interface FairQueueLimits {
  /** Customers that can have a turn: at least as many as `take` may return or skip. */
  readonly customers: number;
  readonly perCustomer: number;
}

export interface FairQueue {
  add(request: StatementRequest): void;
  /** At most `limit` requests; `taken` says how many of its share a customer has already. */
  take(limit: number, taken: (customerId: string) => number): readonly StatementRequest[];
}

export function makeFairQueue({ customers, perCustomer }: FairQueueLimits): FairQueue {
  let lines = new Map<string, StatementRequest[]>();

  /** Customers in the order of their oldest request, which is the order of the first turn. */
  function inOrder(): [string, StatementRequest[]][] {
    return [...lines].sort(([, [a]], [, [b]]) => byAge(a, b));
  }

  return {
    add(request) {
      const line = lines.get(request.customerId) ?? [];
      line.push(request);
      line.sort(byAge);
      line.splice(perCustomer);
      lines.set(request.customerId, line);
      // The first turn alone fills every place, so later customers cannot be chosen any more.
      if (lines.size > 2 * customers) lines = new Map(inOrder().slice(0, customers));
    },

    take(limit, taken) {
      const waiting = inOrder().map(([customerId, line]) =>
        line.slice(0, Math.max(0, perCustomer - taken(customerId))),
      );
      const chosen: StatementRequest[] = [];
      for (let turn = 0; turn < perCustomer; turn++) {
        for (const line of waiting) {
          const request = line[turn];
          if (chosen.length >= limit) return chosen;
          if (request) chosen.push(request);
        }
      }
      return chosen;
    },
  };
}

function byAge(a: StatementRequest | undefined, b: StatementRequest | undefined): number {
  return (a?.recordedAt ?? 0) - (b?.recordedAt ?? 0);
}
