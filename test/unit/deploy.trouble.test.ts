import { reasonIn, troubleOf } from "../../infra/kubernetes/deploy/trouble.ts";

const line = (fields: object): string => JSON.stringify({ level: "warn", ...fields });

test("every cause is said: a refused login is another thing than no answer", () => {
  const err = {
    message: "no connection to the database",
    cause: { code: "ER_ACCESS_DENIED_ERROR", message: "Access denied for user 'statements'" },
  };
  const log = [line({ msg: "not ready", err }), line({ msg: "request answered" }), "text"];
  expect(reasonIn(log.join("\n"))).toBe(
    "no connection to the database: ER_ACCESS_DENIED_ERROR Access denied for user 'statements'",
  );
});

test("of two the last one counts, and without one that is said", () => {
  const log = ["gone", "refused"].map((message) => line({ msg: "not ready", err: { message } }));
  expect(reasonIn(log.join("\n"))).toBe("refused");
  expect(reasonIn("")).toBe("its log does not say why");
});

describe("pods", () => {
  const NOON = Date.parse("2026-01-15T12:00:00Z");
  const metadata = { name: "statement-builder-x", namespace: "statements" };
  const running = { running: {} };
  /** As Knative makes it: the probe is queue-proxy's, so the container that fails it counts as ready. */
  const containerStatuses = [
    { name: "queue-proxy", image: "q", ready: false, state: running },
    { name: "statement-builder", image: "b", ready: true, state: running },
  ];
  const said = line({ msg: "not ready", err: { message: "no answer" } });
  const trouble = async (status: object): Promise<readonly string[]> => {
    const list = { items: [{ apiVersion: "v1", kind: "Pod", metadata, status }] };
    const ask = (args: readonly string[]): Promise<string> => {
      if (args[0] === "get") return Promise.resolve(JSON.stringify(list));
      return Promise.resolve(args[args.indexOf("-c") + 1] === "statement-builder" ? said : "");
    };
    return await troubleOf("statements", ask, NOON);
  };
  const started = (secondsAgo: number): string => new Date(NOON - secondsAgo * 1000).toISOString();

  test("one whose proxy alone is not ready is told, with what the other container says", async () => {
    const status = { phase: "Running", startTime: started(31), containerStatuses };
    expect(await trouble(status)).toEqual(["pod statement-builder-x is not ready: no answer"]);
  });

  test("a cold start is no trouble", async () => {
    const status = { phase: "Running", startTime: started(29), containerStatuses };
    expect(await trouble(status)).toEqual([]);
  });

  test("one that waits to start again is told once", async () => {
    const state = { waiting: { reason: "CrashLoopBackOff" } };
    const [proxy] = containerStatuses;
    const crashed = [proxy, { name: "statement-builder", image: "b", ready: false, state }];
    const status = { phase: "Running", startTime: started(60), containerStatuses: crashed };
    expect(await trouble(status)).toEqual([
      "container statement-builder of pod statement-builder-x (b): CrashLoopBackOff; kubectl logs statement-builder-x -c statement-builder",
    ]);
  });

  test.each([
    ["Failed", []],
    ["Running", ["container statement-builder of pod statement-builder-x ended with 42 (Error)"]],
  ])("a container that has ended in a pod that is %s", async (phase, lines) => {
    const state = { terminated: { exitCode: 42, reason: "Error" } };
    const ended = [{ name: "statement-builder", image: "b", state }];
    expect(await trouble({ phase, containerStatuses: ended })).toEqual(lines);
  });
});
