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

const nobody = (): number => 0;

function take(requests: readonly StatementRequest[], limit: number, taken = nobody) {
  const queue = makeFairQueue({ customers: 10, perCustomer: 3 });
  for (const one of requests) queue.add(one);
  return queue.take(limit, taken).map(({ name }) => name);
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
  expect(take(requests, 10, () => 2)).toEqual(["a-1"]);
  expect(take(requests, 10, () => 7)).toEqual([]);
});

it("chooses, of whatever it is given, what a queue without a bound would choose", () => {
  const requests = fc.array(
    fc.record({ customer: fc.integer({ min: 0, max: 60 }), at: fc.integer({ min: 0, max: 1e6 }) }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(
      requests,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 12 }),
      (entries, perCustomer, limit) => {
        // Every time once, so that there is one right order.
        const distinct = [...new Map(entries.map((entry) => [entry.at, entry])).values()];
        const all = distinct.map(({ customer, at }) => request(String(customer), at));
        const bounded = makeFairQueue({ customers: limit, perCustomer });
        const unbounded = makeFairQueue({ customers: 1_000, perCustomer });
        for (const one of all) {
          bounded.add(one);
          unbounded.add(one);
        }
        expect(bounded.take(limit, nobody)).toEqual(unbounded.take(limit, nobody));
      },
    ),
    { numRuns: 300 },
  );
});
