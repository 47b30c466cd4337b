/** Both namespaces are settings: changing them in one place moves everything. */
import { INSTALLATIONS, renderInstallation, titleOf } from "../support/cluster/installation.ts";

const MOVED = { functions: "bank-functions", ledger: "bank-ledger" };

/** Where the default names remain because they name something else. */
const NO_NAMESPACE = [
  /^spec\.broker$/, // Broker `statements`
  /(^|\.)(ref|reference|config)\.name$/,
  /^metadata\.name$/,
];

/** Every scalar of an object, by its path. */
function* scalars(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value !== "object" || value === null) {
    yield [path, String(value)];
    return;
  }
  for (const [field, inner] of Object.entries(value)) {
    yield* scalars(inner, path === "" ? field : `${path}.${field}`);
  }
}

/** The values in which a namespace stands, alone or as a part of an address. */
function mentions(value: unknown, namespace: string): readonly string[] {
  const part = new RegExp(`(^|[.:])${namespace}($|[.:])`);
  return [...scalars(value, "")]
    .filter(([path, text]) => part.test(text) && !NO_NAMESPACE.some((known) => known.test(path)))
    .map(([path, text]) => `${path}: ${text}`);
}

/** The smallest, the overlays, and those with the most components. */
const CHECKED = INSTALLATIONS.filter(
  ({ on, components = [] }) => on !== "base" || components.length === 0 || components.length > 2,
);

describe.each(CHECKED.map((one) => [titleOf(one), one] as const))("%s", (_, installation) => {
  test("moves whole", async () => {
    const before = await renderInstallation(installation);
    const after = await renderInstallation({ ...installation, namespaces: MOVED });
    expect(after).toHaveLength(before.length);
    const kept = after.flatMap((one) => [
      ...mentions(one, "statements"),
      ...mentions(one, "transaction-requests"),
    ]);
    expect(kept).toEqual([]);
    // What named a namespace names the new one: as often, in the same places.
    const count = (of: typeof before, namespace: string) =>
      of.flatMap((one) => mentions(one, namespace)).length;
    expect(count(after, MOVED.functions)).toBe(count(before, "statements"));
    expect(count(after, MOVED.ledger)).toBe(count(before, "transaction-requests"));
    expect(count(before, "statements")).toBeGreaterThan(30);
  });
});

test("the parts that matter most, spelt out", async () => {
  const moved = await renderInstallation({
    on: "base",
    components: ["oidc"],
    namespaces: MOVED,
  });
  const find = (kind: string, name: RegExp) =>
    moved.find((one) => one.kind === kind && name.test(one.metadata.name));
  const namespaces = moved.filter((one) => one.kind === "Namespace");
  expect(namespaces.map((one) => one.metadata.name).toSorted()).toEqual([
    "bank-functions",
    "bank-ledger",
  ]);
  expect(find("RoleBinding", /^request-intake$/)).toMatchObject({
    metadata: { namespace: "bank-ledger" },
    subjects: [{ kind: "ServiceAccount", name: "request-intake", namespace: "bank-functions" }],
  });
  expect(find("SinkBinding", /^request-intake$/)).toMatchObject({
    metadata: { namespace: "bank-functions" },
    spec: {
      subject: { namespace: "bank-functions" },
      sink: { ref: { kind: "Broker", name: "statements", namespace: "bank-functions" } },
    },
  });
  expect(find("Broker", /./)?.["spec"]).toMatchObject({
    delivery: { deadLetterSink: { uri: "http://request-intake.bank-functions.svc/dead-letter" } },
  });
  expect(find("ConfigMap", /^statement-builder-/)).toMatchObject({
    metadata: { namespace: "bank-functions" },
    data: {
      LEDGER_NAMESPACE: "bank-ledger",
      OIDC_ALLOWED_SUBJECTS: "system:serviceaccount:bank-functions:*",
    },
  });
});
