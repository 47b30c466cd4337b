/** What a signal that stops a build makes of its claim. */
import { RetryableError, StatementFailure } from "../../functions/domain/failure.ts";
import type { ProcessingRequest } from "../../functions/domain/statement-request.ts";
import { endingOf, moveTo, type Ending } from "../../functions/statement-builder/ending.ts";
import { CancelRequested, LeaseLate, LeaseLost } from "../../functions/statement-builder/lease.ts";

const never = new AbortController().signal;

function endedBy(reason: Error, mayBeThere: boolean) {
  const lease = AbortSignal.abort(reason);
  return endingOf(reason, { request: never, lease, deadline: { passed: false } }, { mayBeThere });
}

test("a wish to cancel ends the request where no object of it can be", () => {
  expect(endedBy(new CancelRequested("wished"), false)).toEqual({ kind: "cancelled" });
});

test("where an object may be or still land, the request is given back, to be looked at once more", () => {
  const reason = "cancel_requested";
  expect(endedBy(new CancelRequested("wished"), true)).toEqual({ kind: "handed-over", reason });
});

test("a builder that was too slow says so; one that was overtaken writes nothing", () => {
  expect(endedBy(new LeaseLate("late"), true)).toEqual({ kind: "retry", code: "lease_late" });
  expect(endedBy(new LeaseLost("another holder"), true)).toEqual({ kind: "lost" });
});

/** Found by `make simulate`: its upload of attempt 1 arrived after attempt 3 had failed. */
test("what cannot be cured is final only where no upload of an earlier attempt may land", () => {
  const stops = { request: never, lease: never, deadline: { passed: false } };
  const wrong = new StatementFailure("balance_mismatch", "it does not add up");
  const code = "balance_mismatch";
  expect(endingOf(wrong, stops, { mayBeThere: true })).toEqual({ kind: "retry", code });
  expect(endingOf(wrong, stops, { mayBeThere: false })).toEqual({ kind: "failed", code });
});

test("a damaged object is there, so it ends the request at once", () => {
  const stops = { request: never, lease: never, deadline: { passed: false } };
  const damaged = new StatementFailure("object_damaged", "it is cut");
  const failed = { kind: "failed", code: "object_damaged" };
  expect(endingOf(damaged, stops, { mayBeThere: true })).toEqual(failed);
});

test("data that is behind is waited for: the longest pause, or as long as it is known to take", () => {
  const settings = { maxFailures: 5, retryBaseMs: 30_000, retryMaxMs: 3_600_000 };
  const release = { now: 1_000, leaseEndsAt: 1_000 };
  const request = { status: "processing", failures: 0, facts: {} } as unknown as ProcessingRequest;
  const pauseOf = (failures: number, waitMs?: number): number => {
    const options = { detail: "3600 s", waitMs };
    const error = new RetryableError("database_behind", "behind", options);
    const stops = { request: never, lease: never, deadline: { passed: false } };
    const ending = endingOf(error, stops, { mayBeThere: false }) as Extract<
      Ending,
      { kind: "retry" }
    >;
    const moved = moveTo(ending, { ...request, failures }, release, settings);
    expect(moved).toMatchObject({ status: "pending", lastError: "database_behind: 3600 s" });
    return moved.status === "pending" ? moved.nextAttemptAt - release.now : NaN;
  };
  expect(pauseOf(0)).toBeGreaterThanOrEqual(1_800_000);
  expect(pauseOf(0, 300_000)).toBe(300_000);
  // What is nearly there is asked as often as anything else.
  expect(pauseOf(0, 10)).toBeGreaterThanOrEqual(15_000);
  expect(pauseOf(0, 10)).toBeLessThanOrEqual(30_000);
  expect(pauseOf(0, 1e15)).toBe(24 * 3_600_000);
  // Nothing comes after it but the end.
  expect(pauseOf(4, 1e15)).toBeLessThanOrEqual(30_000);
});
