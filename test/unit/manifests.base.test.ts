import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Cron } from "croner";
import { DEADLINE_MARGIN_MS as AFTER_OFFERS_MS } from "../../functions/pending-scanner/index.ts";
import { DEADLINE_MS as INTAKE_DEADLINE_MS } from "../../functions/request-intake/index.ts";
import { BEYOND_BUILD_MS } from "../../functions/statement-builder/index.ts";
import { eventingObject } from "../../infra/local/cluster/router/manifest-schema.ts";
import { renderInstallation } from "../support/cluster/installation.ts";
import { knativeService, type KnativeService } from "../support/cluster/knative-service-schema.ts";
import { render, type Manifest } from "../support/cluster/kustomize.ts";
import { REPOSITORY } from "../support/document-blocks.ts";
import { RESTRICTED } from "../support/cluster/restricted-container.ts";

const FUNCTIONS = ["pending-scanner", "request-intake", "statement-builder"] as const;
type Name = (typeof FUNCTIONS)[number];

const rendered = await render("infra/kubernetes/base");

const ofKind = (kind: string) => rendered.filter((manifest) => manifest.kind === kind);
const names = (manifests: readonly Manifest[]) => manifests.map((one) => one.metadata.name);

function find(kind: string, name: string, of: readonly Manifest[] = rendered): Manifest {
  const found = of.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

const service = (name: Name): KnativeService => knativeService.parse(find("Service", name));
const podOf = (name: Name) => service(name).spec.template.spec;
const scalingOf = (name: Name) => service(name).spec.template.metadata.annotations;
const containerOf = (name: Name) => podOf(name).containers[0];

/** The settings of a function, from the generated ConfigMap its container names. */
function settingsOf(name: Name): Readonly<Record<string, string>> {
  const [{ configMapRef } = { configMapRef: { name: "" } }] = containerOf(name).envFrom;
  return find("ConfigMap", configMapRef.name)["data"] as Readonly<Record<string, string>>;
}
const seconds = (name: Name, variable: string) => Number(settingsOf(name)[variable]);

test.each(FUNCTIONS)("%s asks for the memory that platform.md derives", async (name) => {
  const text = await readFile(join(REPOSITORY, "infra/kubernetes/platform.md"), "utf8");
  const row = text.split("\n").find((line) => line.startsWith(`| ${name} `)) ?? "";
  const [, request = "none"] = /\| +(\d+ Mi) \|[^|]*\|$/.exec(row) ?? [];
  expect(containerOf(name).resources.requests.memory).toBe(request.replace(" ", ""));
});

test("the base holds what it should and nothing else", () => {
  const counts = Object.groupBy(rendered, (manifest) => manifest.kind);
  expect(
    Object.fromEntries(Object.entries(counts).map(([kind, all]) => [kind, all?.length])),
  ).toEqual({
    Namespace: 2,
    ResourceQuota: 1,
    ConfigMap: 4,
    ServiceAccount: 3,
    Role: 3,
    RoleBinding: 3,
    Service: 3,
    Broker: 1,
    Trigger: 2,
    PingSource: 1,
    SinkBinding: 3,
    EventType: 6,
  });
});

test("the ledger's namespace holds its rules alone; everything else lives in statements", () => {
  expect(names(ofKind("Namespace"))).toEqual(
    expect.arrayContaining(["statements", "transaction-requests"]),
  );
  const inLedger = rendered.filter((one) => one.metadata.namespace === "transaction-requests");
  expect(new Set(inLedger.map((one) => one.kind))).toEqual(
    new Set(["ResourceQuota", "ConfigMap", "Role", "RoleBinding"]),
  );
  const elsewhere = rendered.filter((one) => !inLedger.includes(one) && one.kind !== "Namespace");
  expect(new Set(elsewhere.map((one) => one.metadata.namespace))).toEqual(new Set(["statements"]));
});

test("both namespaces admit restricted pods only", () => {
  const namespaces = ofKind("Namespace");
  expect(namespaces).toHaveLength(2);
  for (const namespace of namespaces) {
    expect(namespace.metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    });
  }
});

test("the ledger has a fuse", () => {
  expect(find("ResourceQuota", "ledger")["spec"]).toEqual({
    hard: { "count/configmaps": "400000", pods: "0" },
  });
});

test("no source may fill more than four fifths of it", () => {
  const most = Number(settingsOf("request-intake")["MAX_RECORDS_PER_SOURCE"]);
  expect(most).toBe(160_000);
  // A record and an index each.
  expect(2 * most * 5).toBe(400_000 * 4);
});

