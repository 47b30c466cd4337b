/**
 * What an installation has in the cluster and its overlay no longer writes. Known by two labels that `make deploy`
 * puts on all it applies: `part-of`, and the installation's own. Without both, nothing is ever removed.
 */
import { kubectl, type ClusterObject } from "./kubectl.ts";
import { servedKinds } from "./preflight.ts";

const PART_OF = "app.kubernetes.io/part-of";
const PRODUCT = "transactions-collector";
/** Its value is the namespace of the functions, which no two installations share. */
const INSTALLATION = "transactions-collector.io/installation";

export interface Namespaces {
  /** Where the functions are. */
  readonly namespace: string;
  /** Where the records are. */
  readonly ledger: string;
}

/** The objects as `make deploy` applies them; a namespace is not the installation's alone. */
export function labelled(
  objects: readonly ClusterObject[],
  { namespace }: Namespaces,
): readonly ClusterObject[] {
  return objects.map((object) => {
    if (object.kind === "Namespace") return object;
    const { labels } = object.metadata;
    const ours = { [PART_OF]: PRODUCT, ...labels, [INSTALLATION]: namespace };
    return { ...object, metadata: { ...object.metadata, labels: ours } };
  });
}

/** What may be removed: nothing of it holds data, and a later deploy makes it again. */
const REMOVABLE: readonly (readonly [apiVersion: string, kind: string])[] = [
  ["eventing.knative.dev/v1", "Trigger"],
  ["eventing.knative.dev/v1alpha1", "EventPolicy"],
  ["monitoring.coreos.com/v1", "PodMonitor"],
  ["monitoring.coreos.com/v1", "PrometheusRule"],
  ["networking.k8s.io/v1", "NetworkPolicy"],
  ["policy/v1", "PodDisruptionBudget"],
  ["batch/v1", "Job"],
  ["v1", "ConfigMap"],
];

/** What is only told of, as others may rest on it. */
const TOLD: typeof REMOVABLE = [
  ["serving.knative.dev/v1", "Service"],
  ["sources.knative.dev/v1", "PingSource"],
  ["sources.knative.dev/v1", "SinkBinding"],
  ["sinks.knative.dev/v1alpha1", "JobSink"],
  ["eventing.knative.dev/v1beta3", "EventType"],
  ["apps/v1", "Deployment"],
  ["v1", "Service"],
  ["v1", "ServiceAccount"],
  ["v1", "ResourceQuota"],
  ["v1", "LimitRange"],
  ["rbac.authorization.k8s.io/v1", "Role"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding"],
];

export interface Leftovers {
  readonly removable: readonly ClusterObject[];
  readonly told: readonly ClusterObject[];
}

/** @param written what the overlay renders now */
export async function leftovers(
  written: readonly ClusterObject[],
  namespaces: Namespaces,
): Promise<Leftovers> {
  const names = new Set(written.map(nameOf));
  const left = (await labelledObjects([...REMOVABLE, ...TOLD], namespaces)).filter(
    (one) => !names.has(nameOf(one)) && !isMadeByOthers(one),
  );
  const isRemovable = (one: ClusterObject): boolean =>
    REMOVABLE.some(([version, kind]) => one.apiVersion === version && one.kind === kind);
  const inUse = left.some(isConfigMap) ? await configMapsInUse(namespaces.namespace) : new Set();
  return {
    removable: left.filter(
      (one) =>
        isRemovable(one) &&
        // ConfigMaps of the ledger are requests; others may be what a pod of an older revision starts from.
        !(
          isConfigMap(one) &&
          (one.metadata.namespace !== namespaces.namespace || inUse.has(one.metadata.name))
        ),
    ),
    told: left.filter((one) => !isRemovable(one)),
  };
}

/** Without the version: what is written in one may be read in another. */
function nameOf({ apiVersion, kind, metadata }: ClusterObject): string {
  const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [""];
  return [group, kind, metadata.namespace ?? "", metadata.name].join(" ");
}

function isConfigMap({ apiVersion, kind }: ClusterObject): boolean {
  return apiVersion === "v1" && kind === "ConfigMap";
}

function isMadeByOthers({ metadata }: ClusterObject): boolean {
  return metadata["ownerReferences"] !== undefined || metadata["deletionTimestamp"] !== undefined;
}

async function labelledObjects(
  kinds: typeof REMOVABLE,
  { namespace, ledger }: Namespaces,
): Promise<readonly ClusterObject[]> {
  const versions = Map.groupBy(kinds, ([apiVersion]) => apiVersion);
  const served = [...versions].map(async ([version, of]) => {
    const resources = await servedKinds(version);
    const [group, name] = version.includes("/") ? version.split("/") : ["", version];
    return of.flatMap(([, kind]) => {
      const resource = resources.get(kind);
      return resource === undefined ? [] : [[resource, name, group].join(".")];
    });
  });
  const resources = (await Promise.all(served)).flat();
  const selector = `${PART_OF}=${PRODUCT},${INSTALLATION}=${namespace}`;
  const found: ClusterObject[] = [];
  for (const one of new Set([namespace, ledger])) {
    const get = ["get", resources.join(","), "-n", one, "-l", selector, "-o", "json"];
    const { items } = JSON.parse(await kubectl(get)) as { readonly items: ClusterObject[] };
    found.push(...items);
  }
  return found;
}

/** Of a pod, or of what may still start one. */
const STARTING_PODS = [
  "pods",
  "jobs.batch",
  "revisions.serving.knative.dev",
  "jobsinks.sinks.knative.dev",
  "brokers.eventing.knative.dev",
];

async function configMapsInUse(namespace: string): Promise<ReadonlySet<unknown>> {
  const json = await kubectl(["get", STARTING_PODS.join(","), "-n", namespace, "-o", "json"]);
  const names = new Set<unknown>();
  JSON.parse(json, (key, value: { readonly name?: unknown } | null) => {
    // A pod's `envFrom`, `env` and volumes, and a Broker's `config`.
    if (["configMapRef", "configMapKeyRef", "configMap", "config"].includes(key))
      names.add(value?.name);
    return value as unknown;
  });
  return names;
}
