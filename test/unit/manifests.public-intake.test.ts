/** The one door to the outside: not without tokens, and to nothing but events. */
import { renderInstallation } from "../support/cluster/installation.ts";
import { knativeService } from "../support/cluster/knative-service-schema.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";

const find = (manifests: readonly Manifest[], kind: string, name: string): Manifest | undefined =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);

test.each([[["public-intake"]], [["public-intake", "oidc"]], [["jobs", "public-intake"]]])(
  "cannot be rendered without oidc in front of it: %j",
  async (components) => {
    await expect(renderInstallation({ on: "base", components })).rejects.toThrow(
      /no (resource )?match(es)?.*EventPolicy/s,
    );
  },
);

test("is rendered with it, as request-intake with a host of its own", async () => {
  const manifests = await renderInstallation({ on: "base", components: ["oidc", "public-intake"] });
  const base = knativeService.parse(find(manifests, "Service", "request-intake"));
  const door = knativeService.parse(find(manifests, "Service", "public-intake"));
  expect(door.metadata.labels).not.toHaveProperty("networking.knative.dev/visibility");
  expect(base.metadata.labels["networking.knative.dev/visibility"]).toBe("cluster-local");
  // The same program, account, probes and bounds.
  const [{ envFrom, ...container }] = door.spec.template.spec.containers;
  const [{ envFrom: ofBase, ...same }] = base.spec.template.spec.containers;
  expect(container).toEqual(same);
  expect(envFrom).toHaveLength(2);
  expect(envFrom[0]).toEqual(ofBase[0]);
  expect({ ...door.spec.template.spec, containers: [] }).toEqual({
    ...base.spec.template.spec,
    containers: [],
  });
  expect(door.spec.template.metadata.labels).toEqual(base.spec.template.metadata.labels);
});

test("sends into the Broker as request-intake does", async () => {
  const manifests = await renderInstallation({ on: "base", components: ["oidc", "public-intake"] });
  expect(find(manifests, "EventPolicy", "request-intake")?.["spec"]).toMatchObject({
    to: [{ ref: { kind: "Broker", name: "statements" } }],
    from: [
      { ref: { kind: "SinkBinding", name: "request-intake" } },
      { ref: { kind: "SinkBinding", name: "public-intake" } },
    ],
    filters: [{ exact: { source: "/transactions-collector/request-intake" } }],
  });
  expect(find(manifests, "SinkBinding", "public-intake")?.["spec"]).toMatchObject({
    subject: { kind: "Service", name: "public-intake" },
    sink: { ref: { kind: "Broker", name: "statements" } },
  });
});
