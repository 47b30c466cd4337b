/** What holds for every installation: each overlay, each component, and their combinations. */
import { readConfig } from "../../functions/platform/settings/config.ts";
import { requestIntakeConfig } from "../../functions/request-intake/config.ts";
import { INSTALLATIONS, renderInstallation, titleOf } from "../support/cluster/installation.ts";
import {
  eventingManifest,
  type EventingKind,
  type EventingManifest,
} from "../support/cluster/knative-eventing-schema.ts";
import { knativeService } from "../support/cluster/knative-service-schema.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";
import { RESTRICTED } from "../support/cluster/restricted-container.ts";

/** Kinds of Kubernetes itself, which the tests with a real API server check field by field. */
const CORE = [
  "Namespace",
  "ResourceQuota",
  "LimitRange",
  "ConfigMap",
  "Secret",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "Service",
  "Deployment",
  "Job",
  "NetworkPolicy",
  "PodDisruptionBudget",
];
const isKnativeService = (one: Manifest) => one.apiVersion === "serving.knative.dev/v1";
const isCore = (one: Manifest) => !isKnativeService(one) && CORE.includes(one.kind);

const rendered = await Promise.all(
  INSTALLATIONS.map(async (one) => [titleOf(one), await renderInstallation(one)] as const),
);

