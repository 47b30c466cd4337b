/** `make deploy`, `make status` and `make undeploy`: see the usage below. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import {
  deploy,
  describe,
  NotReadyInTime,
  recordsByStatus,
  renderOverlay,
  undeploy,
  type Rendered,
} from "./installation.ts";
import { kubectl, KubectlError, liveObjects, type ClusterObject } from "./kubectl.ts";
import {
  NotReadyForUs,
  requireBrokerClass,
  requireFeatures,
  requireKinds,
  requireKnative,
  requireWebhooks,
} from "./preflight.ts";
import { leftovers } from "./prune.ts";
import { placeOf } from "./readiness.ts";
import { troubleOf } from "./trouble.ts";

const USAGE = `usage: make deploy | status | undeploy
  OVERLAY=local        below infra/kubernetes/overlays/, or the path of a kustomization of your own
  WAIT_SECONDS=600     deploy: how long it waits until everything is ready
  PRUNE=no             deploy: leave what the overlay no longer writes, and only tell
  LEDGER=delete        undeploy: the requests as well
environment: KUBECONFIG`;

const OVERLAYS = join(import.meta.dirname, "../overlays");
const EXIT_NOT_READY = 1;
const EXIT_USAGE = 2;
const say = (line: string): void => console.log(line);

async function main(command: string | undefined): Promise<number> {
  if (command === undefined || !["check", "deploy", "status", "undeploy"].includes(command)) {
    say(USAGE);
    return EXIT_USAGE;
  }
  await requireKnative();
  if (command === "check") return 0;
  const overlay = process.env["OVERLAY"] ?? "local";
  const folder = await folderOf(overlay);
  const rendered = await renderOverlay(folder);
  const context = (await kubectl(["config", "current-context"])).trim();
  say(`▶ ${command} ${overlay}, context ${context}`);
  if (command === "deploy") return await runDeploy(rendered);
  if (command === "status") return await runStatus(rendered);
  return await runUndeploy(rendered);
}

/** A name below `infra/kubernetes/overlays/`, else a path. */
async function folderOf(overlay: string): Promise<string> {
  const shipped = join(OVERLAYS, overlay);
  const isShipped = await access(shipped).then(
    () => true,
    () => false,
  );
  return isShipped ? shipped : overlay;
}

async function runDeploy(rendered: Rendered): Promise<number> {
  const timeoutMs = Number(process.env["WAIT_SECONDS"] ?? 600) * 1000;
  await requireKinds(rendered.objects);
  await requireFeatures(rendered.objects);
  await requireBrokerClass(rendered.objects);
  await requireWebhooks();
  const prune = process.env["PRUNE"] !== "no";
  try {
    await deploy(rendered, { timeoutMs, prune, log: (line) => say(`  ${line}`) });
  } catch (error) {
    if (!(error instanceof NotReadyInTime)) throw error;
    say(`✗ ${error.message}`);
    for (const line of await troubleOf(rendered.namespace)) say(`  ${line}`);
    say("next: make status, or make undeploy");
    return EXIT_NOT_READY;
  }
  say("✓ everything is ready");
  say(await nextStep(rendered));
  return 0;
}

/** How to ask for a statement, from where `make deploy` runs. */
async function nextStep({ objects, namespace, ledger }: Rendered): Promise<string> {
  const intake = objects.find(
    ({ apiVersion, metadata }) =>
      apiVersion.startsWith("serving.knative.dev/") && metadata.name === "request-intake",
  );
  const [live] = intake ? await liveObjects(JSON.stringify(intake)) : [];
  const { url = "http://request-intake" } = (live?.status ?? {}) as { readonly url?: string };
  const gateway = await gatewayOf(namespace);
  // Within the cluster its name resolves, elsewhere the gateway knows it by its host.
  const [way, address] =
    isOutside(url) || !gateway
      ? ["", url]
      : [
          `kubectl port-forward -n ${gateway.namespace} service/${gateway.service} ${GATEWAY_PORT}:80 &\n  `,
          `--retry 5 --retry-connrefused http://localhost:${GATEWAY_PORT} -H 'host: ${new URL(url).hostname}'`,
        ];
  const [token, from] = asksForTokens(objects)
    ? [
        ` -H "Authorization: Bearer $TOKEN"`,
        `TOKEN is of somebody who may send (infra/identity.md), as of kubectl create token -n ${namespace} ACCOUNT --audience request-intake\n  `,
      ]
    : ["", ""];
  return `next: ask for a statement, and watch it
  ${from}${way}curl -i ${address}${token} -H 'content-type: application/json' -H 'ce-specversion: 1.0' \\
    -H 'ce-id: 4711' -H 'ce-source: /online-banking' -H "ce-time: $(date -u +%FT%TZ)" \\
    -H 'ce-type: io.transactions-collector.statement.requested.v1' \\
    -d '{"customer_id":"customer-000001","start_date":"2025-01-01","end_date":"2025-12-31"}'
  kubectl get configmaps -n ${ledger} -L transactions-collector.io/status --watch`;
}

