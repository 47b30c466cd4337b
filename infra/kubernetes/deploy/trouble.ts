/** Why pods do not run, in a line for each; what a person would look for first. */
import { kubectl, type ClusterObject } from "./kubectl.ts";

interface PodStatus {
  readonly phase?: string;
  readonly startTime?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
}

interface PodSpec {
  readonly containers?: readonly { readonly name: string; readonly image: string }[];
}

interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: End;
  };
  readonly lastState?: { readonly terminated?: End };
}

interface End {
  readonly reason?: string;
  readonly exitCode?: number;
  /** The end of its log, as Knative asks for it. */
  readonly message?: string;
}

const NEXT_STEP: Readonly<Record<string, string>> = {
  ErrImagePull: "is the image there? make images, then load it into the cluster",
  ImagePullBackOff: "is the image there? make images, then load it into the cluster",
  ErrImageNeverPull: "is the image there? make images, then load it into the cluster",
  CreateContainerConfigError:
    "a Secret or ConfigMap is missing: see Secrets in infra/kubernetes/settings.md",
};

/** As Knative calls it: it asks the probe of the container beside it, and says in its own name whether the pod is ready. */
const PROXY = "queue-proxy";
/** A pod may take so long to become ready: a cold start is no trouble. */
const COLD_START_MS = 30_000;

/** Answers what kubectl prints. */
type Kubectl = (args: readonly string[]) => Promise<string>;

/** @param ask of the cluster that kubectl is set to, unless given. Rejects with what kubectl said. */
export async function troubleOf(
  namespace: string,
  ask: Kubectl = kubectl,
  now = Date.now(),
): Promise<readonly string[]> {
  const json = await ask(["get", "pods", "-n", namespace, "-o", "json"]);
  const { items } = JSON.parse(json) as { readonly items: readonly ClusterObject[] };
  const lines: string[] = [];
  for (const pod of items) {
    // How its containers end on the way out is nobody's trouble.
    if (pod.metadata["deletionTimestamp"] !== undefined) continue;
    const found = [...scheduling(pod), ...containers(pod), ...(await notReady(pod, ask, now))];
    if (found.length === 0) continue;
    const next = await ofReplaced(pod, ask);
    lines.push(...found.map((line) => line + next));
  }
  return [...new Set(lines)];
}

/** Knative keeps the pods of a revision that never was ready until its progress deadline, also behind a newer one. */
async function ofReplaced({ metadata }: ClusterObject, ask: Kubectl): Promise<string> {
  const { labels = {}, namespace = "" } = metadata;
  const [service, revision] = [labels[`${SERVING}/service`], labels[`${SERVING}/revision`]];
  if (service === undefined || revision === undefined) return "";
  const get = ["get", `services.${SERVING}`, service, "-n", namespace, "--ignore-not-found"];
  const latest = "jsonpath={.status.latestCreatedRevisionName}";
  const newest = await ask([...get, "-o", latest]).catch(() => "");
  if (["", revision].includes(newest)) return "";
  return `; ${newest} has replaced it: kubectl delete revision ${revision} -n ${namespace}`;
}

const SERVING = "serving.knative.dev";

/** A pod that runs and is not ready says in its own log what it waits for. */
async function notReady(
  { metadata, status }: ClusterObject,
  ask: Kubectl,
  now: number,
): Promise<readonly string[]> {
  const { phase, startTime = "", containerStatuses: all = [] } = (status ?? {}) as PodStatus;
  if (phase !== "Running") return [];
  if (now - Date.parse(startTime) < COLD_START_MS) return [];
  const unready = all.filter(({ ready }) => ready === false);
  // Of one that waits, `containers` says why.
  if (unready.length === 0 || unready.some(({ state }) => state?.waiting)) return [];
  const waiting = [...unready, ...all].find(({ name }) => name !== PROXY) ?? { name: PROXY };
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

function containers({ metadata, spec, status }: ClusterObject): readonly string[] {
  const { phase = "", containerStatuses = [] } = (status ?? {}) as PodStatus;
  // A Job's pod stays after its end, and 42 is how the end of a request that failed for good is told.
  if (["Succeeded", "Failed"].includes(phase)) return [];
  const { containers: asked = [] } = (spec ?? {}) as PodSpec;
  return containerStatuses.flatMap(({ name, image: known, state, lastState }) => {
    // A status may name the image by another tag of the same bytes.
    const { image = known } = asked.find((one) => one.name === name) ?? {};
    const where = `container ${name} of pod ${metadata.name} (${image})`;
    const logs = `kubectl logs ${metadata.name} -n ${metadata.namespace ?? ""} -c ${name}`;
    const { waiting, terminated } = state ?? {};
    const end = terminated ?? (waiting?.reason === CRASHED ? lastState?.terminated : undefined);
    if (end) return end.exitCode === 0 ? [] : [`${where} ${wordsOf(end)}; ${logs}`];
    if (waiting?.reason === undefined || waiting.reason === "ContainerCreating") return [];
    return [`${where}: ${waiting.reason}; ${NEXT_STEP[waiting.reason] ?? logs}`];
  });
}

const CRASHED = "CrashLoopBackOff";
const MOST_WORDS = 600;

/** With what the function said of it last. */
function wordsOf({ exitCode, reason = "", message = "" }: End): string {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const fatal = lines.flatMap((line) => {
    try {
      const { level, msg } = JSON.parse(line) as { level?: string; msg?: string };
      return level === "fatal" && msg !== undefined ? [msg] : [];
    } catch {
      return [];
    }
  });
  const said = (fatal.length > 0 ? fatal : lines.slice(-1)).join("; ").slice(0, MOST_WORDS);
  return `ended with ${exitCode ?? "?"} (${reason})${said === "" ? "" : `: ${said}`}`;
}
