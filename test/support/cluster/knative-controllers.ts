/** Plays the controllers of a cluster with Knative: whatever is stored is called ready, soon after it was changed. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, AppsV1Api, CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import type { KubeApiserver } from "../servers/kube-apiserver.ts";
import type { Manifest } from "./kustomize.ts";
import { patchStatus } from "./server-dry-run.ts";

const KINDS = [
  ["eventing.knative.dev", "v1", "brokers"],
  ["eventing.knative.dev", "v1", "triggers"],
  ["eventing.knative.dev", "v1alpha1", "eventpolicies"],
  ["sources.knative.dev", "v1", "pingsources"],
  ["sources.knative.dev", "v1", "sinkbindings"],
  ["sinks.knative.dev", "v1alpha1", "jobsinks"],
  ["serving.knative.dev", "v1", "services"],
] as const;
const AT = "2026-01-01T00:00:00Z";
const PAUSE_MS = 100;
const APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

interface Observed extends Manifest {
  readonly metadata: Manifest["metadata"] & { readonly generation?: number; readonly uid?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly unknown[];
  };
}

/**
 * `ofNamespaces`: also the one of Kubernetes that lets a namespace go.
 * Of a Knative Service the URL is `http://NAME.example`, or for `cluster-local` that of the cluster, its revision is
 * `NAME-GENERATION`, and beside it stands Kubernetes' Service that leads to the gateway, as Kourier leaves it.
 */
export function startKnativeControllers(
  server: Pick<KubeApiserver, "url" | "config">,
  { ofNamespaces = true } = {},
): AsyncDisposable {
  const stop = new AbortController();
  const custom = server.config().makeApiClient(CustomObjectsApi);
  const core = server.config().makeApiClient(CoreV1Api);
  const apps = server.config().makeApiClient(AppsV1Api);

  async function round(): Promise<void> {
    if (ofNamespaces) await finishNamespaces();
    for (const [group, version, plural] of KINDS) {
      const { items } = (await custom.listClusterCustomObject({ group, version, plural })) as {
        readonly items: readonly Observed[];
      };
      for (const one of items) await callReady(one, "Ready").catch(letPass);
    }
    const { items } = await apps.listDeploymentForAllNamespaces();
    for (const { metadata, status } of items) {
      const { name = "", namespace = "", generation = 0 } = metadata ?? {};
      const observed = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace, generation },
        status: status as NonNullable<Observed["status"]>,
      };
      await callReady(observed, "Available").catch(letPass);
    }
  }

  async function callReady(one: Observed, type: string): Promise<void> {
    const { kind, metadata, status } = one;
    const { name, namespace = "", generation, labels } = metadata;
    const isLocal = labels?.["networking.knative.dev/visibility"] === "cluster-local";
    if (kind === "SinkBinding" && (await hasMissedItsBroker(one))) return;
    if (status?.observedGeneration === generation && status?.conditions) return;
    if (kind === "Service") await leadToGateway(name, namespace);
    await patchStatus(server, one, {
      conditions: [{ type, status: "True", reason: "Test", message: "", lastTransitionTime: AT }],
      observedGeneration: generation,
      ...(kind === "Service" && {
        url: isLocal ? `http://${name}.${namespace}.svc.cluster.local` : `http://${name}.example`,
        latestCreatedRevisionName: `${name}-${generation}`,
      }),
    });
  }

  /** By the name of a SinkBinding: the Broker that it found, and what it was annotated with then. */
  const found = new Map<string, { readonly broker: string; readonly annotations: string }>();

  /** As Knative 1.22 was seen to do: behind a Broker that is made anew, one that nobody changes finds none. */
  async function hasMissedItsBroker(one: Observed): Promise<boolean> {
    const { name, namespace = "", generation } = one.metadata;
    const group = { group: "eventing.knative.dev", version: "v1", plural: "brokers", namespace };
    const { items } = (await custom.listNamespacedCustomObject(group)) as {
      readonly items: readonly Observed[];
    };
    const { sink } = one["spec"] as { readonly sink: { readonly ref: { readonly name: string } } };
    const broker = items.find(({ metadata }) => metadata.name === sink.ref.name)?.metadata.uid;
    const { [APPLIED]: _, ...others } = one.metadata.annotations ?? {};
    const annotations = JSON.stringify(others);
    const before = found.get(`${namespace}/${name}`);
    const isMissed =
      broker === undefined ||
      (before !== undefined && before.broker !== broker && before.annotations === annotations);
    const reason = isMissed ? "NoAddressable" : "Test";
    if (broker !== undefined && !isMissed)
      found.set(`${namespace}/${name}`, { broker, annotations });
    const [condition] = (one.status?.conditions ?? []) as readonly { readonly reason?: string }[];
    if (condition?.reason === reason) return isMissed;
    const state = { type: "Ready", status: isMissed ? "False" : "True", reason, message: "" };
    await patchStatus(server, one, {
      conditions: [{ ...state, lastTransitionTime: AT }],
      observedGeneration: generation,
    });
    return true;
  }

  async function leadToGateway(name: string, namespace: string): Promise<void> {
    const externalName = "kourier-internal.kourier-system.svc.cluster.local";
    const body = { metadata: { name }, spec: { type: "ExternalName", externalName } };
    await core.createNamespacedService({ namespace, body }).catch((error: unknown) => {
      if (!(error instanceof ApiException) || error.code !== 409) throw error;
    });
  }

  async function finishNamespaces(): Promise<void> {
    const { items } = await core.listNamespace();
    for (const { metadata = {}, status } of items) {
      if (status?.phase !== "Terminating") continue;
      const body = { metadata, spec: { finalizers: [] } };
      await core.replaceNamespaceFinalize({ name: metadata.name ?? "", body });
    }
  }

  const running = (async () => {
    while (!stop.signal.aborted) {
      await round().catch(letPass);
      await sleep(PAUSE_MS);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/**
 * As a controller does, what is refused for now is done in the next round: somebody else has changed it (409), the
 * server has only just been told of the kind (404; 429, its storage is being made), or the namespace goes (403).
 */
function letPass(error: unknown): void {
  if (!(error instanceof ApiException) || ![403, 404, 409, 429].includes(error.code)) throw error;
}
