/** An installation in a cluster: applied, waited for, looked at, removed. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseAllDocuments, stringify } from "yaml";
import { findBroker } from "./bindings.ts";
import { kubectl, liveObjects, type ClusterObject } from "./kubectl.ts";
import { brokerClassOf } from "./preflight.ts";
import { labelled, leftovers, type Namespaces } from "./prune.ts";
import { isWaitedFor, placeOf, readinessOf, titleOf } from "./readiness.ts";
import { removeReplacedRevisions, retryFailedRevisions } from "./revisions.ts";
import { troubleOf } from "./trouble.ts";

export interface Rendered extends Namespaces {
  readonly objects: readonly ClusterObject[];
}

/** @param folder of a kustomization. @throws KubectlError when it cannot be rendered. */
export async function renderOverlay(folder: string): Promise<Rendered> {
  const yaml = await kubectl(["kustomize", folder]);
  const rendered = parseAllDocuments(yaml).map((one) => one.toJS() as ClusterObject);
  const namespaceOf = (kind: string): string => {
    const found = rendered.find((one) => one.kind === kind)?.metadata.namespace;
    if (found === undefined)
      throw new Error(`${folder} renders no ${kind}: is it an installation?`);
    return found;
  };
  const namespaces = { namespace: namespaceOf("Broker"), ledger: namespaceOf("Role") };
  const objects = labelled(rendered, namespaces);
  return { objects, ...namespaces };
}

/** Applied first: with the Broker's address at hand, the first pods of the functions can start. */
const FIRST = ["Namespace", "Broker", "SinkBinding"];

export interface WaitOptions {
  readonly log: (line: string) => void;
  readonly timeoutMs: number;
  /** Between two looks. */
  readonly everyMs?: number;
  /** Whether what the overlay no longer writes goes; else it is only told. */
  readonly prune: boolean;
}

/** Applies and waits. @throws NotReadyInTime with what was not ready, and why. */
export async function deploy(rendered: Rendered, options: WaitOptions): Promise<void> {
  const first = rendered.objects.filter(({ kind }) => FIRST.includes(kind));
  const brokers = yamlOf(first.filter(({ kind }) => kind === "Broker"));
  await removeDead(await unseen(brokers), options.log);
  await apply(first, options.log);
  // The webhook may run and not be asked yet, as its rules are filled in a moment later.
  const dead = await unseenFor(brokers, Math.min(options.timeoutMs, UNSEEN_MS));
  await removeDead(dead, options.log);
  if (dead.length > 0) await apply(first, options.log);
  // The address of a Broker by reference is what SinkBindings hand to the functions.
  await untilReady(brokers, rendered, options);
  await findBroker(yamlOf(first.filter(({ kind }) => kind === "SinkBinding")), options.log);
  await apply(rendered.objects, options.log);
  // Before the wait: what is left of another overlay may be what keeps this one from being ready.
  await removeLeftovers(rendered, options);
  await retryFailedRevisions(rendered.objects, options.log);
  await untilReady(waitedFor(rendered), rendered, options);
}

async function removeLeftovers(rendered: Rendered, { prune, log }: WaitOptions): Promise<void> {
  const { removable, told } = await leftovers(rendered.objects, rendered);
  for (const one of removable) log(`no longer written: ${placeOf(one)}`);
  if (prune) await remove(removable);
  if (removable.length > 0)
    log(prune ? `removed these ${removable.length}` : "left, as PRUNE=no says");
  for (const one of told)
    log(`no longer written, and left: ${placeOf(one)}; to remove it: ${removalOf(one)}`);
}

/** As a person types it; kinds of one name are told apart by their group. */
function removalOf({ apiVersion, kind, metadata }: ClusterObject): string {
  const [group, version] = apiVersion.split("/");
  const resource = [kind.toLowerCase(), ...(version === undefined ? [] : [group])].join(".");
  return `kubectl delete ${resource} ${metadata.name} -n ${metadata.namespace ?? "default"}`;
}

