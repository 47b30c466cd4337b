/** How often the ledger is listed; what is offered at which moment is told by the tests of the backlog. */
import { setTimeout as sleep } from "node:timers/promises";
import { makeOffering, type OfferingOptions } from "../../functions/pending-scanner/offering.ts";
import {
  recordRequest,
  type PendingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import { makeTestLog } from "../support/functions/event-server.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
/** More than the scanner holds of what waits. */
const MORE_THAN_IT_HOLDS = 20_001;

function pending(number: number, nextAttemptAt: number): PendingRequest {
  const facts = {
    name: `r${number}`,
    customerId: `c${number % 100}`,
    startDate: "2025-12-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: `${number}`, type: "t", time: NOW },
    recordedAt: NOW,
  };
  return { ...recordRequest(facts), nextAttemptAt };
}

function offeringOf(requests: readonly StatementRequest[]) {
  let lists = 0;
  const stop = new AbortController();
  const records = requests.map((request) => ({ request, name: request.facts.name }));
  const ledger = {
    async *list() {
      lists++;
      yield await Promise.resolve({ records, unreadable: [], version: "1" });
    },
    async watch(_version: string, _onChange: unknown, signal: AbortSignal) {
      await sleep(60_000, undefined, { signal }).catch(() => undefined);
    },
  } as unknown as OfferingOptions["ledger"];
  const offering = makeOffering({
    ledger,
    sink: {
      send: () => Promise.resolve({ kind: "accepted" }),
    } as unknown as OfferingOptions["sink"],
    metrics: { offered: () => undefined },
    limits: { perCustomer: 5, builderCapacity: 8, deadlineMs: 2_500 },
    now: () => NOW,
    stopping: stop.signal,
  });
  return { offering, lists: () => lists };
}

it("lists again a second later where there was more than it holds, and nothing of it due", async () => {
  const later = Array.from({ length: MORE_THAN_IT_HOLDS }, (_, i) => pending(i, NOW + 3_600_000));
  const { offering, lists } = offeringOf(later);
  await offering.tick(makeTestLog().log);
  await offering.ended();
  expect(lists()).toBeGreaterThan(1);
  expect(lists()).toBeLessThan(5);
});