test("what the scanner writes is shipped empty, so that nothing applied takes it away", () => {
  expect(Object.keys(find("ConfigMap", "records-by-source"))).toEqual([
    "apiVersion",
    "kind",
    "metadata",
  ]);
});

test("no Secret is in the base", () => {
  expect(ofKind("Secret")).toEqual([]);
});

describe.each(FUNCTIONS)("%s", (name) => {
  test("is a Knative Service without a field that nobody has looked up", () => {
    expect(knativeService.safeParse(find("Service", name)).error).toBeUndefined();
  });

  test("runs as its own account under the restricted profile", () => {
    expect(podOf(name).serviceAccountName).toBe(name);
    expect(find("ServiceAccount", name)["automountServiceAccountToken"]).toBe(true);
    expect(containerOf(name).securityContext).toEqual(RESTRICTED);
  });

  test("is probed where the functions answer, on the port they listen on", () => {
    expect(containerOf(name).readinessProbe.httpGet.path).toBe("/health/readiness");
    expect(containerOf(name).livenessProbe.httpGet.path).toBe("/health/liveness");
    expect(containerOf(name).ports[0].containerPort).toBe(8080);
  });

  test("has its image set in one place, under a name that Knative does not resolve", () => {
    expect(containerOf(name).image).toBe(`dev.local/transactions-collector/${name}:dev`);
  });

  test("scales to zero and has a bound", () => {
    expect(scalingOf(name)["autoscaling.knative.dev/min-scale"]).toBe("0");
    expect(Number(scalingOf(name)["autoscaling.knative.dev/max-scale"])).toBeGreaterThan(0);
  });

  test("drains within its grace period, which is timeoutSeconds", () => {
    expect(seconds(name, "DRAIN_SECONDS")).toBeGreaterThan(0);
    expect(seconds(name, "DRAIN_SECONDS")).toBeLessThan(podOf(name).timeoutSeconds);
  });

  test("keeps its records where the Roles are", () => {
    expect(settingsOf(name)["LEDGER_NAMESPACE"]).toBe("transaction-requests");
    const binding = find("RoleBinding", name);
    expect(binding.metadata.namespace).toBe("transaction-requests");
    expect(binding["roleRef"]).toEqual({
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Role",
      name,
    });
    expect(binding["subjects"]).toEqual([
      { kind: "ServiceAccount", name, namespace: "statements" },
    ]);
  });
});

test.each([
  ["request-intake", [{ verbs: ["create", "get"] }]],
  [
    "pending-scanner",
    [
      { verbs: ["list", "watch", "delete"] },
      { verbs: ["patch"], resourceNames: ["records-by-source"] },
    ],
  ],
  ["statement-builder", [{ verbs: ["get", "update"] }]],
])("the Role of %s is %j on ConfigMaps", (name, rights) => {
  expect(find("Role", name)["rules"]).toEqual(
    rights.map((right) => ({ apiGroups: [""], resources: ["configmaps"], ...right })),
  );
});

test("nothing can be reached from outside the cluster", () => {
  const visibility = FUNCTIONS.map((name) => [
    name,
    service(name).metadata.labels["networking.knative.dev/visibility"],
  ]);
  expect(visibility).toEqual([
    ["pending-scanner", "cluster-local"],
    ["request-intake", "cluster-local"],
    ["statement-builder", "cluster-local"],
  ]);
});

