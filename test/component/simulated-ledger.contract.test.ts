/** What the ledger asks of the Kubernetes API, of the simulated one and of a real one: the same cases. */
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, type KubernetesObject } from "@kubernetes/client-node";
import { connectLedger, type LedgerApi } from "../../functions/platform/ledger/configmap-ledger.ts";
import type { ConfigMap } from "../../functions/platform/ledger/configmap-record.ts";
import type { ApiCall } from "../../functions/platform/ledger/kubernetes-api.ts";
import type { WatchEvent } from "../../functions/platform/ledger/kubernetes-watch.ts";
import { alone } from "../simulate/alone.ts";
import { makeApiServer } from "../simulate/api-server.ts";
import { startKubeApiserver } from "../support/servers/kube-apiserver.ts";

interface LedgerServer extends AsyncDisposable {
  readonly namespace: string;
  run<T>(work: (api: LedgerApi) => Promise<T>): Promise<T>;
  /** Pages that were begun before cannot be gone on with. */
  expirePages(): Promise<void>;
  /** Takes no new ConfigMap from then on. */
  fill(): Promise<void>;
  /** Has no room for some of the calls that come at once; each is made without another try. */
  crowded<T>(work: (api: LedgerApi) => Promise<T>): Promise<T>;
}

async function startSimulated(): Promise<LedgerServer> {
  const { run, happening, ...world } = alone();
  let isFull = false;
  const { api } = makeApiServer({ ...world, onChange: () => undefined, isFull: () => isFull });
  return await Promise.resolve({
    namespace: "statements",
    run: (work) => run(() => work(api)),
    expirePages: async () => await Promise.resolve(void happening.add("page expired")),
    fill: async () => await Promise.resolve(void (isFull = true)),
    async crowded(work) {
      happening.add("refused");
      return await run(() => work(api));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function startReal(): Promise<LedgerServer> {
  const server = await startKubeApiserver();
  const { etcd } = server;
  const namespace = await server.createNamespace();
  // No administrator, whom nothing makes wait.
  await server.apply(holderOfAllConfigMaps(namespace));
  const kubeconfig = await server.serviceAccountKubeconfig(namespace, HOLDER);
  const api = connectLedger({ kubeconfig });
  const post = async (path: string, body: object): Promise<unknown> =>
    await (
      await fetch(`${etcd.url}${path}`, { method: "POST", body: JSON.stringify(body) })
    ).json();
  return {
    namespace,
    run: (work) => work(api),
    async expirePages() {
      const { header } = (await post("/v3/kv/range", { key: btoa("none") })) as {
        readonly header: { readonly revision: string };
      };
      // By this key API servers tell each other what is compacted, and drop older pages from their memory.
      const told = { key: btoa("compact_rev_key"), value: btoa(header.revision) };
      await post("/v3/kv/put", told);
      await post("/v3/kv/compaction", { revision: header.revision, physical: true });
    },
    async fill() {
      const core = server.config().makeApiClient(CoreV1Api);
      const metadata = { name: "full", namespace };
      const hard = { "count/configmaps": "0" };
      const manifests: Manifests = [
        { apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard } },
      ];
      await server.apply(manifests);
      const quota = await core.readNamespacedResourceQuota(metadata);
      // As the controller does, which is not there.
      quota.status = { hard, used: hard };
      await core.replaceNamespacedResourceQuotaStatus({ ...metadata, body: quota });
    },
    async crowded(work) {
      await server.apply(almostWithoutRoom(namespace));
      return await work(connectLedger({ kubeconfig, tries: 1 }));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

type Manifests = readonly (KubernetesObject & Readonly<Record<string, unknown>>)[];
const HOLDER = "holder";

function holderOfAllConfigMaps(namespace: string): Manifests {
  const metadata = { name: HOLDER, namespace };
  const apiGroup = "rbac.authorization.k8s.io";
  const apiVersion = `${apiGroup}/v1`;
  const subjects = [{ kind: "ServiceAccount", ...metadata }];
  const roleRef = { apiGroup, kind: "Role", name: HOLDER };
  const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }];
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion, kind: "Role", metadata, rules },
    { apiVersion, kind: "RoleBinding", metadata, subjects, roleRef },
  ];
}

/** Of the API server's priority and fairness: no seat of the holder's own, so one call at a time has room. */
function almostWithoutRoom(namespace: string): Manifests {
  const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
  const metadata = { name: "closed" };
  const limited = {
    nominalConcurrencyShares: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: "Reject" },
  };
  const subjects = [{ kind: "ServiceAccount", serviceAccount: { name: HOLDER, namespace } }];
  const calls = {
    verbs: ["*"],
    apiGroups: ["*"],
    resources: ["*"],
    namespaces: ["*"],
  };
  const rules = [{ subjects, resourceRules: [calls] }];
  const schema = { matchingPrecedence: 2, priorityLevelConfiguration: metadata, rules };
  return [
    {
      apiVersion,
      kind: "PriorityLevelConfiguration",
      metadata,
      spec: { type: "Limited", limited },
    },
    { apiVersion, kind: "FlowSchema", metadata, spec: schema },
  ];
}

describe.each([
  ["the simulation", startSimulated],
  ["kube-apiserver", startReal],
])("the ledger's calls, answered by %s", (_, start) => {
  let server: LedgerServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  const ask = async (
    method: ApiCall["method"],
    name: string | undefined,
    more: Pick<ApiCall, "body" | "query"> = {},
  ): Promise<ConfigMap & { readonly refused?: string; readonly continue?: string | undefined }> => {
    const collection = ["api", "v1", "namespaces", server.namespace, "configmaps"];
    const path = name === undefined ? collection : [...collection, name];
    const result = await server.run((api) => api.call<ConfigMap>({ method, path, ...more }));
    if ("value" in result) return result.value;
    const { status, reason, continue: token } = result.refusal;
    return { refused: `${status} ${reason}`, continue: token };
  };
  const create = async (name: string, more: ConfigMap = {}): Promise<ConfigMap> =>
    await ask("POST", undefined, {
      body: { data: { a: "1" }, ...more, metadata: { name, ...more.metadata } },
    });
  const of = ({ metadata }: ConfigMap, more: ConfigMap = {}): Pick<ApiCall, "body"> => ({
    body: { data: { a: "2" }, ...more, metadata: { ...metadata, ...more.metadata } },
  });

  it("creates a name once", async () => {
    expect(await create("once")).toMatchObject({ metadata: { name: "once" }, data: { a: "1" } });
    expect(await create("once")).toMatchObject({ refused: "409 AlreadyExists" });
  });

  it("replaces the version that was read, and no other", async () => {
    const first = await create("cas");
    const second = await ask("PUT", "cas", of(first));
    expect(second.data).toEqual({ a: "2" });
    expect(second.metadata?.uid).toBe(first.metadata?.uid);
    expect(second.metadata?.resourceVersion).not.toBe(first.metadata?.resourceVersion);
    expect(await ask("PUT", "cas", of(first))).toMatchObject({ refused: "409 Conflict" });
    expect((await ask("GET", "cas")).metadata).toMatchObject({
      resourceVersion: second.metadata?.resourceVersion,
    });
  });

  it("does nothing of what it has no room for, and says so", async () => {
    const names = Array.from({ length: 16 }, (_, number) => `busy-${number}`);
    for (const name of names) await create(name);
    const collection = ["api", "v1", "namespaces", server.namespace, "configmaps"];
    for (;;) {
      const before: ConfigMap[] = [];
      for (const name of names) before.push(await ask("GET", name));
      const ends = await server.crowded((api) =>
        Promise.allSettled(
          before.map(({ data, metadata }) =>
            api.call({
              method: "PUT",
              path: [...collection, metadata?.name ?? ""],
              body: { data: { a: `${data?.["a"] ?? ""}+` }, metadata },
            }),
          ),
        ),
      );
      for (const [number, end] of ends.entries()) {
        const { metadata } = await ask("GET", names[number]);
        const isSame = metadata?.resourceVersion === before[number]?.metadata?.resourceVersion;
        expect(isSame).toBe(end.status === "rejected");
      }
      const refused = ends.filter((end) => end.status === "rejected");
      for (const { reason } of refused) expect(String(reason)).toMatch(/answer: HTTP (429|500) /);
      // A server takes a while until it knows who has no room.
      if (refused.length > 0) break;
    }
  }, 120_000);

  it("does not find what is not there", async () => {
    const refused = "404 NotFound";
    const ghost = { metadata: { name: "ghost", uid: "u", resourceVersion: "1" } };
    expect(await ask("GET", "ghost")).toMatchObject({ refused });
    expect(await ask("PUT", "ghost", of(ghost))).toMatchObject({ refused });
    expect(await ask("DELETE", "ghost", { body: {} })).toMatchObject({ refused });
  });

  it("deletes the version that was read, and no other", async () => {
    const first = await create("gone");
    const second = await ask("PUT", "gone", of(first));
    const only = ({ metadata }: ConfigMap): Pick<ApiCall, "body"> => ({
      body: {
        preconditions: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion },
      },
    });
    expect(await ask("DELETE", "gone", only(first))).toMatchObject({ refused: "409 Conflict" });
    expect(await ask("DELETE", "gone", only(second))).not.toHaveProperty("refused");
    expect(await ask("GET", "gone")).toMatchObject({ refused: "404 NotFound" });
    const third = await create("gone");
    expect(third.metadata?.uid).not.toBe(first.metadata?.uid);
    expect(await ask("PUT", "gone", of(second))).toMatchObject({ refused: "409 Conflict" });
  });

  it("keeps the data of what is immutable, and takes its labels", async () => {
    const first = await create("kept", { immutable: true });
    const same = { data: { a: "1" }, immutable: true };
    const labelled = await ask(
      "PUT",
      "kept",
      of(first, { ...same, metadata: { labels: { l: "1" } } }),
    );
    expect(labelled).toMatchObject({ metadata: { labels: { l: "1" } } });
    expect(await ask("PUT", "kept", of(labelled, { data: { a: "2" } }))).toMatchObject({
      refused: "422 Invalid",
    });
  });

  interface Page {
    readonly items: readonly ConfigMap[];
    readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  }
  const list = async (query: Readonly<Record<string, string>>) =>
    (await ask("GET", undefined, { query })) as unknown as Page & { readonly refused?: string };
  const names = ({ items }: Page): (string | undefined)[] =>
    items.map(({ metadata }) => metadata?.name);

  it("selects by labels and by name", async () => {
    for (const [name, labels] of Object.entries({
      "sel-1": { kind: "x", told: "true" },
      "sel-2": { kind: "x" },
      "sel-3": { kind: "y", told: "false" },
    }))
      await create(name, { metadata: { labels } });
    expect(names(await list({ labelSelector: "kind=x" }))).toEqual(["sel-1", "sel-2"]);
    expect(names(await list({ labelSelector: "kind in (x,y),told!=true" }))).toEqual([
      "sel-2",
      "sel-3",
    ]);
    expect(names(await list({ labelSelector: "kind=x,told=true" }))).toEqual(["sel-1"]);
    expect(names(await list({ fieldSelector: "metadata.name=sel-3" }))).toEqual(["sel-3"]);
    const behind = await list({ labelSelector: "kind in (x,y)", resourceVersion: "0" });
    expect(names(behind).length).toBeLessThanOrEqual(3);
  });

  it("lists by pages in the state of the first, and says which go on after they have expired", async () => {
    const selector = { labelSelector: "paged=yes", limit: "2" };
    const labels = { paged: "yes" };
    const stored = new Map<string, ConfigMap>();
    for (const name of ["p-1", "p-2", "p-3", "p-4", "p-5"])
      stored.set(name, await create(name, { metadata: { labels } }));
    const first = await list(selector);
    expect(names(first)).toEqual(["p-1", "p-2"]);
    await ask("DELETE", "p-3", { body: {} });
    await create("p-0", { metadata: { labels } });
    const second = await list({ ...selector, continue: first.metadata.continue ?? "" });
    expect(names(second)).toEqual(["p-3", "p-4"]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);

    await server.expirePages();
    const query = { ...selector, continue: second.metadata.continue ?? "" };
    let expired = await ask("GET", undefined, { query });
    // A server notices it within a while.
    while (expired.refused === undefined) {
      await sleep(200);
      expired = await ask("GET", undefined, { query });
    }
    expect(expired.refused).toBe("410 Expired");
    const { continue: token = "" } = expired;
    await create("p-6", { metadata: { labels } });
    const rest = await list({ ...selector, continue: token });
    expect(names(rest)[0]).toBe("p-5");
  });

  it("tells a watch what has changed since its version, and what has left the selection", async () => {
    const { metadata } = await list({ labelSelector: "seen=yes" });
    const first = await create("w", { metadata: { labels: { seen: "yes" } } });
    const second = await ask("PUT", "w", of(first));
    await ask("PUT", "w", of(second, { metadata: { labels: { seen: "no" } } }));
    const seen: string[] = [];
    const over = new AbortController();
    const onEvent = ({ type, object }: WatchEvent): void => {
      seen.push(`${type} ${(object as ConfigMap).data?.["a"] ?? ""}`);
      if (seen.length === 3) over.abort(new Error("seen enough"));
    };
    const path = ["api", "v1", "namespaces", server.namespace, "configmaps"];
    const query = {
      watch: "true",
      labelSelector: "seen=yes",
      resourceVersion: metadata.resourceVersion,
    };
    const watched = server.run((api) => api.watch({ path, query }, onEvent, over.signal));
    await expect(watched).rejects.toThrow("seen enough");
    expect(seen).toEqual(["ADDED 1", "MODIFIED 2", "DELETED 2"]);
  });

  it("creates nothing while its quota is full, says the same of what is there, and takes changes", async () => {
    const first = await create("before-full");
    await server.fill();
    let refused: string | undefined;
    // A server sees a change of the quota a moment later.
    for (let number = 0; refused === undefined; number++) {
      const created = (await create(`full-${number}`)) as { readonly refused?: string };
      ({ refused } = created);
      await sleep(50);
    }
    expect(refused).toBe("403 Forbidden");
    expect(await create("before-full")).toMatchObject({ refused: "403 Forbidden" });
    expect(await ask("PUT", "before-full", of(first))).toMatchObject({ data: { a: "2" } });
  });
});
