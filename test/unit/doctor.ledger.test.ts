import { recordRequest } from "../../functions/domain/statement-request.ts";
import { judgeLedger } from "../../infra/operator/doctor/ledger.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const WELL = {
  unreadable: [],
  failed: 0,
  unannounced: 0,
  rejected: 0,
  total: 3,
  late: [],
  unheard: [],
};

const request = recordRequest({
  name: `transaction-request-c-1-${NOW}`,
  customerId: "c-1",
  startDate: "2025-12-01",
  endDate: "2025-12-31",
  timeZone: "UTC",
  options: {},
  event: { source: "/billing", id: "1", type: "t", time: NOW },
  recordedAt: NOW - 3_600_000,
});

test("a ledger in which nothing is stuck is well", () => {
  expect([...judgeLedger(WELL, "ledger", NOW)]).toEqual([
    { level: "ok", what: "the ledger in ledger holds 3 requests, none of them stuck" },
  ]);
});

test("a wish to cancel that nobody has acted on is wrong, and names the setting it may lack", () => {
  const unheard = [{ ...request, cancelRequestedAt: NOW - 16 * 60_000 }];
  const findings = [...judgeLedger({ ...WELL, unheard }, "ledger", NOW)];
  expect(findings).toEqual([
    {
      level: "wrong",
      what: "wished to be cancelled for more than 15m, and not: 1 request",
      next: `statements explain ${request.facts.name}; with status-api, is CANCEL_WISHES=true at the builder?`,
    },
  ]);
});

test("what is due and not built names the oldest", () => {
  const late = [{ ...request, nextAttemptAt: NOW - 20 * 60_000 }];
  const [finding] = [...judgeLedger({ ...WELL, late }, "ledger", NOW)];
  expect(finding?.what).toBe("due for more than 15m: 1 request, the oldest since 20m");
});
