/** What a cluster must have before anything is installed; what is missing is said with the next step. */
import { kubectl, KubectlError, liveObjects, type ClusterObject } from "./kubectl.ts";

export class NotReadyForUs extends Error {
  override readonly name = "NotReadyForUs";
}

/** The resource each part of Knative brings, and since when. */
const NEEDED = [
  { part: "Knative Serving", resource: "services.serving.knative.dev" },
  { part: "Knative Eventing", resource: "triggers.eventing.knative.dev" },
  { part: "Knative Eventing 1.15 or newer", resource: "jobsinks.sinks.knative.dev" },
] as const;

const HOW_TO_GET_A_CLUSTER = `A cluster on this machine, in three commands (kind, kubectl and kn with its quickstart plugin:
https://knative.dev/docs/getting-started/quickstart-install/):
  kn quickstart kind
  make images && for image in dist/images/*.tar; do kind load image-archive "$image" --name knative; done
  make deploy`;

/** @throws NotReadyForUs with everything that is missing. */
export async function requireKnative(): Promise<void> {
  await requireCluster();
  const lacking = NEEDED.map(async ({ part, resource }) =>
    (await hasResource(resource)) ? [] : [`${part} (no ${resource})`],
  );
  const missing = (await Promise.all(lacking)).flat();
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
  const lacking = [...versions].map(async ([version, all]) => {
    const served = await servedKinds(version);
    const kinds = [...new Set(all.map(({ kind }) => kind))];
    return kinds.flatMap((kind) => (served.has(kind) ? [] : [`${kind} (${version})`]));
  });
  const missing = (await Promise.all(lacking)).flat();
  if (missing.length === 0) return;
  throw new NotReadyForUs(
    `the cluster does not know\n  ${missing.join("\n  ")}\n` +
      "Nothing was applied. Install what brings them, or leave out the component that asks for them: " +
      "infra/README.md has what each one needs.",
  );
}

/** By kind, the name of its resource; empty for a version that the cluster does not serve. */
export async function servedKinds(apiVersion: string): Promise<ReadonlyMap<string, string>> {
  const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  try {
    const list = JSON.parse(await kubectl(["get", "--raw", path])) as {
      readonly resources: readonly { readonly kind: string; readonly name: string }[];
    };
    const whole = list.resources.filter(({ name }) => !name.includes("/"));
    return new Map(whole.map(({ kind, name }) => [kind, name]));
  } catch (error) {
    if (error instanceof KubectlError && error.stderr.includes("NotFound")) return new Map();
    throw error;
  }
}

/**
 * EventPolicies are refused, and audiences mean nothing, where Knative's switch for tokens is off. Who may not look
 * goes on.
 * @throws NotReadyForUs
 */
export async function requireFeatures(objects: readonly ClusterObject[]): Promise<void> {
  if (!objects.some(({ kind }) => kind === "EventPolicy")) return;
  const get = ["get", "configmap", "config-features", "-n", "knative-eventing"];
  const json = await kubectl([...get, "--ignore-not-found", "-o", "json"]).catch(() => undefined);
  if (json === undefined) return;
  const { data } = JSON.parse(json || "{}") as { readonly data?: Readonly<Record<string, string>> };
  if (data?.[OIDC_FEATURE]?.toLowerCase() === "enabled") return;
  throw new NotReadyForUs(
    `EventPolicies need Knative's feature ${OIDC_FEATURE}, which is ${data?.[OIDC_FEATURE] ?? "not set"}. Nothing was applied.\n` +
      "Leave out the component oidc, or enable it:\n" +
      `  kubectl patch configmap config-features -n knative-eventing --type=merge -p '{"data":{"${OIDC_FEATURE}":"enabled"}}'`,
  );
}

const OIDC_FEATURE = "authentication-oidc";

/**
 * @throws NotReadyForUs when a Broker is there and of another class, or of one that the overlay named and names no
 * more, which applying it would take away: neither can be changed
 */
export async function requireBrokerClass(objects: readonly ClusterObject[]): Promise<void> {
  for (const broker of objects.filter(({ kind }) => kind === "Broker")) {
    const wanted = brokerClassOf(broker);
    const [live] = await liveObjects(JSON.stringify(broker));
    // What the webhook filled in stays where no class is named.
    const there = live && brokerClassOf(wanted === undefined ? lastApplied(live) : live);
    if (there === undefined || wanted === there) continue;
    const { name, namespace = "" } = broker.metadata;
    const [change, todo] =
      wanted === undefined
        ? [
            "the overlay no longer names it",
            "Keep the component that names it, or delete the Broker",
          ]
        : [`is to be ${wanted}`, "Delete it"];
    throw new NotReadyForUs(
      `Broker ${name} is of the class ${there}, and ${change}: that can never be changed. Nothing was applied.\n` +
        `${todo} first; the ledger repeats what it held, but outcomes in it are lost:\n` +
        `  kubectl delete broker ${name} -n ${namespace}`,
    );
  }
}

/** What `kubectl apply` takes away where it is not written any more; of one that others have made, nothing. */
function lastApplied({ metadata }: ClusterObject): ClusterObject {
  const annotations = (metadata["annotations"] ?? {}) as Readonly<Record<string, string>>;
  const applied = annotations["kubectl.kubernetes.io/last-applied-configuration"];
  return JSON.parse(applied ?? '{"metadata":{}}') as ClusterObject;
}

/** Undefined until Knative's webhook has filled it in. */
export function brokerClassOf({ metadata }: ClusterObject): string | undefined {
  const annotations = (metadata["annotations"] ?? {}) as Readonly<Record<string, string>>;
  return annotations["eventing.knative.dev/broker.class"];
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
    const none = `Knative's ${name} does not run (kubectl get pods -n ${namespace}). Nothing was applied.`;
    await kubectl(wait).catch((cause: unknown) => {
      throw new NotReadyForUs(none, { cause });
    });
    // One without replicas is rolled out, too.
    const running = [...get.slice(0, -1), "jsonpath={.status.availableReplicas}"];
    if ((await kubectl(running)).trim() === "") throw new NotReadyForUs(none);
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
