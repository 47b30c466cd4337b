/** What a signal that stops a build makes of its claim. */
import { StatementFailure } from "../../functions/domain/failure.ts";
import { endingOf } from "../../functions/statement-builder/ending.ts";
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
