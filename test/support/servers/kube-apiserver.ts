/**
 * A real Kubernetes API of a test file's own: kube-apiserver over etcd, with RBAC on.
 *
 * There are no controllers behind it: namespaces never finish deleting, nothing is collected, and
 * a ResourceQuota refuses everything until the test has written its `status.hard`.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  loadAllYaml,
  PatchStrategy,
  type KubernetesObject,
} from "@kubernetes/client-node";
import { startServer, type Server } from "../../../infra/local/programs/server-process.ts";
import { startEtcd } from "./etcd.ts";
import { kubeApiserver } from "../programs/kube-programs.ts";

/** A restart keeps its data; etcd keeps running through `stop` and `kill`. */
export interface KubeApiserver extends Server {
  /** `https://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string;
  /** Path of a kubeconfig with every right. */
  readonly kubeconfig: string;
  readonly etcd: { readonly url: string; readonly pid: number };
  /** A client with every right. */
  config(): KubeConfig;
  /** A new namespace; its name is made up when none is given. */
  createNamespace(name?: string): Promise<string>;
  /** Server-side apply, in the order given; takes YAML of one or more documents, or objects. */
  apply(manifests: string | readonly KubernetesObject[]): Promise<void>;
  /**
   * Path of a kubeconfig that speaks as this ServiceAccount, with a token of the TokenRequest API;
   * `server` in place of the API server's own address, for a proxy in front of it.
   */
  serviceAccountKubeconfig(namespace: string, name: string, server?: string): Promise<string>;
}

export async function startKubeApiserver(): Promise<KubeApiserver> {
  const command = await kubeApiserver();
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kube-apiserver-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const etcd = opened.use(await startEtcd(folder));
  const adminToken = randomUUID();
  await writeIdentities(folder, adminToken);

  const commandOn = (port: number) => ({
    name: "kube-apiserver",
    command,
    args: [
      `--etcd-servers=${etcd.url}`,
      `--secure-port=${port}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      "--service-cluster-ip-range=10.0.0.0/24",
      // It makes its own certificate there, signed by a CA of its own.
      `--cert-dir=${folder}`,
      `--token-auth-file=${join(folder, "tokens.csv")}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-signing-key-file=${join(folder, "service-accounts.key")}`,
      `--service-account-key-file=${join(folder, "service-accounts.pub")}`,
    ],
    logFile: join(folder, "kube-apiserver.log"),
  });
  const readCertificates = () => readFile(join(folder, "apiserver.crt"), "utf8");
  const isReady = async (port: number) => {
    const certificates = await readCertificates().catch(() => undefined);
    return certificates !== undefined && (await answersReady(port, adminToken, certificates));
  };
  const server = opened.use(await startServer(commandOn, isReady));
  const { port } = server;

  const url = `https://127.0.0.1:${port}`;
  const certificates = await readCertificates();
  const writeKubeconfig = async (user: Identity, address = url): Promise<string> => {
    const path = join(folder, `${user.name}-${randomUUID()}.kubeconfig`);
    await writeFile(path, kubeconfigOf(user, address, certificates), { mode: 0o600 });
    return path;
  };
  const kubeconfig = await writeKubeconfig({ name: "admin", token: adminToken });
  const config = () => {
    const loaded = new KubeConfig();
    loaded.loadFromFile(kubeconfig);
    return loaded;
  };
  const closing = opened.move();
  return Object.assign(server, {
    url,
    kubeconfig,
    config,
    etcd,
    async createNamespace(name = `test-${randomUUID()}`): Promise<string> {
      await config()
        .makeApiClient(CoreV1Api)
        .createNamespace({ body: { metadata: { name } } });
      return name;
    },
    async apply(manifests: string | readonly KubernetesObject[]) {
      const api = KubernetesObjectApi.makeApiClient(config());
      for (const object of typeof manifests === "string" ? parse(manifests) : manifests) {
        await api.patch(object, undefined, undefined, "test", true, PatchStrategy.ServerSideApply);
      }
    },
    async serviceAccountKubeconfig(namespace: string, name: string, address?: string) {
      const token = await requestToken(config(), namespace, name);
      return await writeKubeconfig({ name, namespace, token }, address);
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  });
}

/** The admin's token, and the keys that sign the tokens of service accounts. */
async function writeIdentities(folder: string, adminToken: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const tokens = `${adminToken},admin,admin,"system:masters"\n`;
  await writeFile(join(folder, "tokens.csv"), tokens, { mode: 0o600 });
  const signing = privateKey.export({ type: "sec1", format: "pem" });
  await writeFile(join(folder, "service-accounts.key"), signing, { mode: 0o600 });
  const verifying = publicKey.export({ type: "spki", format: "pem" });
  await writeFile(join(folder, "service-accounts.pub"), verifying);
}

/** The certificate and the token are this server's alone: no other server can answer for it. */
function answersReady(port: number, token: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    get({ host: "127.0.0.1", port, path: "/readyz", ca, headers, agent: false }, (answer) => {
      answer.resume().on("error", () => resolve(false));
      answer.on("end", () => resolve(answer.statusCode === 200));
    }).on("error", () => resolve(false));
  });
}

interface Identity {
  readonly name: string;
  readonly token: string;
  readonly namespace?: string;
}

/** JSON is YAML. */
function kubeconfigOf({ name, token, namespace }: Identity, server: string, ca: string): string {
  const tls = server.startsWith("https:")
    ? { "certificate-authority-data": Buffer.from(ca).toString("base64") }
    : // The client sends no token in the clear unless it is told that this is meant.
      { "insecure-skip-tls-verify": true };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, ...tls } }],
    users: [{ name, user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: name, namespace } }],
    "current-context": "test",
  });
}

function parse(yaml: string): KubernetesObject[] {
  return (loadAllYaml(yaml) as (KubernetesObject | null)[]).filter((object) => object !== null);
}

async function requestToken(config: KubeConfig, namespace: string, name: string): Promise<string> {
  const answer = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    name,
    namespace,
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  });
  const token = answer.status?.token;
  if (token === undefined) throw new Error(`no token for ${namespace}/${name}`);
  return token;
}
