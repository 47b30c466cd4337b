/** What a cluster must have before anything is installed; what is missing is said with the next step. */
import { kubectl, KubectlError, type ClusterObject } from "./kubectl.ts";

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

/** @throws NotReadyForUs with every kind that the cluster does not know, before anything is applied. */
export async function requireKinds(objects: readonly ClusterObject[]): Promise<void> {
  const versions = Map.groupBy(objects, ({ apiVersion }) => apiVersion);
  const missing: string[] = [];
  for (const [version, all] of versions) {
    const known = await kindsOf(version);
    const kinds = new Set(all.map(({ kind }) => kind));
    for (const kind of kinds) if (!known.includes(kind)) missing.push(`${kind} (${version})`);
  }
  if (missing.length === 0) return;
  throw new NotReadyForUs(
    `the cluster does not know\n  ${missing.join("\n  ")}\n` +
      "Nothing was applied. Install what brings them, or leave out the component that asks for them: " +
      "infra/README.md has what each one needs.",
  );
}

async function kindsOf(version: string): Promise<readonly string[]> {
  const path = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
  try {
    const list = await kubectl(["get", "--raw", path]);
    return (JSON.parse(list) as { resources: { kind: string }[] }).resources.map(
      ({ kind }) => kind,
    );
  } catch (error) {
    if (error instanceof KubectlError && error.stderr.includes("NotFound")) return [];
    throw error;
  }
}

/** They fill in what manifests leave open, such as a Broker's class; who may not look goes on. */
const WEBHOOKS = [
  ["knative-eventing", "eventing-webhook"],
  ["knative-serving", "webhook"],
] as const;

/** @throws NotReadyForUs when one does not run after two minutes */
export async function requireWebhooks(): Promise<void> {
  for (const [namespace, name] of WEBHOOKS) {
    const get = ["get", "deployment", name, "-n", namespace, "--ignore-not-found", "-o", "name"];
    const found = await kubectl(get).catch(() => "");
    if (found.trim() === "") continue;
    const wait = ["rollout", "status", `deployment/${name}`, "-n", namespace, "--timeout=120s"];
    await kubectl(wait).catch((cause: unknown) => {
      throw new NotReadyForUs(
        `Knative's ${name} does not run (kubectl get pods -n ${namespace}). Nothing was applied.`,
        { cause },
      );
    });
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
