/** The local Kubernetes API as a process of its own, to be killed: `node … FILE`. */
import { startLocalKubernetesApi } from "../../../infra/local/cluster/kubernetes-api/server.ts";

/** For a kubeconfig that leads there. */
export const TOKEN = "of-a-test";

if (import.meta.main) {
  const server = await startLocalKubernetesApi({ file: process.argv[2] ?? "", token: TOKEN });
  process.stdout.write(`${server.url}\n`);
}
