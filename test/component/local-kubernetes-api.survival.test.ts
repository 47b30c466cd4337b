import { ApiException, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startLocalKubernetesApi,
  type LocalKubernetesApi,
} from "../../infra/local/cluster/kubernetes-api/server.ts";
import { edited, raw, refusalOf } from "../support/configmap-contract/configmap-bench.ts";
import { TOKEN } from "../support/servers/local-kubernetes-api-process.ts";
import { startDoomed } from "../support/servers/doomed-process.ts";

const namespace = "default";
const CONFIG_MAPS = `/api/v1/namespaces/${namespace}/configmaps`;
let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "local-kubernetes-api-"));
  file = join(dir, "state", "ledger.jsonl");
});
afterEach(async () => await rm(dir, { recursive: true }));

function configOf(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "local", server, skipTLSVerify: true },
    { name: "local", token: TOKEN },
  );
  return config;
}
const clientOf = (server: string) => configOf(server).makeApiClient(CoreV1Api);
const createAt = (core: CoreV1Api, name: string, n = "1") =>
  core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { n } } });

/** Runs the server on the file of the test for as long as `use` takes. */
async function withServer<T>(
  use: (core: CoreV1Api, server: LocalKubernetesApi) => Promise<T>,
): Promise<T> {
  await using server = await startLocalKubernetesApi({ file, token: TOKEN });
  return await use(clientOf(server.url), server);
}

test("objects and their versions are there again after a restart, and versions go on", async () => {
  const before = await withServer(async (core) => {
    const created = await createAt(core, "a");
    await createAt(core, "gone");
    await core.deleteNamespacedConfigMap({ namespace, name: "gone" });
    const body = edited(created, { data: { n: "2" }, immutable: true });
    return await core.replaceNamespacedConfigMap({ namespace, name: "a", body });
  });
  await withServer(async (core) => {
    const list = await core.listNamespacedConfigMap({ namespace });
    expect(list.items).toHaveLength(1);
    expect(await core.readNamespacedConfigMap({ namespace, name: "a" })).toEqual(before);
    const version = Number(before.metadata?.resourceVersion);
    expect(Number(list.metadata?.resourceVersion)).toBe(version);
    const next = await createAt(core, "b");
    expect(Number(next.metadata?.resourceVersion)).toBe(version + 1);
  });
});

test("a version used for a deletion is not given again after a restart", async () => {
  const last = await withServer(async (core) => {
    await createAt(core, "a");
    await core.deleteNamespacedConfigMap({ namespace, name: "a" });
    return (await core.listNamespacedConfigMap({ namespace })).metadata?.resourceVersion;
  });
  for (let restarts = 0; restarts < 2; restarts++) {
    const again = await withServer((core) => core.listNamespacedConfigMap({ namespace }));
    expect(again.metadata?.resourceVersion).toBe(last);
  }
});

test("after a kill every answered write is there", async () => {
  const answered = new Map<string, string>();
  {
    await using doomed = await startDoomed("local-kubernetes-api-process.ts", file);
    const core = clientOf(doomed.firstLine);
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      const name = `writer-${writer}`;
      let current = await createAt(core, name, "0");
      for (let n = 1; ; n++) {
        const body = edited(current, { data: { n: String(n) } });
        current = await core.replaceNamespacedConfigMap({ namespace, name, body });
        answered.set(name, String(n));
        if (n === 50) await doomed.kill();
      }
    });
    const endings = await Promise.allSettled(writers);
    expect(endings.every(({ status }) => status === "rejected")).toBe(true);
  }
  await withServer(async (core) => {
    const { items } = await core.listNamespacedConfigMap({ namespace });
    expect(items).toHaveLength(4);
    for (const { metadata, data } of items) {
      const least = Number(answered.get(metadata?.name ?? ""));
      expect(Number(data?.["n"])).toBeGreaterThanOrEqual(least);
      // At most the one write that was not answered came after it.
      expect(Number(data?.["n"])).toBeLessThanOrEqual(least + 1);
    }
  });
});

