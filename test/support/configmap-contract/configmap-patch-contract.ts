import { PatchStrategy, type V1ConfigMap } from "@kubernetes/client-node";
import { patchType, refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

export function configMapPatchContract({ server, core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  let before: V1ConfigMap;
  beforeAll(async () => {
    namespace = await newNamespace();
  });
  const name = "patched";
  beforeEach(async () => {
    const body = { metadata: { name, labels: { a: "1", b: "2" } }, data: { k: "v", l: "w" } };
    before = await core().createNamespacedConfigMap({ namespace, body });
  });
  afterEach(async () => {
    await core().deleteNamespacedConfigMap({ namespace, name });
  });
  const patch = (type: string, body: unknown, more: object = {}) =>
    core().patchNamespacedConfigMap({ namespace, name, body, ...more }, patchType(type));
  const read = () => core().readNamespacedConfigMap({ namespace, name });
  const merge = (body: unknown, more: object = {}) => patch(PatchStrategy.MergePatch, body, more);
  const json = (...steps: object[]) => patch(PatchStrategy.JsonPatch, steps);

  test.each([PatchStrategy.MergePatch, PatchStrategy.StrategicMergePatch])(
    "%s sets, removes with null and leaves the rest",
    async (type) => {
      const change = { metadata: { labels: { a: null, c: "3" } }, data: { k: "new", m: "x" } };
      const after = await patch(type, change);
      expect(after.metadata?.labels).toEqual({ b: "2", c: "3" });
      expect(after.data).toEqual({ k: "new", l: "w", m: "x" });
      expect(after.metadata?.uid).toBe(before.metadata?.uid);
      expect(after.metadata?.resourceVersion).not.toBe(before.metadata?.resourceVersion);
      expect(await read()).toEqual(after);
    },
  );

  test("a JSON patch tests, adds, replaces, removes, copies and moves", async () => {
    const after = await json(
      { op: "test", path: "/data/k", value: "v" },
      { op: "add", path: "/metadata/labels/example.com~1c", value: "3" },
      { op: "replace", path: "/data/k", value: "new" },
      { op: "remove", path: "/metadata/labels/a" },
      { op: "copy", from: "/data/k", path: "/data/copied" },
      { op: "move", from: "/data/l", path: "/data/moved" },
    );
    expect(after.metadata?.labels).toEqual({ b: "2", "example.com/c": "3" });
    expect(after.data).toEqual({ k: "new", copied: "new", moved: "w" });
  });

  test("a JSON patch may replace what is not there", async () => {
    const after = await json({ op: "replace", path: "/data/none", value: "new" });
    expect(after.data).toEqual({ k: "v", l: "w", none: "new" });
  });

  test.each<[string, object[]]>([
    ["a test that fails", [{ op: "test", path: "/data/k", value: "other" }]],
    ["the removal of nothing", [{ op: "remove", path: "/data/none" }]],
    ["no parent", [{ op: "add", path: "/metadata/annotations/a", value: "" }]],
    ["an unknown step", [{ op: "frobnicate", path: "/data/k" }]],
    [
      "a good step before a bad one",
      [
        { op: "replace", path: "/data/k", value: "new" },
        { op: "test", path: "/data/k", value: "v" },
      ],
    ],
  ])("a JSON patch with %s changes nothing", async (_what, steps) => {
    expect(await refusalOf(json(...steps))).toEqual({ code: 422, reason: "Invalid" });
    expect(await read()).toEqual(before);
  });

  test("a patch that names a version holds for that one only", async () => {
    const { resourceVersion } = before.metadata ?? {};
    await merge({ metadata: { resourceVersion }, data: { k: "1" } });
    const late = merge({ metadata: { resourceVersion }, data: { k: "2" } });
    expect(await refusalOf(late)).toMatchObject({ code: 409, reason: "Conflict" });
    expect((await read()).data).toMatchObject({ k: "1" });
  });

  test("a patch that changes nothing makes no new version", async () => {
    expect(await merge({ data: { k: "v" } })).toEqual(before);
    expect(await merge({})).toEqual(before);
  });

  test("a dry run answers and changes nothing", async () => {
    const dry = await merge({ data: { k: "dry" } }, { dryRun: "All" });
    expect(dry.data).toMatchObject({ k: "dry" });
    expect(await read()).toEqual(before);
  });

  test.each<[string, object, object]>([
    ["another name", { metadata: { name: "other" } }, { code: 400, reason: "BadRequest" }],
    ["another namespace", { metadata: { namespace: "x" } }, { code: 400, reason: "BadRequest" }],
    ["another uid", { metadata: { uid: "x" } }, { code: 422, reason: "Invalid" }],
    ["a number as text", { data: { k: 5 } }, { code: 422, reason: "Invalid" }],
    ["a bad key", { data: { "a/b": "" } }, { code: 422, reason: "Invalid" }],
  ])("a merge patch with %s is refused", async (_what, body, refusal) => {
    expect(await refusalOf(merge(body))).toMatchObject(refusal);
    expect(await read()).toEqual(before);
  });

  test("a merge patch is an object, a JSON patch a list", async () => {
    const bad = { code: 400, reason: "BadRequest" };
    expect(await refusalOf(merge([]))).toEqual(bad);
    expect(await refusalOf(patch(PatchStrategy.JsonPatch, {}))).toEqual(bad);
  });

  test("an immutable ConfigMap may be patched in its labels only", async () => {
    await merge({ immutable: true });
    expect(await refusalOf(merge({ data: { k: "new" } }))).toMatchObject({ fields: ["data"] });
    const after = await merge({ metadata: { labels: { announced: "true" } } });
    expect(after.metadata?.labels).toMatchObject({ announced: "true" });
  });

  test("what is not there cannot be patched", async () => {
    const call = core().patchNamespacedConfigMap(
      { namespace, name: "gone", body: { data: {} } },
      patchType(PatchStrategy.MergePatch),
    );
    expect(await refusalOf(call)).toMatchObject({ code: 404, reason: "NotFound" });
  });

  test("other patches are not known", async () => {
    const unsupported = { code: 415, reason: "UnsupportedMediaType" };
    expect(await refusalOf(patch("application/json", {}))).toEqual(unsupported);
    const applied = patch(
      PatchStrategy.ServerSideApply,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { k: "v" } },
      { fieldManager: "contract" },
    );
    const outcome = await refusalOf(applied);
    expect(outcome === "not refused" ? "done" : outcome).toEqual(server().traits.applyPatch);
  });
}
