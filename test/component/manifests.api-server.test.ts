/**
 * Every object of every installation, shown to a real API server that has Knative's published
 * schemas: the oldest Knative that is supported, and a new one. Pods are shown to it as well, in a
 * namespace that admits restricted ones only.
 */
import { INSTALLATIONS, renderInstallation, titleOf } from "../support/cluster/installation.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";
import { serverDryRun } from "../support/cluster/server-dry-run.ts";

/** Of others than Knative's core; the unit tests hold their fields. */
const OTHERS = ["PodMonitor", "PrometheusRule", "RabbitmqBrokerConfig"];

const rendered = await Promise.all(
  INSTALLATIONS.map(async (one) => [titleOf(one), await renderInstallation(one)] as const),
);

interface PodSpec {
  readonly containers: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}

describe.each([
  // Filters of EventPolicies, which `oidc` needs, came later.
  ["v0.42.0", rendered.filter(([, all]) => !all.some(({ kind }) => kind === "EventPolicy"))],
  ["v0.47.0", rendered],
] as const)("Knative %s", (version, installations) => {
  let server: KubeApiserver;
  beforeAll(async () => {
    server = await startKubeApiserver();
    const crds = await knativeCrds(version);
    await serveCrds(server, crds);
    const [, base = []] = rendered[0] ?? [];
    await server.apply(base.filter(({ kind }) => kind === "Namespace"));
    // Of components too: a pod is refused without its own.
    const accounts = rendered.flatMap(([, all]) =>
      all.filter(({ kind }) => kind === "ServiceAccount"),
    );
    await server.apply([...new Map(accounts.map((one) => [one.metadata.name, one])).values()]);
    // What a controller would make.
    await server.apply([
      { apiVersion: "v1", kind: "ServiceAccount", metadata: account("default") },
    ]);
  }, 600_000);
  afterAll(() => server[Symbol.asyncDispose]());

  async function refusals(manifests: readonly Manifest[]): Promise<readonly string[]> {
    const answers = await Promise.all(
      manifests.map(async (one) => [one, await serverDryRun(server, one)] as const),
    );
    return answers.flatMap(([{ kind, metadata }, { status, body }]) =>
      status < 300 ? [] : [`${kind} ${metadata.name}: ${String(body.message)}`],
    );
  }

  test.each(installations)("would take every object of %s", async (_, manifests) => {
    const known = manifests.filter(({ kind }) => !OTHERS.includes(kind));
    expect(await refusals(known)).toEqual([]);
    const jobs = known.filter(({ kind }) => kind === "JobSink").map(jobOf);
    expect(await refusals([...jobs, ...[...known, ...jobs].flatMap(podsOf)])).toEqual([]);
  });

  test("would not take a misspelt field, nor a pod that runs as root", async () => {
    const [, local = []] = installations.find(([title]) => title === "overlays/local") ?? [];
    const tick = local.find(({ kind }) => kind === "PingSource");
    const deployment = local.find(({ kind }) => kind === "Deployment");
    if (!tick || !deployment) throw new Error("not there");
    const misspelt = { ...tick, spec: { ...(tick["spec"] as object), schedules: "* * * * *" } };
    const [pod] = podsOf(deployment);
    const { containers, ...rest } = pod?.["spec"] as PodSpec;
    const asRoot = containers.map(({ securityContext, ...container }) => container);
    const refused = await refusals([
      misspelt,
      { ...(pod as Manifest), spec: { ...rest, containers: asRoot } },
    ]);
    expect(refused).toEqual([
      expect.stringContaining(".spec.schedules: field not declared in schema"),
      expect.stringContaining('violates PodSecurity "restricted:latest"'),
    ]);
  });
});

const account = (name: string) => ({ name, namespace: "statements" });

/** The Job that a JobSink makes of an event. */
function jobOf(sink: Manifest): Manifest {
  const { job } = sink["spec"] as { job: { metadata: object; spec: object } };
  const metadata = { ...job.metadata, ...sink.metadata };
  return { apiVersion: "batch/v1", kind: "Job", metadata, spec: job.spec };
}

/** The pods an object leads to, as far as its own template says. */
function podsOf({ apiVersion, kind, metadata, ...manifest }: Manifest): readonly Manifest[] {
  const { template } = (manifest["spec"] ?? {}) as { template?: { spec: PodSpec } };
  if (!template) return [];
  const { name, namespace = "" } = metadata;
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace } };
  if (apiVersion !== "serving.knative.dev/v1") return [{ ...pod, spec: template.spec }];
  // Knative's own fields, and the port it fills into probes.
  const { containers, enableServiceLinks, serviceAccountName, volumes } = template.spec;
  const probed = containers.map(({ readinessProbe, livenessProbe, ...container }) => container);
  return [
    { ...pod, spec: { containers: probed, enableServiceLinks, serviceAccountName, volumes } },
  ];
}