describe("timeouts nest", () => {
  const builder = podOf("statement-builder");

  test("build < drain < timeoutSeconds = responseStartTimeoutSeconds = 600 < Trigger", () => {
    const build = seconds("statement-builder", "BUILD_DEADLINE_SECONDS");
    expect(build).toBeLessThan(seconds("statement-builder", "DRAIN_SECONDS"));
    expect(builder.timeoutSeconds).toBe(600);
    expect(builder.responseStartTimeoutSeconds).toBe(600);
    const triggers = ofKind("Trigger").map((manifest) => eventingObject.parse(manifest));
    expect(triggers).toHaveLength(2);
    for (const trigger of triggers) {
      if (trigger.kind !== "Trigger") throw new Error("no Trigger");
      expect(trigger.spec.delivery?.timeout).toBeGreaterThan(600 * 1000);
    }
  });

  test.each([
    ["request-intake", INTAKE_DEADLINE_MS],
    [
      "pending-scanner",
      seconds("pending-scanner", "TICK_DEADLINE_SECONDS") * 1000 + AFTER_OFFERS_MS,
    ],
  ] as const)(
    "an answer of %s and a drain after it are over before timeoutSeconds",
    (name, answerMs) => {
      const { timeoutSeconds, responseStartTimeoutSeconds } = podOf(name);
      expect(answerMs / 1000 + seconds(name, "DRAIN_SECONDS")).toBeLessThan(timeoutSeconds);
      expect(responseStartTimeoutSeconds).toBe(timeoutSeconds);
    },
  );

  test("a Broker waits for intake's own answer, and for a pod that has to start before it", async () => {
    const all = await renderInstallation({ on: "base", components: ["broker-intake"] });
    const trigger = eventingObject.parse(find("Trigger", "statement-requested", all));
    if (trigger.kind !== "Trigger") throw new Error("no Trigger");
    expect(trigger.spec.delivery?.timeout).toBe(INTAKE_DEADLINE_MS + 40_000);
  });

  // Both together are more than Knative lets anybody have; a drain lets the build end that is under way, so it
  // is enough that each is over by then.
  test("an answer of statement-builder is over before timeoutSeconds, and so is a drain", () => {
    const answer = seconds("statement-builder", "BUILD_DEADLINE_SECONDS") + BEYOND_BUILD_MS / 1000;
    expect(answer).toBeLessThan(builder.timeoutSeconds);
    expect(seconds("statement-builder", "DRAIN_SECONDS")).toBeLessThan(builder.timeoutSeconds);
  });

  test("the renewals, the lease and the build", () => {
    const [renew, lease, build] = [
      "LEASE_RENEW_SECONDS",
      "LEASE_SECONDS",
      "BUILD_DEADLINE_SECONDS",
    ];
    const value = (variable: string | undefined) => seconds("statement-builder", variable ?? "");
    expect(value(renew) * 2).toBeLessThanOrEqual(value(lease));
    expect(value(lease)).toBeLessThan(value(build));
  });

  test("a tick ends before the next one, and what it offers last is enough until then", () => {
    const tick = seconds("pending-scanner", "TICK_DEADLINE_SECONDS");
    const source = ofKind("PingSource").map((manifest) => eventingObject.parse(manifest))[0];
    if (source?.kind !== "PingSource") throw new Error("no PingSource");
    const [first, second] = new Cron(source.spec.schedule, { paused: true }).nextRuns(2);
    const period = (Number(second) - Number(first)) / 1000;
    expect(period).toBe(60);
    // It comes up to half a second late, and what is offered at the end lasts for a quarter of a tick.
    expect(tick).toBeLessThanOrEqual(period - 5);
    expect(tick * 1.25).toBeGreaterThan(period);
  });
});

/** A revision that waits for longer than its deadline is dead forever; half an hour is an outage as it comes. */
test.each(FUNCTIONS)("a revision of %s outlasts an outage of what it waits for", (name) => {
  const [, hours = "0"] =
    /^(\d+)h$/.exec(scalingOf(name)["serving.knative.dev/progress-deadline"]) ?? [];
  expect(Number(hours)).toBeGreaterThanOrEqual(1);
});

describe("the builder's scale", () => {
  test("one build a pod, and nothing waits behind it", () => {
    expect(podOf("statement-builder").containerConcurrency).toBe(1);
    expect(scalingOf("statement-builder")).toEqual({
      "serving.knative.dev/progress-deadline": "24h",
      "autoscaling.knative.dev/metric": "concurrency",
      "autoscaling.knative.dev/target": "1",
      "autoscaling.knative.dev/target-utilization-percentage": "100",
      "autoscaling.knative.dev/target-burst-capacity": "-1",
      "autoscaling.knative.dev/min-scale": "0",
      "autoscaling.knative.dev/max-scale": "8",
    });
  });

  test("the scanner offers as much as the builders can take", () => {
    expect(settingsOf("pending-scanner")["BUILDER_CAPACITY"]).toBe(
      scalingOf("statement-builder")["autoscaling.knative.dev/max-scale"],
    );
  });
});

test("the retention is one, and longer than an event may be late", () => {
  const retention = seconds("pending-scanner", "RETENTION_DAYS");
  const window = seconds("pending-scanner", "EVENT_WINDOW_DAYS");
  expect(seconds("request-intake", "RETENTION_DAYS")).toBe(retention);
  expect(seconds("request-intake", "EVENT_WINDOW_DAYS")).toBe(window);
  expect(window).toBeLessThan(retention);
});

test("the events go to services and a Broker that exist", () => {
  const referred = JSON.stringify(rendered.filter((one) => one.apiVersion.includes("knative.dev")));
  const references = referred.matchAll(/"kind":"(Service|Broker)","name":"([a-z-]+)"/g);
  const targets = new Set([...references].map(([, kind, name]) => `${kind} ${name}`));
  expect(targets).toEqual(
    new Set([...FUNCTIONS.map((name) => `Service ${name}`), "Broker statements"]),
  );
});
