import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { recordRequest } from "../../functions/domain/statement-request.ts";
import { judgeBacklog, judgeCapacity } from "../../infra/operator/doctor/backlog.ts";
import { readWindows } from "../../infra/operator/session/window.ts";
import { LATE_MS } from "../../infra/operator/doctor/census.ts";
import { judgeLedger } from "../../infra/operator/doctor/ledger.ts";
import { judgeWindow } from "../../infra/operator/doctor/window.ts";
import { judgeWakeUps } from "../../infra/operator/doctor/wake-ups.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;
const WELL = {
  unreadable: { count: 0 },
  failed: 0,
  unannounced: 0,
  rejected: 0,
  total: 3,
  due: { count: 0 },
  late: 0,
  unheard: { count: 0 },
  busy: 0,
  endedWithin: () => 0,
  firstClaims: { soon: 0, later: 0 },
};

const request = recordRequest({
  name: `transaction-request-c-1-${NOW}`,
  customerId: "c-1",
  startDate: "2025-12-01",
  endDate: "2025-12-31",
  timeZone: "UTC",
  options: {},
  event: { source: "/billing", id: "1", type: "t", time: NOW },
  recordedAt: NOW - 60 * MINUTE,
});

const dueFor = (ms: number, count: number) => ({
  due: { count, first: { name: request.facts.name, since: NOW - ms } },
});

test("a ledger in which nothing is stuck is well", () => {
  expect([...judgeLedger(WELL, "ledger", NOW)]).toEqual([
    { level: "ok", what: "the ledger in ledger holds 3 requests, none of them stuck" },
  ]);
});

test("a wish to cancel that nobody has acted on is wrong, and names the setting it may lack", () => {
  const unheard = { count: 1, first: { ...request, cancelRequestedAt: NOW - 16 * MINUTE } };
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
  const [finding] = [
    ...judgeLedger({ ...WELL, ...dueFor(20 * MINUTE, 7), late: 2 }, "ledger", NOW),
  ];
  expect(finding?.what).toBe("due for more than 15m: 2 requests, the oldest since 20m");
});

test("what counts as late is what the alert calls an old backlog", async () => {
  const text = await readFile("infra/kubernetes/components/monitoring/rules.yaml", "utf8");
  const { spec } = parse(text) as {
    readonly spec: {
      readonly groups: readonly {
        readonly rules: readonly { readonly alert?: string; readonly expr: string }[];
      }[];
    };
  };
  const rules = spec.groups.flatMap((group) => group.rules);
  const alert = rules.find((rule) => rule.alert === "StatementsBacklogOld");
  expect(alert?.expr).toMatch(new RegExp(`> ${LATE_MS / 1000}$`));
});

describe("the backlog", () => {
  const judge = (over: object, builds?: number) =>
    judgeBacklog({ ...WELL, ...over }, { builds }, NOW);

  test("nothing due", () => {
    expect(judge({ busy: 1, endedWithin: () => 41 }, 8)).toEqual({
      level: "ok",
      what: "nothing is due; 1 request of at most 8 is being built, 41 requests ended in the last 15m",
    });
  });

  test("how long it takes follows from what has ended since the oldest came due", () => {
    // 10 a minute in 4 minutes, and 20 that ended before something was due, which tell nothing.
    const endedWithin = (ms: number) => (ms <= 4 * MINUTE ? 40 : 60);
    expect(judge({ ...dueFor(4 * MINUTE, 30), busy: 2, endedWithin })).toEqual({
      level: "ok",
      what:
        "30 requests are due, the oldest since 4m; in the last 4m the builders ended 10 a minute: " +
        "about 3m until all are done; 2 requests are being built",
    });
  });

  test("more than they end in a quarter of an hour says whether builders are free", () => {
    const much = { ...dueFor(10 * MINUTE, 300), endedWithin: () => 25 };
    const full = judge({ ...much, busy: 8 }, 8);
    expect(full.level).toBe("unknown");
    expect(full.what).toContain("the builders ended 2.5 a minute: about 120m until all are done");
    expect(full.next).toMatch(/^all builders are at work: raise max-scale .* and BUILDER_CAPACITY/);
    expect(judge({ ...much, busy: 3 }, 8).next).toMatch(/^builders are free/);
    expect(judge({ ...much, busy: 3 }).next).toMatch(/^if all builders are at work/);
  });

  test("nothing ended although something is due", () => {
    const stalled = judge(dueFor(5 * MINUTE, 3));
    expect(stalled).toMatchObject({
      level: "wrong",
      what: "3 requests are due, the oldest since 5m, and none has ended meanwhile; 0 requests are being built",
    });
    expect(judge({ ...dueFor(5 * MINUTE, 3), busy: 1 }).level).toBe("unknown");
    expect(judge(dueFor(2 * MINUTE, 3)).level).toBe("ok");
  });

  test("of a few seconds no rate is reckoned", () => {
    expect(judge({ ...dueFor(20_000, 500), endedWithin: () => 1 })).toEqual({
      level: "ok",
      what: "500 requests are due, the oldest since 20s, and 1 ended meanwhile; 0 requests are being built",
    });
  });

  test("a scanner that offers for more builders than there may be, or for fewer", () => {
    const say = (builds: number, offered: number) => [...judgeCapacity({ builds, offered })];
    expect(say(8, 8)).toEqual([]);
    expect(say(8, 16)[0]?.what).toMatch(
      /for 16 builds at a time, .* take 8: the rest waits in the Broker/,
    );
    expect(say(8, 1)[0]?.what).toMatch(
      /for 1 build at a time, .* take 8: some builders stay idle$/,
    );
    expect([...judgeCapacity({ offered: 8 })]).toEqual([]);
  });
});

