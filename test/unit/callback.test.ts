import {
  afterCallback,
  isCallbackUrl,
  isLeftAlone,
  MAX_CALLBACKS,
  type Callback,
  type CallbackResult,
} from "../../functions/domain/outcome/callback.ts";
import { oweAgain, oweOutcome } from "../../functions/domain/outcome/outcome-repeats.ts";
import { announce, calledBack } from "../../functions/domain/outcome/telling.ts";
import { execute, type FailedRequest } from "../../functions/domain/statement-request.ts";
import {
  fromConfigMap,
  movedConfigMap,
  toConfigMap,
} from "../../functions/platform/ledger/configmap-record.ts";
import { NOON, RECORDED } from "../support/functions/recorded-event.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AT = { now: NOON, random: 0.999_999 };
const AWAY = { kind: "failed", error: "http_503" } as const satisfies CallbackResult;
const LEFT_ALONE = { kind: "not-asked", error: "host_paused" } as const;
const URL = "https://hooks.example.com/done";
const FAILED: FailedRequest = {
  ...RECORDED,
  facts: { ...RECORDED.facts, options: { callback_url: URL } },
  status: "failed",
  errorCode: "unknown_customer",
  failedAt: NOON,
  announced: false,
};

/** So many tries that nobody took, each when its time had come. */
function tried(times: number): Callback {
  let callback: Callback | undefined;
  for (let now = NOON, left = times; left > 0; left--) {
    callback = afterCallback(callback ?? {}, AWAY, { ...AT, now });
    now = callback.nextAt ?? now;
  }
  if (!callback) throw new Error("never tried");
  return callback;
}

