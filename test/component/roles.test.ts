import { AuthorizationV1Api, KubeConfig } from "@kubernetes/client-node";
import { renderInstallation } from "../support/cluster/installation.ts";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";

const LEDGER = "transaction-requests";
const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/** Besides its own rights, Kubernetes lets every account ask about itself and read the API's shape. */
const FUNCTIONS = [
  ["request-intake", ["get", "create"]],
  ["pending-scanner", ["list", "watch", "delete"]],
  ["statement-builder", ["get", "update"]],
  ["status-api", ["get", "list", "create"]],
] as const;

/** With everything that runs as these accounts, and everything that might add to their rights. */
const rendered = await renderInstallation({
  on: "overlays/production",
  components: ["kafka", "broker-intake", "monitoring", "status-api"],
});
const core = rendered.filter((manifest) => !manifest.apiVersion.includes("knative.dev"));
const namespaces = core.filter((manifest) => manifest.kind === "Namespace");
const accounts = core.filter((manifest) =>
  ["ServiceAccount", "Role", "RoleBinding"].includes(manifest.kind),
);

/** Without a namespace: in the whole cluster. */
interface Target {
  readonly namespace?: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
  await server.apply(namespaces);
}, 600_000);
afterAll(() => server[Symbol.asyncDispose]());

test("there are these accounts, and rights of theirs in the ledger alone", () => {
  const names = (kind: string) =>
    accounts.filter((one) => one.kind === kind).map(({ metadata }) => metadata);
  const functions = FUNCTIONS.map(([name]) => name).toSorted();
  expect(names("ServiceAccount").map(({ name }) => name)).toEqual(functions);
  for (const kind of ["Role", "RoleBinding"]) {
    expect(names(kind).map(({ name, namespace }) => [name, namespace])).toEqual(
      functions.map((name) => [name, LEDGER]),
    );
  }
  expect(rendered.filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
});

describe.each(FUNCTIONS)("%s", (name, allowed) => {
  let api: AuthorizationV1Api;
  let kubeconfig: string;
  beforeAll(async () => {
    await server.apply(accounts);
    const config = new KubeConfig();
    kubeconfig = await server.serviceAccountKubeconfig("statements", name);
    config.loadFromFile(kubeconfig);
    api = config.makeApiClient(AuthorizationV1Api);
  });

  /** The verbs this account may use there, as the API server itself decides. */
  async function allowedVerbs(target: Target, verbs = VERBS): Promise<string[]> {
    const decided = await Promise.all(
      verbs.map(async (verb) => {
        const spec = { resourceAttributes: { ...target, verb } };
        const review = await api.createSelfSubjectAccessReview({ body: { spec } });
        return review.status?.allowed ? [verb] : [];
      }),
    );
    return decided.flat();
  }

  test(`may ${allowed.join(" and ")} ConfigMaps of the ledger, and no more`, async () => {
    expect(await allowedVerbs({ namespace: LEDGER, resource: "configmaps" })).toEqual(allowed);
  });

  test("finds no record under what is no name, and is refused nothing where it may get", async () => {
    if (!(allowed as readonly string[]).includes("get")) return;
    const ledger = makeConfigMapLedger({ namespace: LEDGER, kubeconfig, tries: 1 });
    for (const name of [".", "..", "a/b", "../secrets/a", "%2e", "A b", "a..b", ""])
      expect(await ledger.read(name)).toBeUndefined();
  });

  test("may write how many records each source has only if it is the scanner", async () => {
    const target = { namespace: LEDGER, resource: "configmaps", name: "records-by-source" };
    const own = name === "pending-scanner" ? ["list", "watch", "patch", "delete"] : allowed;
    expect(await allowedVerbs(target)).toEqual(own);
  });

  test.each([
    ["ConfigMaps beside the functions", { namespace: "statements", resource: "configmaps" }],
    ["ConfigMaps of another namespace", { namespace: "default", resource: "configmaps" }],
    ["ConfigMaps of the whole cluster", { resource: "configmaps" }],
    ["Secrets beside the functions", { namespace: "statements", resource: "secrets" }],
    ["Secrets in the ledger", { namespace: LEDGER, resource: "secrets" }],
    ["Pods", { namespace: "statements", resource: "pods" }],
    ["the ledger's quota", { namespace: LEDGER, resource: "resourcequotas" }],
    ["Namespaces", { resource: "namespaces" }],
    ["accounts", { namespace: "statements", resource: "serviceaccounts" }],
    ["Leases", { namespace: LEDGER, group: "coordination.k8s.io", resource: "leases" }],
    ["Jobs", { namespace: "statements", group: "batch", resource: "jobs" }],
    ["JobSinks", { namespace: "statements", group: "sinks.knative.dev", resource: "jobsinks" }],
    ["Events", { namespace: "statements", resource: "events" }],
    [
      "EventPolicies",
      { namespace: "statements", group: "eventing.knative.dev", resource: "eventpolicies" },
    ],
    [
      "NetworkPolicies",
      { namespace: "statements", group: "networking.k8s.io", resource: "networkpolicies" },
    ],
    ["nodes", { resource: "nodes" }],
    ["Triggers", { namespace: "statements", group: "eventing.knative.dev", resource: "triggers" }],
    [
      "Knative Services",
      { namespace: "statements", group: "serving.knative.dev", resource: "services" },
    ],
  ])("may do nothing with %s", async (_, target) => {
    expect(await allowedVerbs(target)).toEqual([]);
  });

  test("cannot get itself more rights", async () => {
    const group = "rbac.authorization.k8s.io";
    const verbs = [...VERBS, "bind", "escalate"];
    const roles = { namespace: LEDGER, group, resource: "roles" };
    expect(await allowedVerbs(roles, verbs)).toEqual([]);
    expect(await allowedVerbs({ ...roles, resource: "rolebindings" }, verbs)).toEqual([]);
    expect(await allowedVerbs({ resource: "users" }, ["impersonate"])).toEqual([]);
    const token = { namespace: "statements", resource: "serviceaccounts", subresource: "token" };
    expect(await allowedVerbs(token, ["create"])).toEqual([]);
  });
});