test("half a line at the end was never answered for, a damaged line is named", async () => {
  await withServer((core) => createAt(core, "a"));
  await appendFile(file, '{"put":{"kind":"ConfigMap","apiVer');
  const names = await withServer(async (core) => {
    const { items } = await core.listNamespacedConfigMap({ namespace });
    return items.map(({ metadata }) => metadata?.name);
  });
  expect(names).toEqual(["a"]);
  const lines = (await readFile(file, "utf8")).split("\n");
  await writeFile(file, lines.with(1, "{oops").join("\n"));
  await expect(startLocalKubernetesApi({ file })).rejects.toThrow(`${file}, line 2`);
});

test("the file is made small again at the next start", async () => {
  await withServer(async (core) => {
    let current = await createAt(core, "a", "0");
    for (let n = 1; n <= 100; n++) {
      const body = edited(current, { data: { n: String(n) } });
      current = await core.replaceNamespacedConfigMap({ namespace, name: "a", body });
    }
  });
  const { size: grown } = await stat(file);
  await withServer(() => Promise.resolve());
  const { size: compact } = await stat(file);
  expect(compact).toBeLessThan(grown / 10);
});

test("what lies before the restart is too old for a watch and for a page", async () => {
  const { old, token } = await withServer(async (core) => {
    for (const name of ["a", "b", "c"]) await createAt(core, name);
    const page = await core.listNamespacedConfigMap({ namespace, limit: 1 });
    return { old: "1", token: page.metadata?._continue ?? "" };
  });
  await withServer(async (core, { url }) => {
    const { text } = await raw(
      configOf(url),
      "GET",
      `${CONFIG_MAPS}?watch=1&resourceVersion=${old}`,
    );
    expect(JSON.parse(text)).toMatchObject({
      type: "ERROR",
      object: { kind: "Status", code: 410, reason: "Expired" },
    });
    const listing = core.listNamespacedConfigMap({ namespace, limit: 1, _continue: token });
    const error: unknown = await listing.catch((reason: unknown) => reason);
    if (!(error instanceof ApiException)) throw new Error("the page was not refused");
    const body: unknown = error.body;
    const status = (typeof body === "string" ? JSON.parse(body) : body) as {
      metadata: { continue: string };
    };
    expect(status).toMatchObject({ code: 410, reason: "Expired" });
    // The token of the refusal goes on behind the last name seen, in the state of now.
    const { continue: _continue } = status.metadata;
    await createAt(core, "a-late");
    const rest = await core.listNamespacedConfigMap({ namespace, _continue });
    expect(rest.items.map(({ metadata }) => metadata?.name)).toEqual(["a-late", "b", "c"]);
  });
});

test("what it cannot keep its promise on is refused", async () => {
  await withServer(async (core, { url }) => {
    const body = { metadata: { name: "a", finalizers: ["example.com/wait"] } };
    const finalized = core.createNamespacedConfigMap({ namespace, body });
    expect(await refusalOf(finalized)).toEqual({ code: 501, reason: "NotImplemented" });
    const collection = core.deleteCollectionNamespacedConfigMap({ namespace });
    expect(await refusalOf(collection)).toMatchObject({ code: 405 });
    expect(await refusalOf(core.deleteNamespace({ name: namespace }))).toMatchObject({ code: 405 });
    const streamed = await raw(
      configOf(url),
      "GET",
      `${CONFIG_MAPS}?watch=1&sendInitialEvents=true`,
    );
    expect(streamed.status).toBe(422);
    const directive = JSON.stringify({ data: { $patch: "replace" } });
    const type = { "content-type": "application/strategic-merge-patch+json" };
    await createAt(core, "a");
    const patched = await raw(configOf(url), "PATCH", `${CONFIG_MAPS}/a`, type, directive);
    expect(patched.status).toBe(501);
    expect((await core.readNamespacedConfigMap({ namespace, name: "a" })).data).toEqual({ n: "1" });
  });
});

test("a taken port is an error, and the file is free again", async () => {
  await withServer(async (_core, { url }) => {
    const port = Number(new URL(url).port);
    const other = join(dir, "other.jsonl");
    const starting = startLocalKubernetesApi({ file: other, port });
    await expect(starting).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

test("the kubeconfig leads to the server", async () => {
  await withServer(async (_core, server) => {
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig());
    const { items } = await config.makeApiClient(CoreV1Api).listNamespace();
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(["default", "kube-system"]);
  });
});
