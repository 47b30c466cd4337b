import { makeInformer, Watch, type V1ConfigMap, type V1Status } from "@kubernetes/client-node";
import { once, EventEmitter } from "node:events";
import { patchType, type ConfigMapBench } from "./configmap-bench.ts";

interface Seen {
  readonly type: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly data: V1ConfigMap["data"];
}

export function configMapWatchContract({ server, core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  beforeEach(async () => {
    namespace = await newNamespace();
  });
  const create = (name: string, labels: Record<string, string> = {}) =>
    core().createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } });
  const patch = (name: string, body: object) =>
    core().patchNamespacedConfigMap(
      { namespace, name, body },
      patchType("application/merge-patch+json"),
    );
  const remove = (name: string) => core().deleteNamespacedConfigMap({ namespace, name });
  const revision = async () =>
    (await core().listNamespacedConfigMap({ namespace })).metadata?.resourceVersion;

  /** A watch, and the way to wait for its first so many events. */
  async function watch(query: Record<string, string | undefined>) {
    const seen: Seen[] = [];
    const changed = new EventEmitter();
    let ended = false;
    const defined = Object.fromEntries(
      Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const abort = await new Watch(server().config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      defined,
      (type: string, { metadata, data }: V1ConfigMap) => {
        seen.push({ type, name: metadata?.name, version: metadata?.resourceVersion, data });
        changed.emit("change");
      },
      () => {
        ended = true;
        changed.emit("change");
      },
    );
    return {
      [Symbol.dispose]: () => abort.abort(),
      async first(count: number): Promise<readonly Seen[]> {
        while (seen.length < count && !ended) await once(changed, "change");
        return seen;
      },
      async end(): Promise<readonly Seen[]> {
        while (!ended) await once(changed, "change");
        return seen;
      },
    };
  }
  const brief = (seen: readonly Seen[]) => seen.map(({ type, name }) => `${type} ${name ?? ""}`);

  test("from a version on, every change comes in order", async () => {
    await create("before");
    const resourceVersion = await revision();
    const created = await create("a");
    using watching = await watch({ resourceVersion });
    const changed = await patch("a", { data: { n: "2" } });
    await remove("a");
    await create("b");
    const seen = await watching.first(4);
    expect(brief(seen)).toEqual(["ADDED a", "MODIFIED a", "DELETED a", "ADDED b"]);
    expect(seen[0]?.version).toBe(created.metadata?.resourceVersion);
    expect(seen[1]?.version).toBe(changed.metadata?.resourceVersion);
    expect(seen.map(({ data }) => data)).toEqual([undefined, { n: "2" }, { n: "2" }, undefined]);
    expect(Number(seen[2]?.version)).toBeGreaterThan(Number(seen[1]?.version));
  });

  test("without a version it begins with what is there", async () => {
    await create("a");
    await create("b");
    using watching = await watch({});
    expect(brief(await watching.first(2)).toSorted()).toEqual(["ADDED a", "ADDED b"]);
    await create("c");
    expect(brief(await watching.first(3)).at(-1)).toBe("ADDED c");
  });

  test("to a selector, what stops matching is deleted, what begins to match is new", async () => {
    const resourceVersion = await revision();
    using watching = await watch({ resourceVersion, labelSelector: "status=pending" });
    await create("other", { status: "executed" });
    await create("a", { status: "pending" });
    const left = await patch("a", { metadata: { labels: { status: "processing" } } });
    await patch("a", { metadata: { labels: { step: "2" } } });
    await patch("a", { metadata: { labels: { status: "pending" } } });
    await remove("a");
    const seen = await watching.first(4);
    expect(brief(seen)).toEqual(["ADDED a", "DELETED a", "ADDED a", "DELETED a"]);
    expect(seen[1]?.version).toBe(left.metadata?.resourceVersion);
  });

  test("other namespaces are not seen", async () => {
    const resourceVersion = await revision();
    using watching = await watch({ resourceVersion });
    const other = await newNamespace();
    const body = { metadata: { name: "other" } };
    await core().createNamespacedConfigMap({ namespace: other, body });
    await create("own");
    expect(brief(await watching.first(1))).toEqual(["ADDED own"]);
  });

  test("a write that changes nothing is no event, nor is a dry run", async () => {
    await create("a");
    const resourceVersion = await revision();
    using watching = await watch({ resourceVersion });
    await patch("a", {});
    await core().deleteNamespacedConfigMap({ namespace, name: "a", dryRun: "All" });
    await create("b");
    expect(brief(await watching.first(1))).toEqual(["ADDED b"]);
  });

  test("it ends when its time is up", async () => {
    const resourceVersion = await revision();
    using watching = await watch({ resourceVersion, timeoutSeconds: "1" });
    await create("a");
    expect(brief(await watching.end())).toEqual(["ADDED a"]);
  });

  test("an informer sees what is there and what comes", async () => {
    await create("a");
    const informer = makeInformer(
      server().config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core().listNamespacedConfigMap({ namespace }),
    );
    const events: string[] = [];
    const changed = new EventEmitter();
    for (const type of ["add", "update", "delete"] as const) {
      informer.on(type, (object: V1ConfigMap | V1Status) => {
        events.push(`${type} ${(object as V1ConfigMap).metadata?.name ?? ""}`);
        changed.emit("change");
      });
    }
    await informer.start();
    try {
      await create("b");
      await patch("b", { data: { n: "1" } });
      await remove("a");
      while (events.length < 4) await once(changed, "change");
      expect(events).toEqual(["add a", "add b", "update b", "delete a"]);
    } finally {
      await informer.stop();
    }
  });
}
