/**
 * `make deploy` brings an installation to what its overlay writes, however often: on a real API server with
 * Knative's definitions, whose controllers the test plays.
 */
import { execFile } from "node:child_process";
import { mkdir, readdir, realpath, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import {
  renderInstallation,
  writeInstallation,
  type Installation,
} from "../support/cluster/installation.ts";
import { startKnativeControllers } from "../support/cluster/knative-controllers.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";
import { make, type Ended } from "../support/operator/make-deploy.ts";
import { patchStatus } from "../support/cluster/server-dry-run.ts";

const run = promisify(execFile);
const COMPONENTS = new URL("../../infra/kubernetes/components", import.meta.url).pathname;
const BASE = new URL("../../infra/kubernetes/base", import.meta.url).pathname;
const OWN = "transactions-collector.io/installation=statements";

let server: KubeApiserver;
let controllers: AsyncDisposable;
let folder: string;
const kubectl = async (...args: string[]) =>
  (await run("kubectl", ["--kubeconfig", server.kubeconfig, ...args])).stdout;

beforeAll(async () => {
  server = await startKubeApiserver();
  folder = await realpath(await mkdtemp(join(tmpdir(), "overlays-")));
  const crds = [
    ...(await knativeCrds("v0.47.0")),
    ...["PodMonitor", "PrometheusRule"].map((kind) => anyForm(kind, "monitoring.coreos.com/v1")),
    anyForm("RabbitmqBrokerConfig", "eventing.knative.dev/v1alpha1"),
  ];
  await serveCrds(server, crds);
  await server.createNamespace("knative-eventing");
  controllers = startKnativeControllers(server);
}, 600_000);
afterAll(async () => {
  await controllers[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Of others than Knative's core, as far as storing them goes. */
function anyForm(kind: string, apiVersion: string): Manifest {
  const [group = "", name = ""] = apiVersion.split("/");
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const versions = [{ name, served: true, storage: true, schema: { openAPIV3Schema } }];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: "Namespaced", names: { kind, plural }, versions },
  };
}

/** All that may be switched on and off: a Broker's class may not. */
async function allComponents(): Promise<readonly string[]> {
  const files = await readdir(COMPONENTS, { recursive: true });
  const folders = files
    .filter((file) => file.endsWith("/kustomization.yaml"))
    .map((file) => dirname(file));
  const switchable = folders.filter((name) => !["kafka", "rabbitmq"].includes(name));
  // `every-request` asks to be the last.
  const last = "jobs/every-request";
  return [...switchable.filter((name) => name !== last).toSorted(), last];
}

async function deployed(one: Installation, env: Record<string, string> = {}): Promise<Ended> {
  const overlay = join(folder, "overlay");
  await rm(overlay, { recursive: true, force: true });
  await mkdir(overlay);
  await writeInstallation(overlay, one);
  return await make("deploy", server.kubeconfig, { OVERLAY: overlay, WAIT_SECONDS: "60", ...env });
}

const KINDS = [
  ["Trigger", "triggers.eventing.knative.dev"],
  ["EventPolicy", "eventpolicies.eventing.knative.dev"],
  ["PodMonitor", "podmonitors.monitoring.coreos.com"],
  ["PrometheusRule", "prometheusrules.monitoring.coreos.com"],
  ["NetworkPolicy", "networkpolicies.networking.k8s.io"],
  ["PodDisruptionBudget", "poddisruptionbudgets.policy"],
  ["ConfigMap", "configmaps"],
] as const;

/** `Trigger statements/statement-due`, of the kinds that are pruned. */
async function there(): Promise<readonly string[]> {
  const resources = KINDS.map(([, resource]) => resource).join(",");
  const json = await kubectl("get", resources, "-A", "-l", OWN, "-o", "json");
  return titles((JSON.parse(json) as { items: Manifest[] }).items);
}

function titles(objects: readonly Manifest[]): readonly string[] {
  const kinds = new Set<string>(KINDS.map(([kind]) => kind));
  return objects
    .filter(({ kind, metadata }) => kinds.has(kind) && !metadata.name.startsWith("foreign-"))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)
    .toSorted();
}

const written = async (one: Installation) => titles(await renderInstallation(one));

test("every component switched on and off: what is there is what is written, and nothing else goes", async () => {
  const base: Installation = { on: "base" };
  const all: Installation = { on: "base", components: await allComponents() };

  const bare = await deployed(base);
  expect(bare.code).toBe(0);
  expect(bare.stdout).not.toContain("TOKEN");
  expect(await there()).toEqual(await written(base));
  await foreignObjects();

  // Refused before anything is applied: the switch for tokens is off.
  const refused = await deployed(all);
  expect(refused.stderr).toContain("need Knative's feature authentication-oidc, which is not set");
  expect(await there()).toEqual(await written(base));
  const features = ["configmap", "config-features", "-n", "knative-eventing"];
  await kubectl("create", ...features, "--from-literal=authentication-oidc=enabled");

  const on = await deployed(all);
  expect(on).toMatchObject({ code: 0 });
  // Intake asks for tokens now: what is printed to ask with has one.
  expect(on.stdout).toMatch(/curl .*-H "Authorization: Bearer \$TOKEN" -H 'content-type/);
  expect(on.stdout).toMatch(/TOKEN .*infra\/identity\.md.* --audience request-intake\n/);
  expect(on.stdout).toContain("no longer written: Trigger statement-recorded in statements\n");
  expect(await there()).toEqual(await written(all));
  const again = await deployed(all);
  expect(again.stdout).not.toContain("no longer written");
  expect(await there()).toEqual(await written(all));

  const kept = await deployed(base, { PRUNE: "no" });
  expect(kept.stdout).toContain("left, as PRUNE=no says");
  expect(kept.stdout).toContain("no longer written: Trigger statement-requested in statements\n");
  expect(await there()).toEqual(expect.arrayContaining([...(await written(all))]));
  const status = await make("status", server.kubeconfig, { OVERLAY: BASE });
  expect(status.stdout).toContain(
    "! Trigger statement-requested in statements is no longer written by the overlay",
  );

  const off = await deployed(base);
  expect(off.code).toBe(0);
  // The JobSink is told of and stays, so what its Jobs start from stays.
  for (const namespace of ["statements", "transaction-requests"])
    expect(off.stdout).toContain(`no longer written: NetworkPolicy deny-all in ${namespace}\n`);
  expect(off.stdout).toContain(
    "no longer written, and left: JobSink statement-builder in statements; " +
      "to remove it: kubectl delete jobsink.sinks.knative.dev statement-builder -n statements\n",
  );
  const sink = await kubectl(
    "get",
    "jobsink",
    "statement-builder",
    "-n",
    "statements",
    "-o",
    "json",
  );
  const surplus = (await there()).filter((one) => !sink.includes(`"${one.split("/")[1] ?? ""}"`));
  expect(surplus).toEqual(await written(base));
  await foreignObjectsAreThere();
}, 600_000);

/** Each lacks a label, or is of a kind or a place that is never touched. */
const FOREIGN = [
  [
    "Trigger",
    "eventing.knative.dev/v1",
    "statements",
    "app.kubernetes.io/part-of=transactions-collector",
  ],
  ["Trigger", "eventing.knative.dev/v1", "default", "both"],
  ["Broker", "eventing.knative.dev/v1", "statements", "both"],
  ["Secret", "v1", "statements", "both"],
  ["PersistentVolumeClaim", "v1", "statements", "both"],
  ["ConfigMap", "v1", "transaction-requests", "both"],
  ["ConfigMap", "v1", "statements", "transactions-collector.io/installation=statements"],
] as const;
const SPECS: Readonly<Record<string, object>> = {
  Trigger: { spec: { broker: "statements", subscriber: { uri: "http://consumer.example/" } } },
  Broker: { spec: {} },
  PersistentVolumeClaim: {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
};

async function foreignObjects(): Promise<void> {
  await kubectl("delete", "resourcequota", "ledger", "-n", "transaction-requests");
  for (const [i, [kind, apiVersion, namespace, which]] of FOREIGN.entries()) {
    const labels =
      which === "both" ? `app.kubernetes.io/part-of=transactions-collector,${OWN}` : which;
    const pairs = labels.split(",").map((one) => one.split("="));
    await server.apply([
      {
        apiVersion,
        kind,
        metadata: {
          name: `foreign-${i}`,
          namespace,
          labels: Object.fromEntries(pairs) as Record<string, string>,
        },
        ...SPECS[kind],
      },
    ]);
  }
}

async function foreignObjectsAreThere(): Promise<void> {
  for (const [i, [kind, , namespace]] of FOREIGN.entries())
    expect(await kubectl("get", kind, `foreign-${i}`, "-n", namespace, "-o", "name")).toContain(
      "foreign",
    );
}

test("settings that a pod started from stay as long as it is there", async () => {
  const before = await settingsName();
  await server.apply([
    {
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: { name: "running", namespace: "statements" },
      spec: {
        containers: [{ image: "dev.local/x:dev", envFrom: [{ configMapRef: { name: before } }] }],
      },
    } as never,
  ]);
  const literals = ["WAKEUPS_PER_CUSTOMER=11"];
  const changed = { name: "request-intake", namespace: "statements", behavior: "merge", literals };
  const other = { on: "base", settings: { configMapGenerator: [changed] } };
  await deployed(other);
  expect(await settingsName()).not.toBe(before);
  expect(await there()).toContain(`ConfigMap statements/${before}`);
  await kubectl("delete", "revision", "running", "-n", "statements");
  await deployed(other);
  expect(await there()).not.toContain(`ConfigMap statements/${before}`);
}, 480_000);

async function settingsName(): Promise<string> {
  const path = "jsonpath={.spec.template.spec.containers[0].envFrom[0].configMapRef.name}";
  return await kubectl("get", "ksvc", "request-intake", "-n", "statements", "-o", path);
}

test("a revision that has failed for good is tried anew, once", async () => {
  const template = async () => {
    const path = "jsonpath={.metadata.generation} {.spec.template.metadata.annotations}";
    return await kubectl("get", "ksvc", "statement-builder", "-n", "statements", "-o", path);
  };
  const [generation] = (await template()).split(" ");
  const name = `statement-builder-${generation}`;
  const revision: Manifest = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: { name, namespace: "statements" },
    spec: { containers: [{ image: "dev.local/x:dev" }] },
  };
  await server.apply([revision]);
  const message = "Initial scale was never achieved";
  await patchStatus(server, revision, {
    conditions: [{ type: "Ready", status: "False", reason: "ProgressDeadlineExceeded", message }],
  });
  const retried = await deployed({ on: "base" });
  expect(retried.stdout).toContain(
    `${name} has failed for good (ProgressDeadlineExceeded: ${message}): trying anew`,
  );
  const after = await template();
  expect(after).not.toMatch(new RegExp(`^${generation} `));
  expect(after).toContain("transactions-collector.io/retried-at");
  const settled = await deployed({ on: "base" });
  expect(settled.stdout).not.toContain("trying anew");
  expect(await template()).toBe(after);
}, 480_000);

test("a Broker that is made anew is found by the SinkBindings that were there before it", async () => {
  await kubectl("delete", "broker", "statements", "-n", "statements");
  const { code, stdout } = await deployed({ on: "base" });
  expect(code).toBe(0);
  expect(stdout).toContain("3 SinkBindings have missed their Broker: having them look again\n");
  expect(stdout).toContain("✓ everything is ready");
}, 240_000);

test("a revision that never was ready goes once another has replaced it, and no other goes", async () => {
  await kubectl("delete", "revisions", "--all", "-n", "statements");
  const path = "jsonpath={.status.latestCreatedRevisionName}";
  const latest = await kubectl("get", "ksvc", "statement-builder", "-n", "statements", "-o", path);
  const service = "statement-builder";
  for (const [name, of, status] of [
    ["dead", service, "False"],
    ["deploying", service, "Unknown"],
    ["idle", service, "True"],
    [latest, service, "Unknown"],
    ["foreign", "consumer", "False"],
  ] as const) {
    const labels = { "serving.knative.dev/service": of };
    const revision: Manifest = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: { name, namespace: "statements", labels },
      spec: { containers: [{ image: "dev.local/x:dev" }] },
    };
    await server.apply([revision]);
    await patchStatus(server, revision, { conditions: [{ type: "Ready", status }] });
  }
  const { code, stdout } = await deployed({ on: "base" });
  expect(code).toBe(0);
  expect(stdout).toContain("removed revision dead, which is not ready and has been replaced\n");
  const left = await kubectl("get", "revisions", "-n", "statements", "-o", "name");
  const names = ["foreign", "idle", latest].map((name) => `revision.serving.knative.dev/${name}`);
  expect(left.trim().split("\n")).toEqual(names);
  await kubectl("delete", "revisions", "--all", "-n", "statements");
}, 480_000);

test("another tag reaches the whole installation, the sample servers too", async () => {
  const images = (newTag: string) => ({
    images: [
      "request-intake",
      "pending-scanner",
      "statement-builder",
      "mariadb",
      "versitygw",
      "sample-bank",
    ].map((name) => ({ name: `dev.local/transactions-collector/${name}`, newTag })),
  });
  for (const tag of ["v1", "v2"]) {
    const { code, stdout, stderr } = await deployed({
      on: "overlays/local",
      settings: images(tag),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("✓ everything is ready");
  }
  const path = "jsonpath={.items[*].spec.template.spec.containers[*].image}";
  const functions = ["request-intake", "pending-scanner", "statement-builder"];
  const samples = ["mariadb", "versitygw", "sample-bank"];
  const all = [
    ...functions.map((name) => `ksvc/${name}`),
    ...samples.map((name) => `deployment/${name}`),
  ];
  const found = (await kubectl("get", ...all, "-n", "statements", "-o", path)).split(" ");
  expect(found).toHaveLength(6);
  expect(found.filter((image) => !image.endsWith(":v2"))).toEqual([]);
}, 480_000);

test("a Broker of another class is refused before anything is applied", async () => {
  await kubectl(
    "annotate",
    "broker",
    "statements",
    "-n",
    "statements",
    `${CLASS}=MTChannelBasedBroker`,
  );
  const before = await there();
  const { code, stderr } = await deployed({ on: "base", components: ["kafka", "broker-intake"] });
  expect(code).toBe(1);
  expect(stderr).toContain(
    "Broker statements is of the class MTChannelBasedBroker, and is to be Kafka",
  );
  expect(await there()).toEqual(before);
}, 240_000);

test.each([
  ["kafka", "Kafka"],
  ["rabbitmq", "RabbitMQBroker"],
])(
  "%s, and then no class named: refused, as applying it would take the class away",
  async (component, named) => {
    await kubectl("delete", "broker", "statements", "-n", "statements");
    expect(await deployed({ on: "base", components: [component] })).toMatchObject({ code: 0 });
    const { code, stderr } = await deployed({ on: "base" });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `Broker statements is of the class ${named}, and the overlay no longer names it: that can never be changed. Nothing was applied.`,
    );
    expect(
      await kubectl("get", "broker", "statements", "-n", "statements", "-o", "yaml"),
    ).toContain(`${CLASS}: ${named}`);
  },
  240_000,
);

test("a class that Knative's webhook has filled in stays, and is refused to nobody", async () => {
  await kubectl("delete", "broker", "statements", "-n", "statements");
  expect(await deployed({ on: "base" })).toMatchObject({ code: 0 });
  const broker = ["broker", "statements", "-n", "statements"];
  await kubectl("annotate", ...broker, `${CLASS}=MTChannelBasedBroker`);
  expect(await deployed({ on: "base" })).toMatchObject({ code: 0 });
  expect(await kubectl("get", ...broker, "-o", "yaml")).toContain(`${CLASS}: MTChannelBasedBroker`);
}, 240_000);

const CLASS = "eventing.knative.dev/broker.class";