/**
 * A Broker that was stored before Knative's webhook ran has no class, and no controller looks at it, ever. Its
 * class can never be changed, so it is made anew; what it holds nobody would have delivered.
 */
async function removeDead(dead: readonly ClusterObject[], log: (line: string) => void) {
  if (dead.length === 0) return;
  log("a Broker has no class, as it was made before Knative's webhook ran: making it anew");
  await remove(dead);
}

/** Without a class, and not looked at. */
async function unseen(brokers: string): Promise<readonly ClusterObject[]> {
  return (await liveObjects(brokers)).filter(
    (one) => brokerClassOf(one) === undefined && one.status?.["conditions"] === undefined,
  );
}

const UNSEEN_MS = 10_000;

/** Those that nobody has looked at in all that time. */
async function unseenFor(brokers: string, timeoutMs: number): Promise<readonly ClusterObject[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = await unseen(brokers);
    if (left.length === 0 || performance.now() >= deadline) return left;
    await sleep(500);
  }
}

/** Client-side: of delivery specs, server-side apply refuses fields that Knative leaves open. */
async function apply(objects: readonly ClusterObject[], log: (line: string) => void) {
  const said = await kubectl(["apply", "-f", "-"], yamlOf(objects));
  const changed = said.trim().split("\n");
  log(`applied ${changed.length} objects`);
}

function waitedFor({ objects }: Rendered): string {
  return yamlOf(objects.filter(isWaitedFor));
}

function yamlOf(objects: readonly ClusterObject[]): string {
  return objects.map((object) => stringify(object)).join("---\n");
}

export class NotReadyInTime extends Error {
  override readonly name = "NotReadyInTime";
}

/** What takes longer has a reason, which the pods know. */
const TROUBLE_AFTER_MS = 15_000;

async function untilReady(
  yaml: string,
  { namespace }: Namespaces,
  options: WaitOptions,
): Promise<void> {
  const { log, timeoutMs, everyMs = 2_000 } = options;
  const began = performance.now();
  const deadline = began + timeoutMs;
  let shown = "";
  const told = new Set<string>();
  for (;;) {
    const { live, ready, waiting } = await look(yaml);
    const isLong = performance.now() - began > TROUBLE_AFTER_MS;
    // Who may not look at pods, or end a revision, waits without.
    const isCleaned =
      (waiting.length === 0 || isLong) &&
      (await removeReplacedRevisions(live, log).catch(() => false));
    const said = `ready ${ready} of ${ready + waiting.length}`;
    const line = waiting.length === 0 ? said : `${said}; waiting for ${waiting[0] ?? ""}`;
    if (line !== shown) log(line);
    shown = line;
    if (waiting.length === 0) return;
    // Pods of what has just been removed are there for a moment more.
    const asks = isLong && !isCleaned;
    for (const trouble of asks ? await troubleOf(namespace).catch(() => []) : []) {
      if (!told.has(trouble)) log(`so far: ${trouble}`);
      told.add(trouble);
    }
    if (performance.now() > deadline) {
      throw new NotReadyInTime(
        `not ready after ${Math.round(timeoutMs / 1000)} s:\n  ${waiting.join("\n  ")}`,
      );
    }
    await sleep(everyMs);
  }
}

interface Look {
  readonly live: readonly ClusterObject[];
  readonly ready: number;
  readonly waiting: readonly string[];
}

async function look(yaml: string): Promise<Look> {
  const live = await liveObjects(yaml);
  const states = live.map((one) => [one, readinessOf(one)] as const);
  return {
    live,
    ready: states.filter(([, state]) => state.kind === "ready").length,
    waiting: states.flatMap(([one, state]) =>
      state.kind === "waiting" ? [`${titleOf(one)}: ${state.why}`] : [],
    ),
  };
}

// --- looking -----------------------------------------------------------------------------------

const STATUS_LABEL = "transactions-collector.io/status";

