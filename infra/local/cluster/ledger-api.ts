/** The Kubernetes API that holds the ledger: the local one, or the cluster of `KUBECONFIG`. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiException, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { startLocalKubernetesApi } from "./kubernetes-api/server.ts";

export interface LocalLedgerApi extends AsyncDisposable {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
}

/** Its objects are in one file of `stateDir` and are there again after a restart. */
export async function startLedgerApi(stateDir: string, port: number): Promise<LocalLedgerApi> {
  const api = await startLocalKubernetesApi({ file: join(stateDir, "kubernetes.json"), port });
  const kubeconfig = join(stateDir, "kubeconfig");
  // It holds a token; one of an earlier start may have been readable by all.
  await rm(kubeconfig, { force: true });
  await writeFile(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  return { kubeconfig, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

/**
 * The namespace and the ConfigMap that the manifests bring to a cluster.
 *
 * @throws Error with the next step when the API cannot be reached or does not allow it
 */
export async function ensureNamespace(kubeconfig: string, name: string): Promise<void> {
  try {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const core = config.makeApiClient(CoreV1Api);
    await unlessThere(core.createNamespace({ body: { metadata: { name } } }));
    const body = { metadata: { name: "records-by-source" } };
    await unlessThere(core.createNamespacedConfigMap({ namespace: name, body }));
  } catch (error) {
    const status = error instanceof ApiException ? error.code : undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `the namespace ${name} cannot be made (${status ?? reason}): check KUBECONFIG, or make ` +
        `the namespace yourself and set LEDGER_NAMESPACE to one you may write ConfigMaps in`,
      { cause: error },
    );
  }
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (!(error instanceof ApiException) || error.code !== 409) throw error;
  });
}
