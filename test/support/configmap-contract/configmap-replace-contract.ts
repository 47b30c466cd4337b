import type { V1ConfigMap } from "@kubernetes/client-node";
import { edited, refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

export function configMapReplaceContract({ core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  beforeAll(async () => {
    namespace = await newNamespace();
  });
  const create = (body: V1ConfigMap) => core().createNamespacedConfigMap({ namespace, body });
  const replace = (name: string, body: V1ConfigMap, more: object = {}) =>
    core().replaceNamespacedConfigMap({ namespace, name, body, ...more });
  const read = (name: string) => core().readNamespacedConfigMap({ namespace, name });
  const versionOf = ({ metadata }: V1ConfigMap) => metadata?.resourceVersion;

  test("the version that was read is replaced as a whole, and keeps its identity", async () => {
    const first = await create({
      metadata: { name: "whole", labels: { a: "1" }, annotations: { b: "2" } },
      data: { status: "pending", more: "x" },
    });
    const second = await replace("whole", {
      metadata: { name: "whole", resourceVersion: versionOf(first) ?? "", labels: { c: "3" } },
      data: { status: "processing" },
    });
    expect(second.data).toEqual({ status: "processing" });
    expect(second.metadata).toMatchObject({
      uid: first.metadata?.uid,
      creationTimestamp: first.metadata?.creationTimestamp,
      labels: { c: "3" },
    });
    expect(second.metadata?.annotations).toBeUndefined();
    expect(Number(versionOf(second))).toBeGreaterThan(Number(versionOf(first)));
    expect(await read("whole")).toEqual(second);
  });

  test("a stale version is refused and changes nothing", async () => {
    const first = await create({ metadata: { name: "stale" }, data: { n: "1" } });
    const second = await replace("stale", edited(first, { data: { n: "2" } }));
    expect(await refusalOf(replace("stale", edited(first, { data: { n: "3" } })))).toEqual({
      code: 409,
      reason: "Conflict",
      name: "stale",
      kind: "configmaps",
    });
    expect(await read("stale")).toEqual(second);
  });

  test("of many who claim one version, one wins", async () => {
    const first = await create({ metadata: { name: "claimed" }, data: { holder: "" } });
    const holders = Array.from({ length: 50 }, (_, i) => `builder-${i}`);
    const outcomes = await Promise.all(
      holders.map((holder) => refusalOf(replace("claimed", edited(first, { data: { holder } })))),
    );
    const winners = holders.filter((_, i) => outcomes[i] === "not refused");
    expect(winners).toHaveLength(1);
    const refusals = outcomes.filter((outcome) => outcome !== "not refused");
    expect(refusals.every(({ code, reason }) => code === 409 && reason === "Conflict")).toBe(true);
    expect((await read("claimed")).data).toEqual({ holder: winners[0] });
  });

  test("without a version the replacement is unconditional", async () => {
    await create({ metadata: { name: "blind" }, data: { n: "1" } });
    await replace("blind", { metadata: { name: "blind" }, data: { n: "2" } });
    expect((await read("blind")).data).toEqual({ n: "2" });
  });

  test("a replacement that changes nothing makes no new version", async () => {
    const first = await create({
      metadata: { name: "same", labels: { a: "1" } },
      data: { n: "1" },
    });
    const again = await replace("same", edited(first, { data: { n: "1" } }));
    expect(versionOf(again)).toBe(versionOf(first));
  });

  test("a dry run answers and changes nothing", async () => {
    const first = await create({ metadata: { name: "dry" }, data: { n: "1" } });
    const dry = await replace("dry", edited(first, { data: { n: "2" } }), { dryRun: "All" });
    expect(dry.data).toEqual({ n: "2" });
    expect(await read("dry")).toEqual(first);
  });

  test("what is not there cannot be replaced", async () => {
    const gone = replace("gone", { metadata: { name: "gone", resourceVersion: "1" } });
    expect(await refusalOf(gone)).toMatchObject({ code: 404, reason: "NotFound" });
  });

  test.each<[string, V1ConfigMap["metadata"], object]>([
    ["another name", { name: "other" }, { code: 400, reason: "BadRequest" }],
    ["no name", {}, { code: 400, reason: "BadRequest" }],
    ["another namespace", { name: "fixed", namespace: "x" }, { code: 400, reason: "BadRequest" }],
    ["another uid", { name: "fixed", uid: "x" }, { code: 409, reason: "Conflict" }],
    ["a version that is no number", { name: "fixed", resourceVersion: "x" }, { code: 500 }],
    ["a bad label", { name: "fixed", labels: { l: "a b" } }, { code: 422, reason: "Invalid" }],
  ])("a replacement with %s is refused", async (_what, metadata, refusal) => {
    await refusalOf(create({ metadata: { name: "fixed" } }));
    const before = await read("fixed");
    expect(await refusalOf(replace("fixed", { metadata: metadata ?? {} }))).toMatchObject(refusal);
    expect(await read("fixed")).toEqual(before);
  });

  describe("of an immutable ConfigMap", () => {
    let sealed: V1ConfigMap;
    beforeAll(async () => {
      const open = await create({ metadata: { name: "sealed" }, data: { status: "pending" } });
      // The write that seals may change the data.
      sealed = await replace(
        "sealed",
        edited(open, { data: { status: "executed" }, immutable: true }),
      );
      expect(sealed).toMatchObject({ immutable: true, data: { status: "executed" } });
    });
    const forbidden = (fields: string[]) => ({
      code: 422,
      reason: "Invalid",
      name: "sealed",
      kind: "ConfigMap",
      fields,
    });

    test.each<[string, Partial<V1ConfigMap>, string[]]>([
      ["changed data", { data: { status: "failed" } }, ["data"]],
      ["more data", { data: { status: "executed", more: "" } }, ["data"]],
      ["binary data", { binaryData: { b: "" } }, ["binaryData"]],
      ["immutable: false", { immutable: false }, ["immutable"]],
    ])("%s is refused", async (_what, change, fields) => {
      const call = replace("sealed", edited(await read("sealed"), change));
      expect(await refusalOf(call)).toEqual(forbidden(fields));
    });

    test("a lost immutable is refused", async () => {
      const { metadata, data = {} } = await read("sealed");
      const call = replace("sealed", { metadata: metadata ?? {}, data });
      expect(await refusalOf(call)).toEqual(forbidden(["immutable"]));
    });

    test("labels may change", async () => {
      const before = await read("sealed");
      const labels = { "transactions-collector.io/announced": "true" };
      const after = await replace(
        "sealed",
        edited(before, { metadata: edited(before.metadata ?? {}, { labels }) }),
      );
      expect(after.metadata?.labels).toEqual(labels);
      expect(after.data).toEqual({ status: "executed" });
      expect(versionOf(after)).not.toBe(versionOf(before));
    });
  });
}
