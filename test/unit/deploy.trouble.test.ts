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
  /** @param fields of the pod beside its status; `newest`: the last revision of its Service */
  const trouble = async (
    status: object,
    fields: object = {},
    newest = "",
  ): Promise<readonly string[]> => {
    const list = { items: [{ apiVersion: "v1", kind: "Pod", metadata, status, ...fields }] };
    const ask = (args: readonly string[]): Promise<string> => {
      if (args[1] === "services.serving.knative.dev") return Promise.resolve(newest);
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
      "container statement-builder of pod statement-builder-x (b): CrashLoopBackOff; kubectl logs statement-builder-x -n statements -c statement-builder",
    ]);
  });

  const crashed = (message: string): object => {
    const terminated = { exitCode: 78, reason: "Error", message };
    const state = { waiting: { reason: "CrashLoopBackOff" } };
    const one = { name: "statement-builder", image: "b", state, lastState: { terminated } };
    return { phase: "Running", containerStatuses: [one] };
  };
  const LOGS = "kubectl logs statement-builder-x -n statements -c statement-builder";

  test("of one that ends again and again, the words of its end", async () => {
    const fatal = (msg: string): string => JSON.stringify({ level: "fatal", msg });
    const log = [line({ msg: "listening" }), fatal("S3_BUCKET is missing"), fatal("and so on"), ""];
    expect(await trouble(crashed(log.join("\n")))).toEqual([
      `container statement-builder of pod statement-builder-x (b) ended with 78 (Error): S3_BUCKET is missing; and so on; ${LOGS}`,
    ]);
    expect(await trouble(crashed("Segmentation fault\n"))).toEqual([
      `container statement-builder of pod statement-builder-x (b) ended with 78 (Error): Segmentation fault; ${LOGS}`,
    ]);
  });

  test("the image is what the pod asks for, not the other tag that a node knows it by", async () => {
    const spec = { containers: [{ name: "statement-builder", image: "b:v2" }] };
    const [said] = await trouble(crashed(""), { spec });
    expect(said).toContain("of pod statement-builder-x (b:v2) ended with 78");
  });

  test("one on its way out is no trouble", async () => {
    const deletionTimestamp = started(1);
    const leaving = { metadata: { ...metadata, deletionTimestamp } };
    expect(await trouble(crashed(""), leaving)).toEqual([]);
  });

  test("one of a revision that another has replaced: how to end it", async () => {
    const labels = {
      "serving.knative.dev/service": "statement-builder",
      "serving.knative.dev/revision": "statement-builder-00001",
    };
    const of = { metadata: { ...metadata, labels } };
    const [replaced] = await trouble(crashed(""), of, "statement-builder-00002");
    expect(replaced).toMatch(
      /; statement-builder-00002 has replaced it: kubectl delete revision statement-builder-00001 -n statements$/,
    );
    const [newest] = await trouble(crashed(""), of, "statement-builder-00001");
    expect(newest).toMatch(/ -c statement-builder$/);
  });

  test.each([
    ["Failed", []],
    [
      "Running",
      [`container statement-builder of pod statement-builder-x (b) ended with 42 (Error); ${LOGS}`],
    ],
  ])("a container that has ended in a pod that is %s", async (phase, lines) => {
    const state = { terminated: { exitCode: 42, reason: "Error" } };
    const ended = [{ name: "statement-builder", image: "b", state }];
    expect(await trouble({ phase, containerStatuses: ended })).toEqual(lines);
  });
});
