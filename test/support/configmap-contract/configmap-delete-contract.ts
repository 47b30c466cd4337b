import type { V1DeleteOptions } from "@kubernetes/client-node";
import { edited, refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

export function configMapDeleteContract({ core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  beforeAll(async () => {
    namespace = await newNamespace();
  });
  const create = (name: string) =>
    core().createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
  const remove = (name: string, body?: V1DeleteOptions, more: object = {}) =>
    core().deleteNamespacedConfigMap({ namespace, name, ...(body && { body }), ...more });
  const read = (name: string) => core().readNamespacedConfigMap({ namespace, name });

  test("a deletion says what is gone, once", async () => {
    const { metadata } = await create("gone");
    expect(await remove("gone")).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "gone", kind: "configmaps", uid: metadata?.uid },
    });
    const missing = { code: 404, reason: "NotFound", name: "gone", kind: "configmaps" };
    expect(await refusalOf(read("gone"))).toEqual(missing);
    expect(await refusalOf(remove("gone"))).toEqual(missing);
  });

  test("a name can be used again, by another object", async () => {
    const first = await create("again");
    await remove("again");
    const second = await create("again");
    expect(second.metadata?.uid).not.toBe(first.metadata?.uid);
  });

  test("preconditions hold the deletion to one object in one version", async () => {
    const first = await create("kept");
    const { uid = "", resourceVersion = "" } = first.metadata ?? {};
    const conflict = { code: 409, reason: "Conflict", name: "kept", kind: "ConfigMap" };
    const otherUid = remove("kept", { preconditions: { uid: "other", resourceVersion } });
    expect(await refusalOf(otherUid)).toEqual(conflict);
    const second = await core().replaceNamespacedConfigMap({
      namespace,
      name: "kept",
      body: edited(first, { data: { changed: "" } }),
    });
    const stale = remove("kept", { preconditions: { uid, resourceVersion } });
    expect(await refusalOf(stale)).toEqual(conflict);
    expect(await read("kept")).toEqual(second);
    const current = second.metadata?.resourceVersion ?? "";
    await remove("kept", { preconditions: { uid, resourceVersion: current } });
    expect(await refusalOf(read("kept"))).toMatchObject({ code: 404 });
  });

  test("a dry run deletes nothing", async () => {
    await create("dry");
    expect(await remove("dry", undefined, { dryRun: "All" })).toMatchObject({ status: "Success" });
    expect(await remove("dry", { dryRun: ["All"] })).toMatchObject({ status: "Success" });
    expect((await read("dry")).metadata?.name).toBe("dry");
  });

  test("an immutable ConfigMap may be deleted", async () => {
    const body = { metadata: { name: "sealed" }, immutable: true };
    await core().createNamespacedConfigMap({ namespace, body });
    expect(await remove("sealed")).toMatchObject({ status: "Success" });
  });
}
