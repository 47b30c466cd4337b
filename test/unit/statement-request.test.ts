import { announce } from "../../functions/domain/outcome/telling.ts";
import {
  codeOfGivingUp,
  cancel,
  claim,
  execute,
  fail,
  handOver,
  oversize,
  requestCancel,
  retry,
  startAgain,
  type ClaimTerms,
  type ProcessingRequest,
} from "../../functions/domain/statement-request.ts";
import { NOON, RECORDED as recorded } from "../support/functions/recorded-event.ts";

const OBJECT = { bucket: "statements", key: "c-1-2-1768478400000.zip" };

/** Lease 60 s, clock skew 30 s, uploads land within 60 s, budget of three failures. */
const terms: ClaimTerms = {
  now: NOON,
  holder: "pod/claim",
  object: OBJECT,
  execution: "service",
  leaseMs: 60_000,
  clockSkewMs: 30_000,
  publishTimeoutMs: 60_000,
  maxFailures: 3,
};

function claimed(
  request = recorded as Parameters<typeof claim>[0],
  over: Partial<ClaimTerms> = {},
) {
  const decision = claim(request, { ...terms, ...over });
  if (decision.kind !== "claim") throw new Error(`not claimed: ${decision.kind}`);
  return decision;
}

const held: ProcessingRequest = claimed().request;
const backoff = { baseMs: 30_000, maxMs: 3_600_000, random: 0, maxFailures: 3 };
const released = { now: NOON + 10_000, leaseEndsAt: NOON + 10_000 };

describe("claim", () => {
  test("of a recorded request: holder, first attempt, lease and the object's place", () => {
    expect(held).toMatchObject({
      status: "processing",
      holder: "pod/claim",
      attempt: 1,
      failures: 0,
      leaseExpiresAt: NOON + 60_000,
      object: OBJECT,
    });
  });

  test("keeps the place of the first claim", () => {
    const elsewhere = { bucket: "statements", key: "c-1-2-9999999999999.zip" };
    const again = claimed(held, { now: NOON + 90_000, object: elsewhere });
    expect(again.request.object).toEqual(OBJECT);
  });

  test("waits for a live lease, and for the clock skew after it", () => {
    expect(claim(held, { ...terms, now: NOON + 89_999 })).toEqual({
      kind: "wait",
      until: NOON + 90_000,
    });
  });

  test("of an expired lease is a new attempt and a failure", () => {
    const { request, purpose } = claimed(held, { now: NOON + 90_000 });
    expect(request).toMatchObject({ attempt: 2, failures: 1, lastError: "lease_expired" });
    expect(purpose).toBe("build");
  });

  test("waits for the time of the next attempt", () => {
    const waiting = { ...recorded, nextAttemptAt: NOON + 5_000 };
    expect(claim(waiting, terms)).toEqual({ kind: "wait", until: NOON + 5_000 });
    expect(claim(waiting, { ...terms, now: NOON + 5_000 }).kind).toBe("claim");
  });

  test("out of budget builds nothing, and waits until no upload can land any more", () => {
    const last = { ...held, failures: 2 };
    expect(claim(last, { ...terms, now: NOON + 149_999 })).toEqual({
      kind: "wait",
      until: NOON + 150_000,
    });
    expect(claimed(last, { now: NOON + 150_000 })).toMatchObject({
      purpose: "give-up",
      request: { failures: 3 },
    });
  });

  test("of a cancelled request that nobody held cancels at once, whatever its next attempt", () => {
    const waiting = { ...recorded, nextAttemptAt: NOON + 5_000, cancelRequestedAt: NOON };
    expect(claimed(waiting).purpose).toBe("cancel");
  });

  test("of a cancelled request that was held waits until no upload can land any more", () => {
    const waiting = { ...recorded, cancelRequestedAt: NOON, leaseExpiresAt: NOON };
    expect(claim(waiting, terms)).toEqual({ kind: "wait", until: NOON + 90_000 });
  });

  test("leaves the Job lane to Jobs, which need not wait for the tick", () => {
    const large = oversize(held, released);
    expect(claim(large, { ...terms, now: NOON + 3_600_000 })).toEqual({ kind: "other-lane" });
    expect(claimed(large, { execution: "job" }).purpose).toBe("build");
  });

  test("of a final request is its end", () => {
    const failed = fail(held, "unknown_customer", NOON);
    expect(claim(failed, terms)).toEqual({ kind: "final", request: failed });
  });
});

