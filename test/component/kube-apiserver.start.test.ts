import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import { isRunning } from "../support/functions/process-table.ts";

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
});
afterAll(async () => {
  const { pid } = server;
  await server[Symbol.asyncDispose]();
  expect(isRunning(pid)).toBe(false);
});

const admin = () => server.config().makeApiClient(CoreV1Api);

test("A ServiceAccount may do what its Role says, and nothing else", async () => {
  const namespace = await server.createNamespace();
  await server.apply(`
apiVersion: v1
kind: ServiceAccount
metadata: { name: creator, namespace: ${namespace} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: creator, namespace: ${namespace} }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [create] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: creator, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: creator }
subjects: [{ kind: ServiceAccount, name: creator, namespace: ${namespace} }]
`);
  const config = new KubeConfig();
  config.loadFromFile(await server.serviceAccountKubeconfig(namespace, "creator"));
  const creator = config.makeApiClient(CoreV1Api);

  const body = { metadata: { name: "made" }, data: { status: "pending" } };
  await creator.createNamespacedConfigMap({ namespace, body });
  const reading = creator.readNamespacedConfigMap({ namespace, name: "made" });
  await expect(reading).rejects.toMatchObject({ code: 403 });

  const made = await admin().readNamespacedConfigMap({ namespace, name: "made" });
  expect(made.data).toEqual({ status: "pending" });
});

test("Apply may be repeated, with objects as with text", async () => {
  const namespace = await server.createNamespace();
  const metadata = { name: "applied", namespace };
  const applied = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { n: "1" } };
  await server.apply([applied]);
  await server.apply(JSON.stringify({ ...applied, data: { n: "2" } }));
  const stored = await admin().readNamespacedConfigMap({ namespace, name: "applied" });
  expect(stored.data).toEqual({ n: "2" });
});

test("What was written survives a crash of the API server", async () => {
  const namespace = await server.createNamespace();
  await admin().createNamespacedConfigMap({ namespace, body: { metadata: { name: "kept" } } });

  const firstPid = server.pid;
  await server.kill();
  expect(isRunning(firstPid)).toBe(false);
  const asking = admin().listNamespace();
  await expect(asking).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });

  await server.start();
  const { items } = await admin().listNamespacedConfigMap({ namespace });
  expect(items.map((item) => item.metadata?.name)).toEqual(["kept"]);
});
