/** The ledger on a Kubernetes API of a test's own: the local one, in this process, in memory. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig, type V1ConfigMap } from "@kubernetes/client-node";
import { startLocalKubernetesApi } from "../../../infra/local/cluster/kubernetes-api/server.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../../functions/platform/ledger/configmap-ledger.ts";

const NAMESPACE = "transaction-requests";

export interface LocalLedger extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly namespace: string;
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Everything that is there but the indexes of events, as Kubernetes shows it. */
  configMaps(): Promise<readonly V1ConfigMap[]>;
  indexes(): Promise<readonly V1ConfigMap[]>;
  readonly core: CoreV1Api;
}

export async function startLocalLedger(): Promise<LocalLedger> {
  await using opened = new AsyncDisposableStack();
  const api = opened.use(await startLocalKubernetesApi());
  const folder = await mkdtemp(join(tmpdir(), "local-ledger-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, api.kubeconfig());
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  const all = async () => (await core.listNamespacedConfigMap({ namespace: NAMESPACE })).items;
  const isIndex = ({ metadata }: V1ConfigMap) =>
    metadata?.labels?.["app.kubernetes.io/component"] === "event-index";
  const resources = opened.move();
  return {
    ledger: makeConfigMapLedger({ namespace: NAMESPACE, kubeconfig }),
    namespace: NAMESPACE,
    kubeconfig,
    core,
    configMaps: async () => (await all()).filter((one) => !isIndex(one)),
    indexes: async () => (await all()).filter(isIndex),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
