/** How many builds an installation runs at a time: what its builder may scale to, and what its scanner reckons with. */
import { readServiceVariables, type Kubectl } from "./service-variables.ts";

export interface Capacity {
  /** `max-scale` × `containerConcurrency` of statement-builder; undefined where either has no bound. */
  readonly builds?: number | undefined;
  /** BUILDER_CAPACITY of pending-scanner; undefined where it is not set there. */
  readonly offered?: number | undefined;
}

interface BuilderService {
  readonly spec: {
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: { readonly containerConcurrency?: number };
    };
  };
}

const SETTING = "BUILDER_CAPACITY";

/** Rejects when either Service cannot be read. */
export async function readCapacity(kubectl: Kubectl, namespace: string): Promise<Capacity> {
  const builder = ["services.serving.knative.dev", "statement-builder", "-n", namespace];
  const [json, variables] = await Promise.all([
    kubectl(["get", ...builder, "-o", "json"]),
    readServiceVariables(kubectl, {
      namespace,
      service: "pending-scanner",
      names: new Set([SETTING]),
    }),
  ]);
  const { metadata, spec } = (JSON.parse(json) as BuilderService).spec.template;
  const pods = metadata?.annotations?.["autoscaling.knative.dev/max-scale"];
  // Knative takes 0 for no bound, in both.
  const builds = Number(pods ?? 0) * (spec.containerConcurrency ?? 0);
  const offered = variables[SETTING];
  return {
    builds: builds > 0 ? builds : undefined,
    offered: offered === undefined ? undefined : Number(offered),
  };
}