describe("the holder's moves", () => {
  test("execute keeps what was asked and drops the holder, the lease and the last error", () => {
    const result = { rows: 2, bytes: 900, sha256: "ab", asOf: NOON };
    const executed = execute({ ...held, lastError: "internal" }, OBJECT, result, NOON + 1);
    expect(executed).toMatchObject({ status: "executed", rows: 2, announced: false, attempt: 1 });
    expect(executed.lastError).toBeUndefined();
    expect(Object.keys(executed)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/holder|leaseExpiresAt|nextAttemptAt/)]),
    );
  });

  test("hand over costs no failure and is due at once", () => {
    expect(handOver(held, "shutting_down", released)).toMatchObject({
      status: "pending",
      failures: 0,
      nextAttemptAt: NOON + 10_000,
      leaseExpiresAt: NOON + 10_000,
      lastError: "shutting_down",
    });
  });

  test.each([
    [0, 15_000],
    [1, 30_000],
  ])("retry after %i earlier failures waits %i ms at least", (failures, wait) => {
    const retried = retry({ ...held, failures }, "database_unavailable", released, backoff);
    expect(retried).toMatchObject({
      status: "pending",
      failures: failures + 1,
      nextAttemptAt: NOON + 10_000 + wait,
      lastError: "database_unavailable",
    });
  });

  test("the last failure is not followed by a long wait", () => {
    const retried = retry({ ...held, failures: 2 }, "internal", released, backoff);
    expect(retried).toMatchObject({ failures: 3, nextAttemptAt: NOON + 25_000 });
  });

  test("the wait never exceeds its maximum", () => {
    const settings = { ...backoff, maxFailures: 100, random: 0.999 };
    const retried = retry({ ...held, failures: 50 }, "internal", released, settings);
    const wait = retried.status === "pending" ? retried.nextAttemptAt - released.now : NaN;
    expect(wait).toBeGreaterThan(3_500_000);
    expect(wait).toBeLessThanOrEqual(3_600_000);
  });

  test("what only a person can change waits the longest from the first failure on", () => {
    const settings = { ...backoff, maxFailures: 3, random: 0, patient: true };
    const wait = (failures: number) => {
      const retried = retry({ ...held, failures }, "database_refused", released, settings);
      return retried.status === "pending" ? retried.nextAttemptAt - released.now : NaN;
    };
    expect([wait(0), wait(1)]).toEqual([1_800_000, 1_800_000]);
    // Nothing comes after it but the end.
    expect(wait(2)).toBe(15_000);
  });

  test("a customer whom a replica did not know until the end is unknown", () => {
    expect(codeOfGivingUp({ ...held, lastError: "unknown_on_replica" })).toBe("unknown_customer");
    expect(codeOfGivingUp({ ...held, lastError: "internal" })).toBe("retries_exhausted");
  });

  describe("a second deadline in a row", () => {
    const settled = { ...released, leaseEndsAt: undefined };
    const secondTime = () => {
      const once = retry(held, "deadline_exceeded", released, backoff);
      expect(once.status).toBe("pending");
      return claimed(once, { now: NOON + 3_600_000 }).request;
    };

    test("is too_large where nothing of the request can be in the bucket", () => {
      const ended = retry(secondTime(), "deadline_exceeded", settled, backoff);
      expect(ended).toMatchObject({ status: "failed", errorCode: "too_large" });
    });

    test("is given up like a request out of attempts where a file may be there, or land", () => {
      const back = retry(secondTime(), "deadline_exceeded", released, backoff);
      expect(back).toMatchObject({ status: "pending", leaseExpiresAt: released.leaseEndsAt });
      expect(claim(back, { ...terms, now: released.leaseEndsAt + 1 }).kind).toBe("wait");
      const last = claim(back, { ...terms, now: NOON + 7_200_000 });
      expect(last).toMatchObject({ kind: "claim", purpose: "give-up" });
      if (last.kind !== "claim") throw new Error("it is not claimed");
      expect(codeOfGivingUp(last.request)).toBe("too_large");
    });
  });

  test("oversized goes to the Job lane with five minutes for the Job to start", () => {
    expect(oversize(held, released)).toMatchObject({
      status: "pending",
      lane: "job",
      failures: 0,
      nextAttemptAt: NOON + 310_000,
    });
  });

  test("cancel and announce", () => {
    const cancelled = cancel(held, NOON + 1);
    expect(cancelled).toMatchObject({ status: "cancelled", announced: false });
    expect(announce(cancelled)).toEqual({ ...cancelled, announced: true });
  });

  test("what was published counts, even after the request was given up", () => {
    const result = { rows: 2, bytes: 900, sha256: "ab", asOf: NOON };
    const executed = execute(fail(held, "retries_exhausted", NOON), OBJECT, result, NOON + 1);
    expect(executed.status).toBe("executed");
    expect(executed).not.toHaveProperty("errorCode");
  });
});

describe("moves of the operator", () => {
  test("a wish to cancel changes nothing else, and the first one stays", () => {
    const wished = requestCancel(held, NOON + 1);
    expect(wished).toEqual({ ...held, cancelRequestedAt: NOON + 1 });
    expect(requestCancel(wished, NOON + 2).cancelRequestedAt).toBe(NOON + 1);
  });

  test("a failed request starts again with its whole budget, at the same key and behind the fence", () => {
    const failed = fail(
      { ...held, attempt: 7, failures: 3, lane: "job", cancelRequestedAt: NOON },
      "too_large",
      NOON + 1,
      "deadline_exceeded",
    );
    const again = startAgain(failed);
    expect(again).toMatchObject({
      status: "pending",
      attempt: 7,
      failures: 0,
      lane: "job",
      // Due since it failed, whatever the clock of the operator's machine says.
      nextAttemptAt: NOON + 1,
      object: OBJECT,
      facts: recorded.facts,
    });
    expect(again.lastError).toBeUndefined();
    expect(again.cancelRequestedAt).toBeUndefined();
    expect(again).not.toHaveProperty("errorCode");
    const next = claimed(again, { now: NOON + 2, execution: "job" });
    expect(next).toMatchObject({ purpose: "build", request: { attempt: 8, failures: 0 } });
  });
});