type Told = Readonly<Record<string, string>>;

describe("the window of events and the retention of records, between intake and scanner", () => {
  /** Each is told by its settings and an overlay's variable, which wins. */
  const windowsOf = async (intake: Told, scanner: Told) =>
    await readWindows(([, kind, name = ""]) => {
      const told = name.startsWith("request-intake") ? intake : scanner;
      const answer =
        kind === "configmap"
          ? { data: { EVENT_WINDOW_DAYS: "29", RETENTION_DAYS: "30" } }
          : {
              spec: {
                template: {
                  spec: {
                    containers: [
                      {
                        env: Object.entries(told).map(([of, value]) => ({ name: of, value })),
                        envFrom: [{ configMapRef: { name: `${name}-settings` } }],
                      },
                    ],
                  },
                },
              },
            };
      return Promise.resolve(JSON.stringify(answer));
    }, "statements");

  test("as shipped they are the same", async () => {
    expect(judgeWindow(await windowsOf({}, {}))).toEqual({
      level: "ok",
      what: "events are taken for 29 days, and records kept for 30",
    });
  });

  test("a scanner that deletes before intake stops taking the event", async () => {
    const shorter = { RETENTION_DAYS: "14", EVENT_WINDOW_DAYS: "13" };
    expect(judgeWindow(await windowsOf({}, shorter))).toMatchObject({
      level: "wrong",
      what: "intake takes events of 29 days, and the scanner deletes records after 14: a late repeat makes a second statement",
    });
    expect(judgeWindow(await windowsOf(shorter, shorter)).level).toBe("ok");
  });

  test("values that differ and do no harm yet", async () => {
    const longer = { RETENTION_DAYS: "60" };
    expect(judgeWindow(await windowsOf({}, longer))).toMatchObject({
      level: "unknown",
      what: "intake and scanner are told different ones: EVENT_WINDOW_DAYS 29 and 29, RETENTION_DAYS 30 and 60",
    });
  });

  test("a value that no function starts with is said, not judged", async () => {
    await expect(windowsOf({}, { RETENTION_DAYS: "a month" })).rejects.toThrow(
      /RETENTION_DAYS is not valid/,
    );
  });
});

test("wake-ups: whether most came by them", () => {
  expect(judgeWakeUps({ soon: 0, later: 0 }).level).toBe("ok");
  expect(judgeWakeUps({ soon: 11, later: 1 })).toEqual({
    level: "ok",
    what: "of 12 requests first taken in the last 15m, 11 came within 3s by their wake-up",
  });
  const late = judgeWakeUps({ soon: 1, later: 2 });
  expect(late).toMatchObject({
    level: "unknown",
    what: "of 3 requests first taken in the last 15m, 2 waited for more than 3s: for a tick, or for a free builder",
  });
  expect(late.next).toContain("WAKEUPS_PER_CUSTOMER");
});
