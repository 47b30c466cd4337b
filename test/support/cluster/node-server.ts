/** The cluster of KUBECONFIG, for what is asked of an API server byte for byte. */
import { KubeConfig } from "@kubernetes/client-node";
import { kubectl } from "../../../infra/kubernetes/deploy/kubectl.ts";
import type { Target } from "./server-dry-run.ts";

/** @throws Error for a cluster with a real Knative, whose definitions tests would replace */
export async function nodeServer(): Promise<Target> {
  const args = ["get", "namespace", "knative-serving", "--ignore-not-found", "-o", "name"];
  if ((await kubectl(args)) !== "")
    throw new Error("this cluster has a real Knative: `make e2e` is for that");
  const text = await kubectl(["config", "view", "--raw", "--minify", "--flatten"]);
  const config = () => {
    const loaded = new KubeConfig();
    loaded.loadFromString(text);
    return loaded;
  };
  return { url: config().getCurrentCluster()?.server ?? "", config };
}
