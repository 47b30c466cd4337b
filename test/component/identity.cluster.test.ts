import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import {
  clusterDocuments,
  isClusterName,
} from "../../functions/platform/identity/cluster-issuer.ts";
import type { EventHandler } from "../../functions/platform/server/event-handler.ts";
import { serviceAccount } from "../../functions/platform/identity/service-account.ts";
import { sendersOf } from "../../functions/platform/server/senders.ts";
import {
  makeTestLog,
  postStructured,
  startEventServer,
  type TestEventServer,
} from "../support/functions/event-server.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";

const ISSUER = "https://kubernetes.default.svc";
const AUDIENCE = "statement-builder.statements";
const EVENT = { specversion: "1.0", id: "1", source: "/bank", type: "tested" };

let opened: AsyncDisposableStack;
let kube: KubeApiserver;
/** As Kubernetes mounts it into a pod. */
let account: string;
let server: TestEventServer;
let senders: (string | undefined)[] = [];

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  kube = opened.use(await startKubeApiserver());
  for (const namespace of ["statements", "elsewhere"]) {
    await kube.createNamespace(namespace);
    await kube.apply([
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sender", namespace } },
    ]);
  }
  account = await mkdtemp(join(tmpdir(), "service-account-"));
  opened.defer(() => rm(account, { recursive: true }));
  const ca = kube.config().getCurrentCluster()?.caData ?? "";
  await writeFile(join(account, "ca.crt"), Buffer.from(ca, "base64"));
  await writeFile(join(account, "token"), await tokenOf("statements", []));
  server = opened.use(await startServer(account));
});
afterAll(async () => await opened.disposeAsync());
beforeEach(() => {
  senders = [];
});

async function startServer(folder: string): Promise<TestEventServer> {
  const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(kube.port) };
  const config = {
    OIDC_ISSUER: ISSUER,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_ALLOWED_SUBJECTS: ["system:serviceaccount:statements:*"],
  };
  const handle: EventHandler = (_event, { sender }) => {
    senders.push(sender);
    return Promise.resolve({ kind: "accepted" });
  };
  return await startEventServer({
    routes: { "/": { handle } },
    senders: sendersOf(config, makeTestLog().log, () =>
      clusterDocuments(serviceAccount(env, folder)),
    ),
  });
}

async function tokenOf(namespace: string, audiences: string[] = [AUDIENCE]): Promise<string> {
  const api = kube.config().makeApiClient(CoreV1Api);
  const body = { spec: { audiences, expirationSeconds: 600 } };
  const answer = await api.createNamespacedServiceAccountToken({ name: "sender", namespace, body });
  return answer.status?.token ?? "";
}

const send = async (token: string, { url } = server) =>
  await postStructured(url, EVENT, { authorization: `Bearer ${token}` });

it("a token of this cluster for this audience is its sender's name", async () => {
  expect(await send(await tokenOf("statements"))).toMatchObject({ status: 202 });
  expect(senders).toEqual(["system:serviceaccount:statements:sender"]);
});

it("a token for another audience, such as the API server itself, is none", async () => {
  for (const audiences of [["another"], []])
    expect(await send(await tokenOf("statements", audiences))).toMatchObject({
      status: 401,
      body: { error: "token_invalid" },
    });
  expect(senders).toEqual([]);
});

it("an account of another namespace may not send", async () => {
  expect(await send(await tokenOf("elsewhere"))).toMatchObject({
    status: 403,
    body: { error: "sender_not_allowed" },
  });
});

describe("a pod that cannot read the keys answers 503", () => {
  const keysUnavailable = { status: 503, body: { error: "keys_unavailable" } };

  it("without a token of its own, or with another cluster's CA; and goes on once it can", async () => {
    const token = await tokenOf("statements");
    const folder = await mkdtemp(join(tmpdir(), "service-account-"));
    await using starting = await startServer(folder);
    expect(await send(token, starting)).toMatchObject(keysUnavailable);
    await writeFile(join(folder, "token"), "nobody");
    const ca = Buffer.from(kube.config().getCurrentCluster()?.caData ?? "", "base64");
    await writeFile(join(folder, "ca.crt"), ca);
    expect(await send(token, starting)).toMatchObject(keysUnavailable);
    await writeFile(join(folder, "token"), await tokenOf("statements", []));
    await writeFile(join(folder, "ca.crt"), "");
    expect(await send(token, starting)).toMatchObject(keysUnavailable);
    await writeFile(join(folder, "ca.crt"), ca);
    expect(await send(token, starting)).toMatchObject({ status: 202 });
    await rm(folder, { recursive: true });
  });

  it("while the API server is away, unless it has them already", async () => {
    const token = await tokenOf("statements");
    await using starting = await startServer(account);
    await kube.stop();
    try {
      expect(await send(token, starting)).toMatchObject(keysUnavailable);
      expect(await send(token)).toMatchObject({ status: 202 });
    } finally {
      await kube.start();
    }
    expect(await send(token, starting)).toMatchObject({ status: 202 });
  });
});

it.each([
  ["https://kubernetes.default.svc", true],
  ["https://kubernetes.default.svc.cluster.local", true],
  ["https://kubernetes.default.svc.example/", true],
  ["https://kubernetes.default.svcs.example", false],
  ["https://oidc.eks.eu-central-1.amazonaws.com/id/ABC", false],
])("%s names the cluster itself: %s", (issuer, expected) => {
  expect(isClusterName(issuer)).toBe(expected);
});
