/** What is offered at which moment, by a clock that the test moves. */
import { jest } from "@jest/globals";
import { makeBacklog, type OfferLimits } from "../../functions/pending-scanner/backlog.ts";
import {
  recordRequest,
  requestCancel,
  type PendingRequest,
  type ProcessingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";

const NOW = Date.UTC(2026, 0, 15, 12);

function pending(number: number, customerId = `c${number}`): PendingRequest {
  return recordRequest({
    name: `r${number}`,
    customerId,
    startDate: "2025-12-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/bank", id: `${number}`, type: "t", time: NOW },
    recordedAt: NOW - 10_000 + number,
  });
}

const claimed = (request: StatementRequest, at: number, leaseMs = 60_000): ProcessingRequest => ({
  facts: request.facts,
  status: "processing",
  attempt: request.attempt + 1,
  failures: 0,
  lane: request.lane,
  holder: "h",
  leaseExpiresAt: at + leaseMs,
  object: { bucket: "b", key: "k" },
});

const namesOf = (requests: readonly StatementRequest[]): string[] =>
  requests.map(({ facts }) => facts.name);

function backlogOf(requests: readonly StatementRequest[], limits: Partial<OfferLimits> = {}) {
  const clock = { ms: 1_000_000 };
  jest.spyOn(performance, "now").mockImplementation(() => clock.ms);
  const now = (): number => NOW + clock.ms - 1_000_000;
  const backlog = makeBacklog({ perCustomer: 5, builderCapacity: 8, ...limits }, now);
  const list = (of = requests): void => {
    backlog.beginList();
    for (const request of of) backlog.listed(request);
    backlog.endList();
  };
  list();
  /** Looks four times a second, as `offering.ts` does while something is due. */
  const offeredWithin = (seconds: number): StatementRequest[] => {
    const offered: StatementRequest[] = [];
    for (const end = clock.ms + seconds * 1000; clock.ms < end; clock.ms += 250)
      offered.push(...backlog.take());
    return offered;
  };
  return { backlog, clock, now, list, offeredWithin };
}

afterEach(() => jest.restoreAllMocks());

const many = (count: number): PendingRequest[] =>
  Array.from({ length: count }, (_, i) => pending(i));

describe("fewer builders than there is room for", () => {
  it("have a bounded number of offers in front of them, however long their builds take", () => {
    const { backlog, now, offeredWithin } = backlogOf(many(1_000));
    const first = backlog.take();
    expect(first).toHaveLength(8);
    for (const request of first.slice(0, 2)) backlog.changed(claimed(request, now(), 300_000));
    const names = new Set(namesOf(offeredWithin(120)));
    // Six that were there, and two in whose place two others came.
    expect(names.size).toBeLessThanOrEqual(8);
  });

  it("also where some customers have many", () => {
    const requests = Array.from({ length: 1_000 }, (_, i) =>
      pending(i, `c${i % 40 < 20 ? 0 : i % 40}`),
    );
    const { backlog, now, offeredWithin } = backlogOf(requests);
    for (const request of backlog.take().slice(0, 2))
      backlog.changed(claimed(request, now(), 300_000));
    expect(new Set(namesOf(offeredWithin(120))).size).toBeLessThanOrEqual(8);
  });

  it("get what they have not claimed after 15 seconds once more, before anything else", () => {
    const { backlog, clock, offeredWithin } = backlogOf(many(100), { builderCapacity: 4 });
    const first = namesOf(backlog.take());
    offeredWithin(14.9);
    clock.ms += 250;
    expect(namesOf(backlog.take()).slice(0, 2)).toEqual(first.slice(0, 2));
  });

  it("do not keep a cancel waiting", () => {
    const { backlog, offeredWithin } = backlogOf(many(100));
    offeredWithin(10);
    backlog.changed(requestCancel(pending(99), NOW));
    expect(namesOf(backlog.take())).toContain("r99");
  });
});

describe("lost offers", () => {
  it.each([1, 2, 8])("of two requests keep nobody waiting, with room for %s", (builderCapacity) => {
    const { backlog, clock } = backlogOf(many(50), { builderCapacity });
    const lost = backlog.take().slice(0, 2);
    for (let i = 0; lost.length < 2 && i < 2; i++) {
      clock.ms += 2_001;
      lost.push(...backlog.take().slice(0, 2 - lost.length));
    }
    const isLost = (request: StatementRequest): boolean => lost.includes(request);
    clock.ms += 2_001;
    expect(backlog.take().filter((request) => !isLost(request))).not.toEqual([]);
  });

  it("of all requests are made again after 15 seconds, all of them", () => {
    const { backlog, clock } = backlogOf(many(8));
    const first = namesOf(backlog.take());
    clock.ms += 15_000;
    expect(namesOf(backlog.take()).toSorted()).toEqual(first.toSorted());
  });

  it("of what a builder may have found too early keep nobody waiting", () => {
    const dead = many(8).map((request) => claimed(request, NOW, -1));
    const { backlog, clock } = backlogOf([...dead, ...many(16).slice(8)]);
    expect(backlog.take()).toHaveLength(8);
    clock.ms += 2_001;
    expect(backlog.take()).toHaveLength(8);
  });
});

describe("a wish to cancel", () => {
  it("comes before every turn, also for what a dead builder has left", () => {
    const dead = requestCancel(claimed(pending(99), NOW, 5_000), NOW);
    const { backlog, clock } = backlogOf([...many(50), dead], { builderCapacity: 1 });
    expect(namesOf(backlog.take())).not.toContain("r99");
    clock.ms += 5_001;
    expect(namesOf(backlog.take())).toContain("r99");
  });
});

describe("where each offer starts a Job", () => {
  it("no more are out than there is room for, until they are lost after five minutes", () => {
    const { backlog, clock, offeredWithin } = backlogOf(many(100), { offersAreJobs: true });
    const first = namesOf(offeredWithin(299));
    expect(first).toHaveLength(8);
    clock.ms += 1_000;
    expect(namesOf(backlog.take()).toSorted()).toEqual(first.toSorted());
  });

  it("nothing is offered ahead", () => {
    const { backlog, now } = backlogOf(many(100), { offersAreJobs: true });
    for (const request of backlog.take()) backlog.changed(claimed(request, now()));
    expect(backlog.take(10_000)).toEqual([]);
  });
});
