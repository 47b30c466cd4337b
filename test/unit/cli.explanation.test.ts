import { announce, calledBack } from "../../functions/domain/outcome/telling.ts";
import { ERROR_CODES } from "../../functions/domain/failure.ts";
import {
  claim,
  execute,
  fail,
  handOver,
  oversize,
  renew,
  requestCancel,
  retry,
  startAgain,
  type ProcessingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import {
  formatDuration,
  formatElapsed,
  parseDuration,
} from "../../infra/operator/words/duration.ts";
import { historyOf } from "../../infra/operator/look/events.ts";
import { percent } from "../../infra/operator/look/stats.ts";
import { formatBytes } from "../../infra/operator/words/record-view.ts";
import { explain, type ExplainTerms } from "../../infra/operator/look/explanation.ts";
import { judgeClock } from "../../infra/operator/doctor/clock.ts";
import { judgeTicks } from "../../infra/operator/doctor/ticks.ts";
import { judgeLifecycle } from "../../infra/operator/doctor/store.ts";
import { NOON, RECORDED as recorded } from "../support/functions/recorded-event.ts";

const MINUTE = 60_000;
const terms: ExplainTerms = {
  tool: "statements --local",
  now: NOON,
  leaseMs: MINUTE,
  clockSkewMs: 30_000,
  maxFailures: 5,
};

function heldAt(now: number, request: StatementRequest = recorded): ProcessingRequest {
  const decision = claim(request, {
    ...terms,
    now,
    holder: "builder-7/claim",
    publishTimeoutMs: MINUTE,
    execution: "service",
    object: { bucket: "b", key: "c-1-2-1768478400000.zip" },
  });
  if (decision.kind !== "claim") throw new Error(decision.kind);
  return decision.request;
}

const held = heldAt(NOON);
const release = { now: NOON + 10_000, leaseEndsAt: NOON + 20_000 };
const backoff = { baseMs: MINUTE, maxMs: MINUTE, random: 1, maxFailures: 5 };
const next = (request: StatementRequest, now = NOON): string =>
  explain(request, { ...terms, now }).next.join("\n");
const happened = (request: StatementRequest): string => explain(request, terms).happened.join("\n");

describe("what comes next", () => {
  test("recorded: offered when its turn comes, and no time is promised", () => {
    expect(next(recorded, NOON + 20_000)).toContain(
      "due since 2026-01-15T12:00:00.000Z (20s ago): the scanner offers it to a builder when its turn comes.",
    );
    expect(next(recorded, NOON + 20_000)).not.toMatch(/minute from now|waiting longer/);
    const { next: queued } = explain(recorded, {
      ...terms,
      now: NOON + 20_000,
      queue: { waitingLonger: 3_640, ended: { count: 24, ms: 3_000 } },
    });
    // 3,640 of them at 8 a second are 455 seconds.
    expect(queued.join()).toContain(
      "3,640 requests have been waiting longer; customers take turns. 24 ended while this tool looked for 3 s; " +
        "if it goes on as fast, those take 7m35s.",
    );
    const { next: kept } = explain(recorded, {
      ...terms,
      trouble: ["pod statement-builder-x is not ready: the database refuses: 1045"],
    });
    expect(kept.at(-1)).toBe(
      "But pod statement-builder-x is not ready: the database refuses: 1045.",
    );
    const { next: stuck } = explain(recorded, {
      ...terms,
      now: NOON + 20_000,
      queue: { waitingLonger: 1, ended: { count: 0, ms: 3_000 } },
    });
    expect(stuck.join()).toContain("None ended while this tool looked for 3 s.");
  });

  test("after a failure: the time of the next attempt", () => {
    const waiting = retry(held, "storage_unavailable", release, backoff);
    expect(next(waiting)).toContain("next attempt is at 2026-01-15T12:01:10.000Z (in 70s)");
    expect(happened(waiting)).toContain("1 attempt so far; 1 of 5 failures used up");
    expect(happened(waiting)).toContain("the store did not do what it was asked");
  });

  test("held: by whom, and who comes when it falls silent", () => {
    expect(next(held)).toContain("builder-7 is at work on it");
    expect(next(held)).toContain("takes over after 2026-01-15T12:01:30.000Z");
  });

  test("held and renewed: how far it is, and an estimate of this file alone", () => {
    const progress = {
      phase: "transactions.csv",
      rows: 415_000,
      rowsCounted: 830_000,
      bytesSent: 21_000_000,
      rowsPerSecond: 5_000,
      at: NOON - 12_000,
    };
    const renewed = renew(held, NOON + MINUTE, progress);
    expect(happened(renewed)).toContain(
      "2026-01-15T11:59:48.000Z (12s ago) its builder was writing transactions.csv, " +
        "415,000 of 830,000 (50 %) rows, 5,000 rows a second, 21.0 MB sent.",
    );
    expect(next(renewed)).toContain(
      "If it goes on as fast, transactions.csv takes about 83s more.",
    );
    // Nothing came since the renewal before: no time is known.
    const stalled = renew(held, NOON + MINUTE, { ...progress, rowsPerSecond: 0 });
    expect(next(stalled)).not.toContain("as fast");
    const asking = renew(held, NOON + MINUTE, {
      ...{ phase: "query", rows: 0, bytesSent: 0, rowsPerSecond: 0, at: NOON },
    });
    expect(happened(asking)).toContain(
      "its builder was asking the database for balances and counts.",
    );
  });

  test("held by a lease that ran out: taken over once no clock can disagree", () => {
    expect(next(held, NOON + MINUTE + 1)).toContain(
      "takes over at 2026-01-15T12:01:30.000Z (in 30s)",
    );
    expect(next(held, NOON + 2 * MINUTE)).toContain("due since 2026-01-15T12:01:00.000Z");
  });

  test("cancelled while held, while it may still land, and after", () => {
    expect(next(requestCancel(held, NOON))).toContain("stops and ends the request as cancelled");
    const waiting = requestCancel(handOver(held, "cancel_requested", release), NOON);
    // Lease + clock skew + publish time-out.
    expect(next(waiting)).toContain("does not end as cancelled before 2026-01-15T12:01:50.000Z");
    expect(next(waiting)).toContain("The next offer after that ends it.");
    expect(next(waiting, NOON + 5 * MINUTE)).toContain(
      "It will be cancelled: the scanner offers it to a builder before",
    );
    expect(next(requestCancel(recorded, NOON))).toContain("It will be cancelled");
  });

  test("cancelled by an operator: told once, and apart from a wish of status-api", () => {
    const wished = requestCancel(recorded, NOON);
    const told = (...instants: readonly number[]): string[] => {
      const acts = instants.map((at) => ({
        act: "cancel" as const,
        by: "ann@desk",
        at: new Date(at).toISOString(),
      }));
      return explain(wished, { ...terms, acts }).happened.filter((line) => line.startsWith("Canc"));
    };
    const byStatusApi = "Cancellation was requested 2026-01-15T12:00:00.000Z (0s ago).";
    expect(told()).toEqual([byStatusApi]);
    expect(told(NOON + 3)).toEqual([
      "Cancellation was requested by ann@desk at 2026-01-15T12:00:00.003Z.",
    ]);
    expect(told(NOON + MINUTE)).toEqual([
      byStatusApi,
      "Cancellation was requested by ann@desk at 2026-01-15T12:01:00.000Z.",
    ]);
  });

  test("tried again: due since then, not since it failed", () => {
    const again = startAgain({ ...fail(held, "retries_exhausted", NOON), failures: 5 });
    const at = new Date(NOON + 2 * MINUTE).toISOString();
    const { next: lines } = explain(again, {
      ...terms,
      now: NOON + 2 * MINUTE,
      acts: [{ act: "retry", by: "ann@desk", at }],
    });
    expect(lines.join()).toContain("due since 2026-01-15T12:02:00.000Z (0s ago)");
  });

  test("cancelled while its builder fell silent: it comes before every turn too", () => {
    const silent = next(requestCancel(held, NOON), NOON + 10 * MINUTE);
    expect(silent).toContain(
      "It will be cancelled: the scanner offers it to a builder before those",
    );
  });

  test("cancelled while held: an earlier upload only where there was one, and for how long", () => {
    expect(next(requestCancel(held, NOON))).toContain("While its own upload may still arrive");
    const again = heldAt(NOON + MINUTE, handOver(held, "shutting_down", release));
    expect(next(requestCancel(again, NOON + MINUTE), NOON + MINUTE)).toContain(
      "While its own upload or, until 90s after the earlier attempt's lease, that one's may still arrive",
    );
  });

  test("given back because the caller had gone: not because the builder had to", () => {
    expect(happened(handOver(held, "client_disconnected", release))).toContain(
      "client_disconnected: whoever had called its builder hung up before it was done",
    );
    expect(happened(handOver(held, "shutting_down", release))).toContain("its builder had to go");
  });

  test("given back by a failure whose file may still arrive: not because the builder had to", () => {
    const failures = ["invalid_amount: amount, row 17", "code_of_a_later_version"];
    const [known = "", later = ""] = failures.map((code) =>
      happened(retry(held, code, release, backoff)),
    );
    expect(known).toContain("row 17: an amount has more decimals than its currency");
    expect(later).toContain("this version does not know the code");
  });

  test("out of failures: it ends as failed", () => {
    const spent = { ...handOver(held, "shutting_down", release), failures: 5 };
    expect(next(spent)).toContain("does not end as failed before 2026-01-15T12:01:50.000Z");
    expect(next(spent, NOON + 5 * MINUTE)).toContain("failures are used up: the scanner");
  });

  test("too large for the service: a Job, and when another one", () => {
    const large = oversize(held, release);
    expect(next(large)).toContain("A Job was asked for and has not begun");
    expect(next(large)).toContain("2026-01-15T12:05:10.000Z");
    expect(next(large, NOON + 10 * MINUTE)).toContain("the next tick has a Job started for it");
    expect(happened(large)).toContain("too many rows for the service");
  });

  test("executed: where it lies; an event that nobody took is said", () => {
    const result = { rows: 1, bytes: 2_500, sha256: "0", asOf: NOON };
    const executed = execute(held, held.object, result, NOON);
    expect(happened(executed)).toContain("1 row, 2.5 kB");
    expect(happened(executed)).toContain("s3://b/c-1-2-1768478400000.zip");
    expect(next(executed)).toContain("has not been accepted yet");
    expect(next({ ...executed, announced: true })).toContain("nothing more happens by itself");
    // It can be pasted.
    expect(next(executed)).toContain(`statements --local download ${executed.facts.name} fetches`);
  });

  test("a callback: made, tried again and when, given up and what to do", () => {
    const callback_url = "https://hooks.example.com/done?access_token=secret";
    const failed = fail(held, "unknown_customer", NOON);
    const called = { ...failed, facts: { ...failed.facts, options: { callback_url } } };
    const at = { now: NOON, random: 0 };
    const owed = announce(called);
    expect(next(owed)).toContain("The outcome event was sent; its callback is owed.");
    const away = calledBack(owed, { kind: "failed", error: "http_503" }, at);
    expect(next(away)).toContain(
      "hooks.example.com:443 was called back 1 time and did not take it (http_503); the next time is 2026-01-15T12:00:30.000Z",
    );
    const host_paused = { kind: "not-asked", error: "host_paused", notBefore: NOON } as const;
    const leftAlone = calledBack(owed, host_paused, at);
    expect(historyOf(leftAlone, []).map(({ what }) => what)).toContain("callback put off");
    expect(next(leftAlone)).toContain(
      "hooks.example.com:443 was tried 0 times, and is left alone: it asked for time, or was silent (host_paused); the next time is 2026-01-15T12:00:30.000Z",
    );
    const made = calledBack(away, { kind: "delivered" }, at);
    expect(next(made)).toContain(
      "nothing more happens by itself. hooks.example.com:443 was called back.",
    );
    const gone = calledBack(away, { kind: "refused", error: "http_410" }, at);
    expect(next(gone)).toContain(
      "given up after it was tried 2 times (http_410): statements announce",
    );
    const notAllowed = calledBack(owed, { kind: "refused", error: "host_not_allowed" }, at);
    expect(next(notAllowed)).toContain(
      "given up after it was tried 0 times (host_not_allowed): statements announce begins anew, when CALLBACK_HOSTS names it.",
    );
    const tooLong = { ...at, now: NOON + 43 * 3_600_000 };
    const neverAsked = calledBack(leftAlone, host_paused, tooLong);
    expect(next(neverAsked)).toContain("given up after it was tried 0 times (host_paused): state");
    expect(historyOf(neverAsked, []).map(({ what }) => what)).toContain("callback given up");
    for (const one of [away, made, gone]) expect(next(one)).not.toContain("secret");
  });

  test("an act whose time somebody has spoilt by hand leaves the others in their order", () => {
    const acts = (...times: readonly string[]) =>
      times.map((at) => ({ act: "link", by: "ann", at }) as const);
    const ended = fail(held, "unknown_customer", NOON + MINUTE);
    const later = new Date(NOON + 2 * MINUTE).toISOString();
    const history = historyOf(ended, acts(later, "yesterday"));
    expect(history.map(({ at }) => at)).toEqual([
      "yesterday",
      ...history
        .slice(1)
        .map(({ at }) => at)
        .sort(),
    ]);
    expect(history.at(-1)).toMatchObject({ what: "link", at: later });
  });

  test.each(ERROR_CODES)("%s: what it means and what to do", (code) => {
    const failed = fail(held, code, NOON);
    expect(happened(failed)).toMatch(new RegExp(`with ${code}: \\w.{20,}\\.`));
    expect(next(failed)).toMatch(/retry/);
  });
});

describe("lengths of time", () => {
  test.each([
    [0, "0s"],
    [119_000, "119s"],
    [200_000, "3m20s"],
    [240_000, "4m"],
    [3_600_000, "60m"],
    [5 * 3_600_000, "5h"],
    [12 * 86_400_000, "12d"],
  ])("%i ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test.each([
    [340, "0.34 s"],
    [59_994, "59.99 s"],
    [59_996, "60s"],
    [200_000, "3m20s"],
  ])("of what took %i ms are %s", (ms, text) => expect(formatElapsed(ms)).toBe(text));

  test("are read back", () => {
    expect(["90s", "15m", "3h", "2d"].map(parseDuration)).toEqual([
      90_000, 900_000, 10_800_000, 172_800_000,
    ]);
    for (const wrong of ["", "15", "m", "-1s", "1w"]) expect(() => parseDuration(wrong)).toThrow();
  });
});