describe.each(rendered)("%s", (title, manifests) => {
  const others = manifests.filter((one) => !isKnativeService(one) && !isCore(one));

  function ofKind<K extends EventingKind>(kind: K) {
    return others
      .filter((one) => one.kind === kind)
      .map((one) => eventingManifest.parse(one) as Extract<EventingManifest, { kind: K }>);
  }
  const exists = (kind: string, name: string) =>
    manifests.some((one) => one.kind === kind && one.metadata.name === name);

  /** As its container has them: a later ConfigMap goes over an earlier one. */
  function settingsOf(service: Manifest): Record<string, string> {
    const { envFrom } = knativeService.parse(service).spec.template.spec.containers[0];
    const data = envFrom.map(({ configMapRef: { name } }) => {
      return manifests.find((one) => one.kind === "ConfigMap" && one.metadata.name === name)?.[
        "data"
      ];
    });
    return Object.assign({ K_SINK: "http://broker.example" }, ...data) as Record<string, string>;
  }

  test("has no object twice, and none without a namespace", () => {
    const keys = manifests.map((one) => [
      one.apiVersion,
      one.kind,
      one.metadata.namespace,
      one.metadata.name,
    ]);
    expect(new Set(keys.map((key) => key.join(" "))).size).toBe(manifests.length);
    for (const one of manifests) {
      if (one.kind !== "Namespace") expect(one.metadata.namespace).toBeDefined();
    }
  });

  test("has no field, and no kind, that nobody has looked up", () => {
    for (const one of manifests.filter(isKnativeService)) {
      expect(knativeService.safeParse(one).error).toBeUndefined();
    }
    for (const one of others) expect(eventingManifest.safeParse(one).error).toBeUndefined();
  });

  test("refers to nothing that is not there", () => {
    const references = [
      ...ofKind("Trigger").flatMap(({ spec }) => [
        ["Broker", spec.broker],
        [spec.subscriber.ref.kind, spec.subscriber.ref.name],
      ]),
      ...ofKind("PingSource").map(({ spec }) => [spec.sink.ref.kind, spec.sink.ref.name]),
      ...ofKind("SinkBinding").flatMap(({ spec: { subject, sink } }) => [
        [sink.ref.kind, sink.ref.name],
        ...(subject.kind === "Service" ? [[subject.kind, subject.name]] : []),
      ]),
      ...ofKind("EventType").map(({ spec }) => [spec.reference.kind, spec.reference.name]),
      ...ofKind("EventPolicy").flatMap(({ spec }) =>
        [...spec.to, ...spec.from].map(({ ref }) => [ref.kind, ref.name]),
      ),
      ...ofKind("Broker").flatMap(({ spec: { config } }) =>
        config ? [[config.kind, config.name]] : [],
      ),
    ];
    const missing = references.filter(([kind = "", name = ""]) => !exists(kind, name));
    expect(missing).toEqual([]);
    // Generated ConfigMaps are found under their generated names.
    const text = JSON.stringify(manifests);
    const named = [...text.matchAll(/"configMapRef":\{"name":"([^"]+)"/g)].map(([, name]) => name);
    expect(named.filter((name) => !exists("ConfigMap", name ?? ""))).toEqual([]);
  });

  test("every container is restricted, and has requests and a limit of memory", () => {
    const containers = manifests.flatMap(containersOf);
    expect(containers.length).toBeGreaterThan(2);
    for (const container of containers) {
      expect(container.securityContext).toEqual(RESTRICTED);
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
        limits: { memory: expect.any(String) as string },
      });
    }
  });

  test("nothing but public-intake can be reached from outside, and that asks for tokens", () => {
    const reachable = manifests
      .filter(isKnativeService)
      .filter((one) => one.metadata.labels?.["networking.knative.dev/visibility"] === undefined);
    const wanted = title.includes("public-intake") ? ["public-intake"] : [];
    expect(reachable.map((one) => one.metadata.name)).toEqual(wanted);
    for (const one of reachable) {
      expect(() => readConfig(requestIntakeConfig, settingsOf(one))).not.toThrow();
      expect(settingsOf(one)).toMatchObject({
        PUBLIC_ROUTE: "true",
        OIDC_ISSUER: expect.stringMatching(/^https:/) as string,
        OIDC_AUDIENCE: "public-intake",
      });
    }
    for (const one of manifests.filter((m) => m.apiVersion === "v1" && m.kind === "Service")) {
      expect((one["spec"] as { type?: string }).type).toBeUndefined();
    }
  });

  test("the scanner offers what the builders can take, and one pod of it does", () => {
    const scale = (name: string) =>
      knativeService.parse(
        manifests.find((one) => isKnativeService(one) && one.metadata.name === name),
      ).spec.template.metadata.annotations["autoscaling.knative.dev/max-scale"];
    const settings = manifests.find((one) => /^pending-scanner-\w{10}$/.test(one.metadata.name));
    expect(settings?.["data"]).toMatchObject({ BUILDER_CAPACITY: scale("statement-builder") });
    expect(scale("pending-scanner")).toBe("1");
  });

  test("a token is meant for whom it is sent to", () => {
    const withOidc = ofKind("EventPolicy").length > 0;
    for (const { spec } of ofKind("Trigger")) {
      const { ref, audience } = spec.subscriber;
      // A JobSink tells its own audience.
      expect(audience).toBe(withOidc && ref.kind === "Service" ? ref.name : undefined);
      expect(spec.delivery.deadLetterSink.audience).toBe(withOidc ? "request-intake" : undefined);
    }
    for (const { spec } of ofKind("PingSource")) {
      expect(spec.sink.audience).toBe(withOidc ? "pending-scanner" : undefined);
    }
  });

  test("what cannot be delivered goes to a host without a route from outside", () => {
    const sinks = [
      ...ofKind("Broker").map(({ spec }) => spec.delivery.deadLetterSink.uri),
      ...ofKind("Trigger").map(({ spec }) => spec.delivery.deadLetterSink.uri),
    ];
    expect(sinks.length).toBeGreaterThan(2);
    expect(new Set(sinks)).toEqual(new Set(["http://request-intake.statements.svc/dead-letter"]));
    const parking = manifests.find(
      (one) => isKnativeService(one) && one.metadata.name === "request-intake",
    );
    expect(parking?.metadata.labels).toMatchObject({
      "networking.knative.dev/visibility": "cluster-local",
    });
  });

  test("requests go to the path of intake whose answer is no event", () => {
    for (const { spec } of ofKind("Trigger")) {
      const { ref, uri } = spec.subscriber;
      expect(uri).toBe(ref.name === "request-intake" ? "/broker" : undefined);
    }
  });

  test("a Trigger waits longer than its subscriber may take", () => {
    const seconds = { "statement-builder": 600, "request-intake": 60, JobSink: 10 };
    for (const { spec } of ofKind("Trigger")) {
      const { kind, name } = spec.subscriber.ref;
      const longest = seconds[(kind === "JobSink" ? kind : name) as keyof typeof seconds];
      const [, minutes, rest] = /^PT(?:(\d+)M)?(?:(\d+)S)?$/.exec(spec.delivery.timeout) ?? [];
      expect(Number(minutes ?? 0) * 60 + Number(rest ?? 0)).toBeGreaterThan(longest);
    }
  });
});

interface Container {
  readonly securityContext?: unknown;
  readonly resources?: unknown;
}

function containersOf(value: unknown): readonly Container[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) =>
    field === "containers" ? (inner as Container[]) : containersOf(inner),
  );
}
