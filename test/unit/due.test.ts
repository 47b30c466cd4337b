import { isDue, isLive } from "../../functions/pending-scanner/due.ts";
import {
  recordRequest,
  type CancelledRequest,
  type PendingRequest,
  type ProcessingRequest,
} from "../../functions/domain/statement-request.ts";

const NOW = 1_000_000;
const pending: PendingRequest = recordRequest({
  name: "r",
  customerId: "c",
  startDate: "2025-12-01",
  endDate: "2025-12-31",
  timeZone: "UTC",
  options: {},
  event: { source: "/bank", id: "1", type: "t", time: NOW },
  recordedAt: NOW,
});
const held: ProcessingRequest = {
  ...pending,
  status: "processing",
  holder: "h",
  leaseExpiresAt: NOW + 1,
  object: { bucket: "b", key: "k" },
};
const cancelled: CancelledRequest = {
  ...pending,
  status: "cancelled",
  cancelledAt: NOW,
  announced: false,
};

const called: CancelledRequest = {
  ...cancelled,
  facts: { ...pending.facts, options: { callback_url: "https://hooks.example.com/" } },
};
const LATER = { state: "owed", attempts: 1, triedAt: NOW - 1, nextAt: NOW + 1 } as const;

it.each([
  ["pending, its time has come", pending, true],
  ["pending, later", { ...pending, nextAttemptAt: NOW + 1 }, false],
  [
    "pending, later, to be cancelled",
    { ...pending, nextAttemptAt: NOW + 1, cancelRequestedAt: 1 },
    true,
  ],
  ["held", held, false],
  ["held, to be cancelled: its holder will see", { ...held, cancelRequestedAt: 1 }, false],
  ["held no more", { ...held, leaseExpiresAt: NOW }, true],
  ["ended and not announced", cancelled, true],
  ["ended, its callback never tried", { ...called, accepted: true }, true],
  ["ended, its callback to be tried later", { ...called, accepted: true, callback: LATER }, false],
  ["ended, that, and the sink has it not", { ...called, callback: LATER }, true],
  ["ended and announced", { ...cancelled, announced: true }, false],
] as const)("%s: due %s", (_what, request, due) => {
  expect(isDue(request, NOW)).toBe(due);
});

it("is live while its lease is", () => {
  expect(isLive(held, NOW)).toBe(true);
  expect(isLive(held, NOW + 1)).toBe(false);
  expect(isLive(pending, NOW)).toBe(false);
});