test.each([
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [999_949, "999.9 kB"],
  [999_960, "1.0 MB"],
  [999_949_999, "999.9 MB"],
  [999_960_000, "1.0 GB"],
  [2_500_000_000_000, "2500.0 GB"],
])("%i bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [null, "-"],
  [0, "0.00 %"],
  [1 / 30_000, "0.01 %"],
  [0.5, "50.00 %"],
  [0.99994, "99.99 %"],
  [24_999 / 25_000, "99.99 %"],
  [1, "100.00 %"],
])("%p of what ended is %s: all only where it is all", (ratio, text) => {
  expect(percent(ratio)).toBe(text);
});

describe("what the doctor makes of", () => {
  const fit = { prefix: "statements/", retentionDays: 30 };
  const rule = {
    Status: "Enabled" as const,
    Filter: { Prefix: "statements/" },
    Expiration: { Days: 90 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };

  test.each([
    ["the shipped rules", [rule], ["ok", "ok"]],
    ["rules of the whole bucket", [{ ...rule, Filter: {} }], ["ok", "ok"]],
    ["no rules", [], ["wrong", "wrong"]],
    ["rules that are off", [{ ...rule, Status: "Disabled" as const }], ["wrong", "wrong"]],
    ["rules of another folder", [{ ...rule, Filter: { Prefix: "x/" } }], ["wrong", "wrong"]],
    ["files that go before records", [{ ...rule, Expiration: { Days: 30 } }], ["wrong", "ok"]],
  ])("%s", (_, rules, levels) => {
    expect(judgeLifecycle(rules, fit).map(({ level }) => level)).toEqual(levels);
  });

  test("files beside records that are kept for longer, or for nobody knows how long", () => {
    const levelFor = (retentionDays: number | undefined) =>
      judgeLifecycle([rule], { ...fit, retentionDays })[0]?.level;
    expect([89, 90, undefined].map(levelFor)).toEqual(["ok", "wrong", "unknown"]);
  });

  test.each([
    ["the same second", 999, "ok"],
    ["a slow answer", 9_000, "ok"],
    ["ten minutes behind", 600_000, "wrong"],
    ["ten minutes ahead", -600_000, "wrong"],
    ["no time at all", NaN, "unknown"],
  ])("a clock: %s", (_, behind, level) => {
    const between = { sentAt: NOON, receivedAt: NOON + 200 };
    const cluster = { whose: "the cluster", wholeMs: 1_000 };
    expect(judgeClock(NOON - behind, between, cluster, "NTP")).toMatchObject({ level });
  });

  test.each([
    ["just now", NOON, "ok"],
    ["by a clock that is ahead", NOON + 9_000, "ok"],
    ["four minutes ago", NOON - 240_000, "ok"],
    ["six minutes ago", NOON - 360_000, "wrong"],
    ["never", undefined, "unknown"],
    ["never, and requests wait", undefined, "wrong", true],
  ])("a tick: %s", (_, countedAt, level, hasWaited = false) => {
    expect(judgeTicks(countedAt, NOON, hasWaited)).toMatchObject({ level });
  });

  test("where none is known, the next step is to look for the tick", () => {
    const next = expect.stringContaining("PingSource") as string;
    expect(judgeTicks(undefined, NOON, false)).toMatchObject({ next });
  });
});
