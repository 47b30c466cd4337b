/** What a cluster must have before anything is installed; what is missing is said with the next step. */
import { kubectl, KubectlError } from "./kubectl.ts";

export class NotReadyForUs extends Error {
  override readonly name = "NotReadyForUs";
}

/** The resource each part of Knative brings, and since when. */
const NEEDED = [
  { part: "Knative Serving", resource: "services.serving.knative.dev" },
  { part: "Knative Eventing", resource: "triggers.eventing.knative.dev" },
  { part: "Knative Eventing 1.15 or newer", resource: "jobsinks.sinks.knative.dev" },
] as const;

export const HOW_TO_GET_A_CLUSTER = `A cluster on this machine, in three commands (kind, kubectl and kn with its quickstart plugin:
https://knative.dev/docs/getting-started/quickstart-install/):
  kn quickstart kind
  make images && for image in dist/images/*.tar; do kind load image-archive "$image" --name knative; done
  make deploy`;

/** @throws NotReadyForUs with everything that is missing. */
export async function requireKnative(): Promise<void> {
  await requireCluster();
  const missing: string[] = [];
  for (const { part, resource } of NEEDED) {
    if (!(await hasResource(resource))) missing.push(`${part} (no ${resource})`);
  }
  if (missing.length > 0) {
    const cluster = (await kubectl(["config", "current-context"])).trim();
    throw new NotReadyForUs(
      `the cluster of context ${cluster} lacks\n  ${missing.join("\n  ")}\n` +
        `Install it (https://knative.dev/docs/install/), or take another cluster.\n` +
        HOW_TO_GET_A_CLUSTER,
    );
  }
}

async function requireCluster(): Promise<void> {
  try {
    await kubectl(["get", "--raw", "/version", "--request-timeout=10s"]);
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    const [reason = ""] = error.stderr.trim().split("\n").slice(-1);
    const from = process.env["KUBECONFIG"] ?? "~/.kube/config, as KUBECONFIG is not set";
    throw new NotReadyForUs(
      `no cluster answers (${from}): ${reason}\n` +
        `Set KUBECONFIG to a cluster with Knative.\n${HOW_TO_GET_A_CLUSTER}`,
      { cause: error },
    );
  }
}

async function hasResource(resource: string): Promise<boolean> {
  const path = `customresourcedefinitions.apiextensions.k8s.io/${resource}`;
  return (await kubectl(["get", path, "--ignore-not-found", "-o", "name"])).trim() !== "";
}