describe("a try that was not taken", () => {
  test("is made again after a minute, then after twice as long, six hours at most", () => {
    const pauses = Array.from({ length: 11 }, (_, index) => {
      const { triedAt, nextAt = 0 } = tried(index + 1);
      return Math.round((nextAt - triedAt) / MINUTE);
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
  });

  test("is given up after so many, one to two days later", () => {
    expect(tried(MAX_CALLBACKS - 1)).toMatchObject({ state: "owed" });
    const last = tried(MAX_CALLBACKS);
    expect(last).toEqual({
      state: "given-up",
      attempts: 16,
      triedAt: last.triedAt,
      error: "http_503",
    });
    expect(last.triedAt - NOON).toBeGreaterThan(24 * HOUR);
    expect(last.triedAt - NOON).toBeLessThan(48 * HOUR);
  });

  test("waits as long as its receiver asks, a day at most", () => {
    const next = (notBefore: number) => afterCallback({}, { ...AWAY, notBefore }, AT).nextAt;
    expect(next(NOON + HOUR)).toBe(NOON + HOUR);
    expect(next(NOON + 1_000 * HOUR)).toBe(NOON + 24 * HOUR);
  });

  test("that nobody was asked in uses up none, however often", () => {
    const notBefore = NOON + MINUTE;
    let callback = tried(3);
    for (let times = 0; times < 2 * MAX_CALLBACKS; times++)
      callback = afterCallback(callback, { ...LEFT_ALONE, notBefore }, AT);
    expect(callback).toMatchObject({ state: "owed", attempts: 3 });
    // They wait for one moment, and do not all come back in it.
    expect(callback.nextAt).toBeGreaterThan(notBefore + MINUTE);
    expect(afterCallback(callback, AWAY, AT)).toMatchObject({ attempts: 4 });
  });

  test("that nobody was asked in, as its host is silent, waits longer each time", () => {
    const silent = { ...LEFT_ALONE, isSilent: true } as const;
    let callback: Callback | undefined;
    const waits = Array.from({ length: 10 }, () => {
      const now = callback?.nextAt ?? NOON;
      callback = afterCallback(
        callback ?? {},
        { ...silent, notBefore: now + MINUTE },
        { ...AT, now },
      );
      return Math.round(((callback.nextAt ?? 0) - now) / MINUTE);
    });
    expect(waits).toEqual([2, 5, 11, 23, 47, 95, 191, 361, 361, 361]);
    expect(callback).toMatchObject({ state: "owed", attempts: 0 });
  });

  describe("while its host takes nothing", () => {
    /** Looked at whenever its time has come, by a process that leaves the host alone. @returns hours until it is given up */
    function hoursOf(result: CallbackResult, before: Callback | undefined, days: number) {
      let callback = before;
      let now = before?.nextAt ?? NOON;
      for (; now < NOON + days * 24 * HOUR; now = callback.nextAt ?? now) {
        callback = afterCallback(callback ?? {}, { ...result, ...until(now) }, { ...AT, now });
        if (callback.state === "given-up") break;
      }
      return { hours: (now - NOON) / HOUR, callback };
    }
    const until = (now: number) => ({ notBefore: now + MINUTE });

    test.each([
      ["and was never asked", undefined],
      ["and was tried three times", tried(3)],
    ])("is given up within two days where it is left alone, %s", (_, before) => {
      const silent = { ...LEFT_ALONE, isSilent: true, notBefore: 0 } as const;
      const { hours, callback } = hoursOf(silent, before, 30);
      expect(callback).toMatchObject({ state: "given-up", error: "host_paused" });
      expect(callback?.attempts).toBe(before?.attempts ?? 0);
      expect(hours).toBeGreaterThan(41);
      expect(hours).toBeLessThan(48.1);
    });

    test("is not, where the host takes so many a minute, nor soon after that", () => {
      const rate = { kind: "not-asked", error: "rate_used_up", notBefore: 0 } as const;
      const { callback } = hoursOf(rate, undefined, 30);
      expect(callback).toMatchObject({ state: "owed", attempts: 0 });
      const now = callback?.nextAt ?? 0;
      const next = afterCallback(callback ?? {}, { ...LEFT_ALONE, ...until(now) }, { ...AT, now });
      expect(next).toMatchObject({ state: "owed", error: "host_paused" });
    });
  });

  test("is final when its receiver says so", () => {
    expect(afterCallback({}, { kind: "refused", error: "http_410" }, AT)).toEqual({
      state: "given-up",
      attempts: 1,
      triedAt: NOON,
      error: "http_410",
    });
  });
});

test("a host that is not on the list is nobody's try: it was not asked", () => {
  const refused = { kind: "refused", error: "host_not_allowed" } as const;
  const [never, once] = [{}, tried(1)].map((before) => afterCallback(before, refused, AT));
  const given = { state: "given-up", triedAt: NOON, error: "host_not_allowed" };
  expect([never, once]).toEqual([
    { ...given, attempts: 0 },
    { ...given, attempts: 1 },
  ]);
  expect(never && isLeftAlone(never)).toBe(true);
});

describe("a record is at rest", () => {
  test("when both are told, whichever comes first", () => {
    const sinkFirst = announce(FAILED);
    expect(sinkFirst).toMatchObject({ announced: false, accepted: true });
    expect(calledBack(sinkFirst, { kind: "delivered" }, AT)).toMatchObject({ announced: true });
    const callbackFirst = calledBack(FAILED, { kind: "delivered" }, AT);
    expect(callbackFirst).toMatchObject({ announced: false });
    expect(announce(callbackFirst)).toMatchObject({ announced: true });
  });

  test("when its callback is given up, and not when only that is done", () => {
    const gone = calledBack(FAILED, { kind: "refused", error: "http_410" }, AT);
    expect(gone).toMatchObject({ announced: false });
    expect(announce(gone)).toMatchObject({ announced: true });
  });

  test("without a callback when the sink has it, as records of earlier versions are", () => {
    const { facts } = RECORDED;
    expect(announce({ ...FAILED, facts })).toEqual({ ...FAILED, facts, announced: true });
  });
});

test("a consumer that was not told owes nothing to the callback; a person has both sent again", () => {
  const rested = announce(calledBack(FAILED, { kind: "delivered" }, AT));
  expect(oweOutcome(rested)).toMatchObject({ announced: false, callback: { state: "delivered" } });
  const again = oweAgain(rested);
  expect(again).toMatchObject({ announced: false });
  expect(again.callback).toBeUndefined();
});

test("the record keeps it in annotations, which an immutable one takes too", () => {
  const result = { rows: 1, bytes: 2, sha256: "ab", asOf: NOON };
  const ended = execute(FAILED, { bucket: "b", key: "k" }, result, NOON);
  const immutable = { ...toConfigMap(ended), immutable: true };
  const next = calledBack(announce(ended), AWAY, AT);
  const moved = movedConfigMap(immutable, next);
  expect(moved.data).toEqual(immutable.data);
  expect(moved.metadata?.annotations).toEqual({
    "transactions-collector.io/outcome_accepted": "true",
    "transactions-collector.io/callback_state": "owed",
    "transactions-collector.io/callback_attempts": "1",
    "transactions-collector.io/callback_tried_at": "2026-01-15T12:00:00.000Z",
    "transactions-collector.io/callback_since": "2026-01-15T12:00:00.000Z",
    "transactions-collector.io/callback_next_at": "2026-01-15T12:01:00.000Z",
    "transactions-collector.io/callback_error": "http_503",
  });
  expect(fromConfigMap(moved)).toEqual(next);
  const rested = movedConfigMap(moved, calledBack(next, { kind: "delivered" }, AT));
  expect(Object.keys(rested.metadata?.annotations ?? {})).toEqual([
    "transactions-collector.io/callback_state",
    "transactions-collector.io/callback_attempts",
    "transactions-collector.io/callback_tried_at",
  ]);
});

test.each([
  [URL, true],
  ["https://hooks.example.com:8443/a?b=c", true],
  ["http://hooks.example.com/", false],
  ["ftp://hooks.example.com/", false],
  ["https://user@hooks.example.com/", false],
  ["https://:word@hooks.example.com/", false],
  ["https://hooks.example.com/#part", false],
  ["https://hooks.example.com/#", false],
  ["//hooks.example.com/", false],
  // What the schema's format `uri` refuses too, and `URL` makes something of.
  [" https://hooks.example.com/", false],
  ["https://hooks.example.com/a\nb", false],
  ["https://hooks.example.com/a b", false],
  ["https:\\\\hooks.example.com\\a", false],
  ["https:hooks.example.com/", false],
  ["https://hooks.exämple.com/", false],
  ["https://hooks.example.com/{id}", false],
  ["https://hooks.example.com/100%", false],
  ["https://hooks.example.com/100%25?to=[a]", true],
  ["", false],
  [`https://hooks.example.com/${"x".repeat(2_048)}`, false],
])("%s may be called: %s", (text, isSo) => {
  expect(isCallbackUrl(text)).toBe(isSo);
});
