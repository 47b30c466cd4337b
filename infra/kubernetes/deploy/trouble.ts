/** Why pods do not run, in a line for each; what a person would look for first. */
import { kubectl, type ClusterObject } from "./kubectl.ts";

interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
}

const NEXT_STEP: Readonly<Record<string, string>> = {
  ErrImagePull: "is the image there? make images, then load it into the cluster",
  ImagePullBackOff: "is the image there? make images, then load it into the cluster",
  ErrImageNeverPull: "is the image there? make images, then load it into the cluster",
  CreateContainerConfigError:
    "a Secret or ConfigMap is missing: see Secrets in infra/kubernetes/settings.md",
};

/** Answers what kubectl prints. */
type Kubectl = (args: readonly string[]) => Promise<string>;

/** @param ask of the cluster that kubectl is set to, unless given. Rejects with what kubectl said. */
export async function troubleOf(
  namespace: string,
  ask: Kubectl = kubectl,
): Promise<readonly string[]> {
  const json = await ask(["get", "pods", "-n", namespace, "-o", "json"]);
  const { items } = JSON.parse(json) as { readonly items: readonly ClusterObject[] };
  const lines = items.flatMap((pod) => [...scheduling(pod), ...containers(pod)]);
  for (const pod of items) lines.push(...(await notReady(pod, ask)));
  return [...new Set(lines)];
}

/** A pod that runs and is not ready says in its own log what it waits for. */
async function notReady(
  { metadata, status }: ClusterObject,
  ask: Kubectl,
): Promise<readonly string[]> {
  const { phase, containerStatuses = [] } = (status ?? {}) as {
    readonly phase?: string;
    readonly containerStatuses?: readonly (ContainerStatus & { readonly ready?: boolean })[];
  };
  if (phase !== "Running" || metadata["deletionTimestamp"] !== undefined) return [];
  const waiting = containerStatuses.find(
    ({ name, ready, state }) => name !== "queue-proxy" && ready === false && !state?.waiting,
  );
  if (!waiting) return [];
  const logs = ["logs", metadata.name, "-n", metadata.namespace ?? "", "-c", waiting.name];
  const said = await ask([...logs, "--tail=200"]).catch(() => "");
  return [`pod ${metadata.name} is not ready: ${reasonIn(said)}`];
}

interface LoggedError {
  readonly code?: string;
  readonly message?: string;
  readonly cause?: LoggedError;
}

/** Every cause in the last line that says so: a refused login is another thing than no answer. */
export function reasonIn(log: string): string {
  for (const line of log.trimEnd().split("\n").toReversed()) {
    try {
      const { msg, err } = JSON.parse(line) as { msg?: string; err?: LoggedError };
      if (msg !== "not ready" || !err) continue;
      const chain: LoggedError[] = [];
      for (let one: LoggedError | undefined = err; one && chain.length < 8; one = one.cause)
        chain.push(one);
      return chain
        .map(({ code, message }) => [code, message].filter(Boolean).join(" "))
        .filter(Boolean)
        .join(": ");
    } catch {
      continue;
    }
  }
  return "its log does not say why";
}

function scheduling({ metadata, status }: ClusterObject): readonly string[] {
  const { conditions = [] } = (status ?? {}) as {
    readonly conditions?: readonly { type: string; status: string; message?: string }[];
  };
  return conditions
    .filter((one) => one.type === "PodScheduled" && one.status === "False")
    .map((one) => `pod ${metadata.name} finds no node: ${one.message ?? ""}`);
}

function containers({ metadata, status }: ClusterObject): readonly string[] {
  const { containerStatuses = [] } = (status ?? {}) as {
    readonly containerStatuses?: readonly ContainerStatus[];
  };
  return containerStatuses.flatMap(({ name, image, state }) => {
    const where = `container ${name} of pod ${metadata.name}`;
    const { waiting, terminated } = state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "ContainerCreating") {
      const hint = NEXT_STEP[waiting.reason] ?? `kubectl logs ${metadata.name} -c ${name}`;
      return [`${where} (${image}): ${waiting.reason}; ${hint}`];
    }
    if (terminated && terminated.exitCode !== 0) {
      return [`${where} ended with ${terminated.exitCode ?? "?"} (${terminated.reason ?? ""})`];
    }
    return [];
  });
}