/** Records of the ledger by status; undefined when there is no such namespace. */
export async function recordsByStatus(
  ledger: string,
): Promise<ReadonlyMap<string, number> | undefined> {
  const namespace = ["get", "namespace", ledger, "--ignore-not-found", "-o", "name"];
  if ((await kubectl(namespace)).trim() === "") return undefined;
  const column = `custom-columns=:.metadata.labels.${STATUS_LABEL.replaceAll(".", "\\.")}`;
  const statuses = await kubectl([
    "get",
    "configmaps",
    "-n",
    ledger,
    "-l",
    STATUS_LABEL,
    "--no-headers",
    "-o",
    column,
  ]);
  const counts = new Map<string, number>();
  for (const status of statuses.split("\n").filter(Boolean)) {
    counts.set(status.trim(), (counts.get(status.trim()) ?? 0) + 1);
  }
  return counts;
}

/** Every object with its state, one a line. */
export async function describe(rendered: Rendered): Promise<readonly string[]> {
  const live = await liveObjects(waitedFor(rendered));
  return live.flatMap((one) => {
    const state = readinessOf(one);
    if (state.kind === "nothing to wait for") return [];
    const mark = state.kind === "ready" ? "✓" : "…";
    return [`${mark} ${titleOf(one)}${state.kind === "ready" ? "" : `: ${state.why}`}`];
  });
}

// --- removing ----------------------------------------------------------------------------------

/** Removed first, and waited for: nothing new comes in while the rest goes. */
const SENDERS = ["PingSource", "Trigger"];

/**
 * Removes everything but, unless told, a ledger that holds records: they are what customers asked
 * for, and nowhere else. Answers what was kept.
 */
export async function undeploy(
  rendered: Rendered,
  options: { readonly withLedger: boolean; readonly log: (line: string) => void },
): Promise<"everything removed" | "ledger kept"> {
  const { objects, ledger } = rendered;
  const counts = await recordsByStatus(ledger);
  const keep = !options.withLedger && (counts?.size ?? 0) > 0;
  const removable = objects.filter(
    (one) => !keep || (one.metadata.namespace !== ledger && !isNamespace(one, ledger)),
  );
  await remove(removable.filter(({ kind }) => SENDERS.includes(kind)));
  await removeJobs(rendered.namespace);
  options.log("no more events come in, and no Job runs");
  // The namespaces last: with them go the Jobs, pods and Secrets that others made.
  await remove(removable.filter(({ kind }) => !SENDERS.includes(kind) && kind !== "Namespace"));
  options.log("objects removed; the pods end, and a build in progress before them");
  await endPods(rendered.namespace);
  await remove(removable.filter(({ kind }) => kind === "Namespace"));
  return keep ? "ledger kept" : "everything removed";
}

/** A SinkBinding that is deleted takes itself out of its Jobs, which cannot be changed: they go first. */
async function removeJobs(namespace: string): Promise<void> {
  const jobs = ["delete", "jobs", "-n", namespace, "-l", "sinks.knative.dev/job-sink-name"];
  await kubectl([...jobs, "--timeout=5m"]);
}

/**
 * Before their namespace: Kubernetes looks again at one with pods only after half of what a pod may take to end, five
 * minutes for a builder, however soon they are gone.
 */
async function endPods(namespace: string): Promise<void> {
  const there = ["get", "namespace", namespace, "--ignore-not-found", "-o", "name"];
  if ((await kubectl(there)).trim() === "") return;
  // Longer than the grace period of a builder.
  await kubectl(["delete", "pods", "--all", "-n", namespace, "--timeout=11m"]);
}

function isNamespace({ kind, metadata }: ClusterObject, name: string): boolean {
  return kind === "Namespace" && metadata.name === name;
}

async function remove(objects: readonly ClusterObject[]): Promise<void> {
  if (objects.length === 0) return;
  const args = ["delete", "--ignore-not-found", "--timeout=5m", "-f", "-"];
  await kubectl(args, yamlOf(objects));
}
