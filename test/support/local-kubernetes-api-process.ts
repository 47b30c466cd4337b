/** The local Kubernetes API as a process of its own, to be killed: `node … FILE`. */
import { startLocalKubernetesApi } from "../../infra/local/cluster/kubernetes-api/server.ts";

if (import.meta.main) {
  const server = await startLocalKubernetesApi({ file: process.argv[2] ?? "" });
  process.stdout.write(`${server.url}\n`);
}
