/**
 * Revisions that have failed for good. Knative never tries one again, whatever has been fixed meanwhile; a
 * changed template makes the next one, so a deploy changes it where nothing else did.
 */
import { kubectl, liveObjects, type ClusterObject } from "./kubectl.ts";
import { stringify } from "yaml";

const RETRIED_AT = "transactions-collector.io/retried-at";

interface Status {
  readonly observedGeneration?: number;
  readonly latestCreatedRevisionName?: string;
  readonly latestReadyRevisionName?: string;
  readonly traffic?: readonly { readonly revisionName?: string }[];
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
}

/** @param objects as they are rendered */
export async function retryFailedRevisions(
  objects: readonly ClusterObject[],
  log: (line: string) => void,
): Promise<void> {
  const services = objects.filter(isKnativeService).map((one) => stringify(one));
  for (const { metadata, status } of await liveObjects(services.join("---\n"))) {
    const { observedGeneration, latestCreatedRevisionName: latest } = (status ?? {}) as Status;
    // Of a changed template, the next revision is on its way.
    if (latest === undefined || observedGeneration !== metadata.generation) continue;
    const namespace = metadata.namespace ?? "";
    const why = await failureOf(latest, namespace);
    if (why === undefined) continue;
    log(`${latest} has failed for good (${why}): trying anew`);
    const annotations = { [RETRIED_AT]: new Date().toISOString() };
    const patch = { spec: { template: { metadata: { annotations } } } };
    const service = ["services.serving.knative.dev", metadata.name, "-n", namespace];
    await kubectl(["patch", ...service, "--type=merge", "-p", JSON.stringify(patch)]);
  }
}

/**
 * Removes the revisions that are not ready and that a newer one has replaced. Knative keeps the pods of one that never
 * was ready until its progress deadline, a day here: they start and end all the time, and hold what they ask for.
 *
 * @param live as the cluster has them
 * @returns whether there were any
 */
export async function removeReplacedRevisions(
  live: readonly ClusterObject[],
  log: (line: string) => void,
): Promise<boolean> {
  let isRemoved = false;
  for (const { metadata, spec, status } of live.filter(isKnativeService)) {
    const seen = (status ?? {}) as Status;
    if (seen.observedGeneration !== metadata.generation) continue;
    const { traffic: pinned = [] } = (spec ?? {}) as Status;
    const used = new Set([
      ...[...(seen.traffic ?? []), ...pinned].map(({ revisionName }) => revisionName),
      seen.latestCreatedRevisionName,
      seen.latestReadyRevisionName,
    ]);
    const of = ["-n", metadata.namespace ?? ""];
    const label = `serving.knative.dev/service=${metadata.name}`;
    const get = ["get", REVISIONS, ...of, "-l", label, "-o", "json"];
    const { items } = JSON.parse(await kubectl(get)) as { readonly items: ClusterObject[] };
    for (const {
      metadata: { name },
      status: is,
    } of items) {
      if (used.has(name) || isReady(is)) continue;
      await kubectl(["delete", REVISIONS, name, ...of, "--ignore-not-found", "--wait=false"]);
      log(`removed revision ${name}, which is not ready and has been replaced`);
      isRemoved = true;
    }
  }
  return isRemoved;
}

const REVISIONS = "revisions.serving.knative.dev";

function isReady(status: ClusterObject["status"]): boolean {
  const { conditions = [] } = (status ?? {}) as Status;
  return conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
}

async function failureOf(revision: string, namespace: string): Promise<string | undefined> {
  const get = ["get", REVISIONS, revision, "-n", namespace];
  const json = await kubectl([...get, "--ignore-not-found", "-o", "json"]);
  if (json.trim() === "") return undefined;
  return whyForGood((JSON.parse(json) as ClusterObject).status);
}

/** Knative calls a revision failed while its pod finds no room too; that one starts as soon as there is some. */
const PASSING = ["Unschedulable"];

/** @returns the words of a failure that waiting does not cure; else undefined */
export function whyForGood(status: ClusterObject["status"]): string | undefined {
  const { conditions = [] } = (status ?? {}) as Status;
  const failed = conditions.find(({ type, status: is }) => type === "Ready" && is === "False");
  if (!failed || PASSING.includes(failed.reason ?? "")) return undefined;
  return [failed.reason, failed.message].filter(Boolean).join(": ");
}

function isKnativeService({ apiVersion, kind }: ClusterObject): boolean {
  return apiVersion.startsWith("serving.knative.dev/") && kind === "Service";
}
