/** Whether an object does its work yet, and if not, why: read from its status alone. */
import type { ClusterObject } from "./kubectl.ts";

export type Readiness =
  | { readonly kind: "ready" }
  | { readonly kind: "waiting"; readonly why: string }
  /** Of kinds that are there as soon as they are stored. */
  | { readonly kind: "nothing to wait for" };

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The condition that says so, by kind; of Knative's kinds it is always `Ready`. */
const CONDITION_OF: Readonly<Record<string, string>> = {
  Deployment: "Available",
  Job: "Complete",
};
/** Kinds without one, in Knative's groups. */
const STATELESS = ["EventType", "RabbitmqBrokerConfig"];

const MAX_MESSAGE = 160;

export function conditionOf({ status }: ClusterObject, type: string): Condition | undefined {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] };
  return conditions.find((one) => one.type === type);
}

/** Others need not be asked for: what an EventType is, only Knative's webhook can tell. */
export function isWaitedFor(object: ClusterObject): boolean {
  return waitedFor(object) !== undefined;
}

function waitedFor({ apiVersion, kind }: ClusterObject): string | undefined {
  const knative = apiVersion.includes("knative.dev") && !STATELESS.includes(kind);
  return knative ? "Ready" : CONDITION_OF[kind];
}

export function readinessOf(object: ClusterObject): Readiness {
  const { kind, metadata, status } = object;
  const type = waitedFor(object);
  if (type === undefined) return { kind: "nothing to wait for" };
  const { observedGeneration } = (status ?? {}) as { readonly observedGeneration?: number };
  const condition = conditionOf(object, type);
  // Jobs observe no generation: they cannot be changed.
  const seen = kind === "Job" || observedGeneration === metadata.generation;
  if (condition?.status === "True" && seen) return { kind: "ready" };
  if (!condition || !seen) return { kind: "waiting", why: "not looked at yet" };
  const why = [condition.reason, condition.message].filter(Boolean).join(": ");
  return { kind: "waiting", why: (why || `${type} is ${condition.status}`).slice(0, MAX_MESSAGE) };
}

/** `Service request-intake`; Knative's Services and Kubernetes' are told apart by who asks. */
export function titleOf({ kind, metadata }: ClusterObject): string {
  return `${kind} ${metadata.name}`;
}

/** The same with its namespace: an installation has two, and a name may stand in both. */
export function placeOf(one: ClusterObject): string {
  return `${titleOf(one)} in ${one.metadata.namespace ?? "no namespace"}`;
}