const GATEWAY_PORT = 8084;

/** By the settings of intake that the overlay writes. */
function asksForTokens(objects: readonly ClusterObject[]): boolean {
  return objects.some((one) => {
    const { data } = one as { readonly data?: Readonly<Record<string, string>> };
    const isIntakes = /^request-intake(-|$)/.test(one.metadata.name);
    return one.kind === "ConfigMap" && isIntakes && data?.["OIDC_ISSUER"] !== undefined;
  });
}

/** Whether an address is one of a route from outside the cluster. */
function isOutside(url: string): boolean {
  return !new URL(url).hostname.includes(".svc.");
}

/** Each networking layer of Knative leaves a Service of intake's name, which leads to its gateway. */
async function gatewayOf(namespace: string) {
  const get = ["get", "service", "request-intake", "-n", namespace, "--ignore-not-found"];
  const externalName = await kubectl([...get, "-o", "jsonpath={.spec.externalName}"]);
  const [service, inNamespace] = externalName.split(".");
  return service && inNamespace ? { service, namespace: inNamespace } : undefined;
}

async function runStatus(rendered: Rendered): Promise<number> {
  const lines = await describe(rendered);
  const counts = await recordsByStatus(rendered.ledger);
  const requests = [...(counts ?? [])].map(([status, count]) => `${status} ${count}`).join(", ");
  if (lines.length === 0) {
    say("nothing of it is installed; next: make deploy");
    if (requests !== "") say(`  ledger ${rendered.ledger} is still there: ${requests}`);
    return EXIT_NOT_READY;
  }
  for (const line of lines) say(`  ${line}`);
  for (const line of await surplus(rendered)) say(`  ${line}`);
  say(`  ledger ${rendered.ledger}: ${requests || "no requests"}`);
  const ready = lines.every((line) => line.startsWith("✓"));
  // A Knative Service stays Ready when all its pods have lost what they need.
  const trouble = await troubleOf(rendered.namespace);
  for (const line of trouble) say(`  ${line}`);
  return ready && trouble.length === 0 ? 0 : EXIT_NOT_READY;
}

/** What the overlay no longer writes; where Knative's webhook is away nobody can list EventTypes. */
async function surplus(rendered: Rendered): Promise<readonly string[]> {
  try {
    const { removable, told } = await leftovers(rendered.objects, rendered);
    return [...removable, ...told].map(
      (one) => `! ${placeOf(one)} is no longer written by the overlay`,
    );
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    const [said = ""] = error.stderr.trim().split("\n");
    return [`? it cannot be seen what the overlay no longer writes: ${said}`];
  }
}

async function runUndeploy(rendered: Rendered): Promise<number> {
  const withLedger = process.env["LEDGER"] === "delete";
  const end = await undeploy(rendered, { withLedger, log: (line) => say(`  ${line}`) });
  say(`✓ ${end}`);
  if (end === "ledger kept") {
    say(`  namespace ${rendered.ledger} holds requests; LEDGER=delete removes them as well`);
  }
  return 0;
}

process.exitCode = await main(process.argv[2]).catch((error: unknown) => {
  const expected = error instanceof NotReadyForUs || error instanceof KubectlError;
  console.error(expected ? `✗ ${error.message}` : error);
  return EXIT_NOT_READY;
});
