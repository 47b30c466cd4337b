/** The overlay that is copied for a real installation. */
import { renderInstallation } from "../support/cluster/installation.ts";
import { knativeService } from "../support/cluster/knative-service-schema.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";

const rendered = await renderInstallation({ on: "overlays/production" });
/** The quota holds this too. */
const withPublicRoute = await renderInstallation({
  on: "overlays/production",
  components: ["public-intake"],
});
const ofKind = (kind: string) => rendered.filter((one) => one.kind === kind);
const servicesOf = (manifests: readonly Manifest[]) =>
  manifests
    .filter((one) => one.apiVersion === "serving.knative.dev/v1")
    .map((one) => knativeService.parse(one));
const services = servicesOf(rendered);
const service = (name: string) => {
  const found = services.find((one) => one.metadata.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};

test("holds no secret, and no image that only exists on this machine", () => {
  expect(ofKind("Secret")).toEqual([]);
  const images = [...JSON.stringify(rendered).matchAll(/"image":"([^":]+):[\d.]+"/g)].map(
    ([, one]) => one,
  );
  expect(JSON.stringify(rendered).match(/"image":/g)).toHaveLength(images.length);
  expect(new Set(images)).toEqual(
    new Set(
      ["request-intake", "pending-scanner", "statement-builder"].map(
        (name) => `registry.example.com/transactions-collector/${name}`,
      ),
    ),
  );
});

test("the builder is who it is by its account", () => {
  const account = ofKind("ServiceAccount").find((one) => one.metadata.name === "statement-builder");
  expect(account?.metadata.annotations).toEqual({
    "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/statement-builder",
  });
});

test("the database is reached by TLS with its own CA, by the service and by Jobs", () => {
  const settings = rendered.find((one) => /^statement-builder-\w{10}$/.test(one.metadata.name));
  expect(settings?.["data"]).toMatchObject({ DATABASE_CA_FILE: "/etc/database-ca/ca.pem" });
  const { job } = ofKind("JobSink")[0]?.["spec"] as {
    job: { spec: { template: { spec: unknown } } };
  };
  for (const pod of [service("statement-builder").spec.template.spec, job.spec.template.spec]) {
    expect(pod).toMatchObject({
      containers: [{ volumeMounts: [{ name: "database-ca", mountPath: "/etc/database-ca" }] }],
      volumes: [
        {
          name: "database-ca",
          secret: { secretName: "statement-database", items: [{ key: "ca.pem", path: "ca.pem" }] },
        },
      ],
    });
  }
});

test("a drain takes intake and builders one by one, and is never blocked", () => {
  const budgets = ofKind("PodDisruptionBudget").map(({ spec }) => spec);
  expect(budgets).toEqual(
    ["request-intake", "statement-builder"].map((name) => ({
      maxUnavailable: 1,
      selector: { matchLabels: { "serving.knative.dev/service": name } },
    })),
  );
  expect(
    service("request-intake").spec.template.metadata.annotations[
      "autoscaling.knative.dev/min-scale"
    ],
  ).toBe("2");
});

describe("the quota", () => {
  const { hard } = ofKind("ResourceQuota").find((one) => one.metadata.name === "statements")?.[
    "spec"
  ] as { hard: Record<string, string> };
  const limits = ofKind("LimitRange")[0]?.["spec"] as { limits: readonly Defaults[] };
  const [proxy] = limits.limits;
  const JOBS = 8;

  interface Defaults {
    readonly defaultRequest: Resources;
    readonly default: Resources;
  }
  interface Resources {
    readonly cpu: string;
    readonly memory: string;
  }
  const number = (quantity: string | undefined): number => {
    const [, value, unit = ""] = /^(\d+)(m|Mi|Gi)?$/.exec(quantity ?? "") ?? [];
    const factors: Readonly<Record<string, number>> = { m: 0.001, "": 1, Mi: 1, Gi: 1024 };
    return Number(value) * (factors[unit] ?? NaN);
  };

  /** Twice every max-scale, each pod with its queue-proxy, and the Jobs. */
  function needed(kind: "requests" | "limits", of: keyof Resources): number {
    const share = kind === "requests" ? proxy?.defaultRequest : proxy?.default;
    const pods = servicesOf(withPublicRoute).map(({ spec: { template } }) => {
      const scale = Number(template.metadata.annotations["autoscaling.knative.dev/max-scale"]);
      const { resources } = template.spec.containers[0];
      return 2 * scale * (number(resources[kind][of]) + number(share?.[of]));
    });
    const builder = service("statement-builder").spec.template.spec.containers[0].resources;
    return pods.reduce((sum, one) => sum + one, JOBS * number(builder[kind][of]));
  }

  test.each([
    ["requests", "cpu"],
    ["requests", "memory"],
    ["limits", "cpu"],
    ["limits", "memory"],
  ] as const)("holds two revisions at full scale and eight Jobs: %s.%s", (kind, of) => {
    expect(number(hard[`${kind}.${of}`])).toBeGreaterThanOrEqual(needed(kind, of));
  });

  test("counts every pod of them", () => {
    const pods = servicesOf(withPublicRoute).reduce(
      (sum, one) =>
        sum +
        2 * Number(one.spec.template.metadata.annotations["autoscaling.knative.dev/max-scale"]),
      JOBS,
    );
    expect(Number(hard["pods"])).toBeGreaterThanOrEqual(pods);
  });
});

test("nothing of it is a sample", () => {
  const sample = (one: Manifest) =>
    one.metadata.labels?.["app.kubernetes.io/component"] === "sample";
  expect(rendered.filter(sample)).toEqual([]);
});
