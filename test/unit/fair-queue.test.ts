import fc from "fast-check";
import { recordRequest, type StatementRequest } from "../../functions/domain/statement-request.ts";
import { makeFairQueue } from "../../functions/pending-scanner/fair-queue.ts";

function request(customerId: string, recordedAt: number): StatementRequest {
  return recordRequest({
    name: `${customerId}-${recordedAt}`,
    customerId,
    startDate: "2025-12-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: "1", type: "t", time: 0 },
    recordedAt,
  });
}

function take(requests: readonly StatementRequest[], limit: number, share = 3, taken = 0) {
  const queue = makeFairQueue(10);
  for (const one of requests) queue.put({ request: one, from: 0 });
  queue.sort();
  return queue
    .take(limit, 0, (_customer, mine) => taken + mine < share)
    .map(({ facts }) => facts.name);
}

it("takes the oldest of each customer in turn", () => {
  const requests = [
    request("a", 9),
    request("b", 5),
    request("a", 1),
    request("a", 2),
    request("c", 3),
    request("b", 4),
  ];
  expect(take(requests, 10)).toEqual(["a-1", "c-3", "b-4", "a-2", "b-5", "a-9"]);
  expect(take(requests, 2)).toEqual(["a-1", "c-3"]);
});

it("gives no customer more than its share, less what it has already", () => {
  const requests = [1, 2, 3, 4, 5].map((at) => request("a", at));
  expect(take(requests, 10)).toEqual(["a-1", "a-2", "a-3"]);
  expect(take(requests, 10, 3, 2)).toEqual(["a-1"]);
  expect(take(requests, 10, 3, 7)).toEqual([]);
});

it("goes on with the next customer where it stopped", () => {
  const queue = makeFairQueue(10);
  for (const customer of ["a", "b", "c"])
    for (const at of [1, 2]) queue.put({ request: request(customer, at), from: 0 });
  const next = (limit: number) => queue.take(limit, 0, () => true).map(({ facts }) => facts.name);
  expect([next(2), next(2), next(9)]).toEqual([
    ["a-1", "b-1"],
    ["c-1", "a-2"],
    ["b-2", "c-2"],
  ]);
});

it("takes nothing before its time, and what may be offered first", () => {
  const queue = makeFairQueue(10);
  queue.put({ request: request("a", 1), from: 100 });
  queue.put({ request: request("a", 2), from: 0 });
  queue.put({ request: request("b", 3), from: 100 });
  const at = (now: number) => queue.take(9, now, () => true).map(({ facts }) => facts.name);
  expect([queue.due(0), queue.due(100)]).toEqual([1, 3]);
  expect(at(99)).toEqual(["a-2"]);
  expect(queue.hasDue(99)).toBe(false);
  expect(at(100).sort()).toEqual(["a-1", "b-3"]);
});

it("holds no more than twice its capacity, drops the last turns, and says how many", () => {
  const customers = fc.array(
    fc.record({ customer: fc.integer({ min: 0, max: 60 }), at: fc.integer({ min: 0, max: 1e6 }) }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(customers, fc.integer({ min: 1, max: 12 }), (entries, capacity) => {
      // Every time once, so that there is one right order.
      const distinct = [...new Map(entries.map((entry) => [entry.at, entry])).values()];
      const all = distinct.map(({ customer, at }) => request(String(customer), at));
      const bounded = makeFairQueue(capacity);
      const unbounded = makeFairQueue(1_000);
      for (const queue of [bounded, unbounded]) {
        for (const one of all) queue.put({ request: one, from: 0 });
        queue.sort();
      }
      const held = bounded.due(0);
      expect(held).toBeLessThanOrEqual(2 * capacity);
      expect(held + bounded.dropped).toBe(all.length);
      // The first turns are those of a queue that holds everything.
      const first = (queue: typeof bounded) => queue.take(1, 0, () => true);
      expect(first(bounded)).toEqual(first(unbounded));
      // Nobody loses a place to a customer that keeps more.
      const kept = Map.groupBy(
        bounded.take(2 * capacity, 0, () => true),
        (one) => one.facts.customerId,
      );
      const most = Math.max(0, ...[...kept.values()].map(({ length }) => length));
      expect(most).toBeLessThanOrEqual(Math.max(2 * capacity, 1));
    }),
    { numRuns: 300 },
  );
});
