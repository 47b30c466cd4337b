import type { V1ConfigMapList } from "@kubernetes/client-node";
import { refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

const STATUS = "transactions-collector.io/status";

export function configMapListContract({ server, core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  const create = (name: string, labels: Record<string, string> = {}, where = namespace) =>
    core().createNamespacedConfigMap({ namespace: where, body: { metadata: { name, labels } } });
  const list = (more: object = {}) => core().listNamespacedConfigMap({ namespace, ...more });
  const names = ({ items }: V1ConfigMapList) => items.map(({ metadata }) => metadata?.name);

  beforeAll(async () => {
    namespace = await newNamespace();
    await create("c", { [STATUS]: "executed", lane: "service", n: "10" });
    await create("a-1", { [STATUS]: "pending", lane: "service", n: "5" });
    await create("a.1", { [STATUS]: "processing", lane: "job" });
    await create("b", { [STATUS]: "pending", lane: "job" });
    await create("d");
  });

  test("a list is in the order of the names, and shows its version", async () => {
    const all = await list();
    expect(all).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
    expect(names(all)).toEqual(["a-1", "a.1", "b", "c", "d"]);
    const versions = all.items.map(({ metadata }) => Number(metadata?.resourceVersion));
    expect(Number(all.metadata?.resourceVersion)).toBeGreaterThanOrEqual(Math.max(...versions));
    expect(all.metadata?._continue).toBeUndefined();
    const [first] = all.items;
    expect(first).toEqual({ metadata: first?.metadata });
  });

  test.each<[string, string[]]>([
    ["lane", ["a-1", "a.1", "b", "c"]],
    ["!lane", ["d"]],
    ["lane=job", ["a.1", "b"]],
    ["lane==job", ["a.1", "b"]],
    ["lane!=job", ["a-1", "c", "d"]],
    [`${STATUS} in (pending,processing)`, ["a-1", "a.1", "b"]],
    [`${STATUS} in (pending, processing),lane=job`, ["a.1", "b"]],
    [`${STATUS} notin (pending)`, ["a.1", "c", "d"]],
    [`lane,${STATUS}!=pending`, ["a.1", "c"]],
    [" lane = job , ! none ", ["a.1", "b"]],
    ["lane in (job,)", ["a.1", "b"]],
    ["lane=", []],
    ["n>5", ["c"]],
    ["n<10", ["a-1"]],
    ["", ["a-1", "a.1", "b", "c", "d"]],
  ])("the selector %p finds its own", async (labelSelector, expected) => {
    expect(names(await list({ labelSelector }))).toEqual(expected);
  });

  test.each(["lane in (", "lane in job", "lane=job b", "-lane=job", "lane=a b", "=", "lane=(a)"])(
    "the selector %p is refused",
    async (labelSelector) => {
      const refusal = await refusalOf(list({ labelSelector }));
      expect(refusal).toEqual({ code: 400, reason: "BadRequest" });
    },
  );

  test("names can be selected, other fields cannot", async () => {
    expect(names(await list({ fieldSelector: "metadata.name=b" }))).toEqual(["b"]);
    const others = await list({ fieldSelector: "metadata.name!=b,metadata.name!=d" });
    expect(names(others)).toEqual(["a-1", "a.1", "c"]);
    const refusal = await refusalOf(list({ fieldSelector: "data.k=v" }));
    expect(refusal).toEqual({ code: 400, reason: "BadRequest" });
  });

  test("a namespace that is not there has an empty list", async () => {
    expect((await core().listNamespacedConfigMap({ namespace: "absent" })).items).toEqual([]);
  });

  test("all namespaces can be listed at once", async () => {
    const other = await newNamespace();
    await create("elsewhere", { all: namespace }, other);
    await create("here", { all: namespace });
    const labelSelector = `all=${namespace}`;
    const found = await core().listConfigMapForAllNamespaces({ labelSelector });
    expect(names(found).toSorted()).toEqual(["elsewhere", "here"]);
    expect(names(await list({ labelSelector }))).toEqual(["here"]);
    await core().deleteNamespacedConfigMap({ namespace, name: "here" });
  });

  test("pages give each object once, in the state of the first page", async () => {
    const first = await list({ limit: 2 });
    expect(names(first)).toEqual(["a-1", "a.1"]);
    expect(first.metadata).toMatchObject({ remainingItemCount: 3 });
    await core().deleteNamespacedConfigMap({ namespace, name: "c" });
    await create("b-new");
    const second = await list({ limit: 2, _continue: first.metadata?._continue });
    expect(names(second)).toEqual(["b", "c"]);
    const third = await list({ limit: 2, _continue: second.metadata?._continue });
    expect(names(third)).toEqual(["d"]);
    expect(third.metadata?._continue).toBeUndefined();
    const versions = [first, second, third].map(({ metadata }) => metadata?.resourceVersion);
    expect(new Set(versions).size).toBe(1);
    expect(names(await list())).toEqual(["a-1", "a.1", "b", "b-new", "d"]);
    await core().deleteNamespacedConfigMap({ namespace, name: "b-new" });
    await create("c", { [STATUS]: "executed", lane: "service", n: "10" });
  });

  test("pages of a selection do not say how much is left", async () => {
    const labelSelector = "lane";
    const first = await list({ limit: 3, labelSelector });
    expect(names(first)).toEqual(["a-1", "a.1", "b"]);
    expect(first.metadata?.remainingItemCount).toBeUndefined();
    const second = await list({ limit: 3, labelSelector, _continue: first.metadata?._continue });
    expect(names(second)).toEqual(["c"]);
    expect(second.metadata?._continue).toBeUndefined();
  });

  test("a page that holds the rest is the last", async () => {
    const page = await list({ limit: 5 });
    expect(page.items).toHaveLength(5);
    expect(page.metadata?._continue).toBeUndefined();
  });

  test("a limit at version 0 is kept or not", async () => {
    const { items } = await list({ limit: 2, resourceVersion: "0" });
    const { limitAtRevisionZero } = server().traits;
    expect(items.length > 2 ? "ignored" : "kept").toBe(limitAtRevisionZero);
  });

  test("a list is never older than the version it is asked for", async () => {
    const { metadata } = await create("fresh");
    const page = await list({ resourceVersion: metadata?.resourceVersion });
    expect(names(page)).toContain("fresh");
    await core().deleteNamespacedConfigMap({ namespace, name: "fresh" });
  });

  test.each<[string, object, object]>([
    ["a broken token", { _continue: "abc" }, { code: 400, reason: "BadRequest" }],
    ["a version that is no number", { resourceVersion: "x" }, { code: 400, reason: "BadRequest" }],
    ["a version to come", { resourceVersion: "999999999" }, { code: 504, reason: "Timeout" }],
    [
      "a match without a version",
      { resourceVersionMatch: "Exact" },
      { code: 422, fields: ["resourceVersionMatch"] },
    ],
  ])("%s is refused", async (_what, query, refusal) => {
    expect(await refusalOf(list({ limit: 2, ...query }))).toMatchObject(refusal);
  });
}
