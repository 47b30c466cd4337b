/** Who may connect to whom: nothing is open to the world, and everything a function needs is named. */
import { readFile } from "node:fs/promises";
import { BlockList, isIPv6 } from "node:net";
import { INSTALLATIONS, renderInstallation, titleOf } from "../support/cluster/installation.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: object;
  readonly podSelector?: object;
}
interface Rule {
  readonly to?: readonly Peer[];
  readonly from?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
}
interface Policy {
  readonly podSelector: {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly {
      readonly key: string;
      readonly operator: string;
      readonly values?: readonly string[];
    }[];
  };
  readonly policyTypes: readonly string[];
  readonly egress?: readonly Rule[];
  readonly ingress?: readonly Rule[];
}

const policiesOf = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map(({ metadata, spec }) => ({
      name: metadata.name,
      namespace: metadata.namespace,
      ...(spec as Policy),
    }));

const withPolicies = (
  await Promise.all(
    INSTALLATIONS.map(
      async (one) => [titleOf(one), policiesOf(await renderInstallation(one))] as const,
    ),
  )
).filter(([, policies]) => policies.some(({ name }) => name === "deny-all"));

test("three installations have them at least", () => {
  expect(withPolicies.length).toBeGreaterThanOrEqual(3);
});

/** What a callback may not reach, of the addresses that clusters and clouds have. */
const CLOSED = [
  ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"],
  ["::1", "fd00:ec2::254", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"],
].flat();

/** The whole public network, and nothing beside it. */
function isPublic({ cidr, except = [] }: NonNullable<Peer["ipBlock"]>): boolean {
  const isIn = (address: string, block: string): boolean => {
    const [network = "", bits] = block.split("/");
    const family = isIPv6(network) ? "ipv6" : "ipv4";
    if (isIPv6(address) !== isIPv6(network)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(bits), family);
    return list.check(address, family);
  };
  return CLOSED.every(
    (address) => !isIn(address, cidr) || except.some((block) => isIn(address, block)),
  );
}

/** An empty selector selects everything. */
function isNamed({ ipBlock, namespaceSelector, podSelector }: Peer): boolean {
  if (ipBlock) return Number(ipBlock.cidr.split("/")[1]) >= 8 || isPublic(ipBlock);
  const selectors = [namespaceSelector, podSelector].filter((one) => one !== undefined);
  return selectors.length > 0 && selectors.every((one) => Object.keys(one).length > 0);
}

describe.each(withPolicies)("%s", (_, policies) => {
  test("every rule names whom it is about, and on which ports", () => {
    const rules = policies.flatMap(({ name, egress = [], ingress = [] }) =>
      [...egress, ...ingress].map((rule) => ({ name, rule })),
    );
    expect(rules.length).toBeGreaterThan(4);
    const open = rules.filter(({ rule: { to, from, ports = [] } }) => {
      const peers = to ?? from ?? [];
      return peers.length === 0 || ports.length === 0 || !peers.every(isNamed);
    });
    expect(open).toEqual([]);
  });

  /** Of knative-extensions/eventing-rabbitmq, which starts them in the Broker's namespace. */
  test.each(["ingress", "dispatcher"])("the %s of a Broker on RabbitMQ is left alone", (role) => {
    const labels: Readonly<Record<string, string>> = {
      "eventing.knative.dev/broker": "statements",
      "eventing.knative.dev/brokerRole": role,
    };
    const selects = ({ matchLabels = {}, matchExpressions = [] }: Policy["podSelector"]) =>
      Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
      matchExpressions.every(({ key, operator, values = [] }) => {
        const value = labels[key];
        if (operator === "Exists") return value !== undefined;
        if (operator === "DoesNotExist") return value === undefined;
        return values.includes(value ?? "") === (operator === "In");
      });
    const closing = policies.filter(
      ({ namespace, podSelector }) => namespace === "statements" && selects(podSelector),
    );
    expect(closing.map(({ name }) => name)).toEqual([]);
  });

  test("what is not named is closed, in both directions", () => {
    const closed = policies.filter(({ name }) => name === "deny-all");
    expect(closed).toHaveLength(2);
    for (const { policyTypes, egress, ingress } of closed) {
      expect({ policyTypes, egress, ingress }).toEqual({ policyTypes: ["Ingress", "Egress"] });
    }
  });
});

describe("callback", () => {
  const CALLBACK = { on: "base", components: ["network-policies", "callback"] };
  const toPublic = (policies: (typeof withPolicies)[number][1]) =>
    policies.flatMap(({ name, egress = [] }) =>
      egress
        .filter(({ to = [] }) => to.some(({ ipBlock }) => ipBlock?.cidr === "0.0.0.0/0"))
        .map(({ ports }) => [name, ports]),
    );

  test("lets the builder alone to the public network, on port 443", async () => {
    expect(toPublic(policiesOf(await renderInstallation(CALLBACK)))).toEqual([
      ["statement-builder-egress", [{ protocol: "TCP", port: 443 }]],
    ]);
  });

  test("is not there unless it is listed", () => {
    const others = withPolicies.filter(([title]) => !title.includes("callback"));
    expect(others.flatMap(([, policies]) => toPublic(policies))).toEqual([]);
  });

  test("closes nothing where no policies are", async () => {
    const alone = await renderInstallation({ on: "base", components: ["callback"] });
    expect(policiesOf(alone)).toEqual([]);
  });
});

describe("production", () => {
  const FUNCTIONS = ["request-intake", "pending-scanner", "statement-builder", "status-api"];

  /** Ports that the pods of `app` may reach at addresses, with the policy that lets them. */
  async function addressed(app: string) {
    const policies = policiesOf(await renderInstallation({ on: "overlays/production" }));
    return policies
      .filter(({ podSelector: { matchLabels, matchExpressions } }) =>
        matchLabels
          ? matchLabels["app.kubernetes.io/name"] === app
          : matchExpressions?.some(
              ({ operator, values }) => operator === "In" && values?.includes(app),
            ),
      )
      .flatMap(({ name, egress = [] }) => egress.map((rule) => ({ name, ...rule })))
      .filter(({ to = [] }) => to.some(({ ipBlock }) => ipBlock))
      .map(({ name, ports = [] }) => [name, ports.map(({ port }) => port)]);
  }

  test.each(FUNCTIONS)("%s reaches the addresses it needs", async (app) => {
    const database = app === "statement-builder" ? [["egress-database", [3306]]] : [];
    const store = ["statement-builder", "status-api"].includes(app) ? [["egress-s3", [443]]] : [];
    expect(await addressed(app)).toEqual([
      ["egress-api-server", [443, 6443]],
      ...database,
      ...store,
    ]);
  });

  test.each(["api-server", "database", "s3"])(
    "the address of %s is to be changed, and nobody's until then",
    async (name) => {
      const file = `../../infra/kubernetes/overlays/production/egress-${name}.yaml`;
      const text = await readFile(new URL(file, import.meta.url), "utf8");
      const blocks = text.split("\n").filter((line) => line.includes("ipBlock"));
      expect(blocks.length).toBeGreaterThan(0);
      // RFC 5737, section 3: for documentation alone.
      for (const line of blocks) expect(line).toMatch(/cidr: 192\.0\.2\.\d+\/32 \} # CHANGE/);
    },
  );
});
