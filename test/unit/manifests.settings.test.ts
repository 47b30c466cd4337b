import { readFile } from "node:fs/promises";
import { pendingScannerConfig } from "../../functions/pending-scanner/config.ts";
import { readConfig } from "../../functions/platform/settings/config.ts";
import { requestIntakeConfig } from "../../functions/request-intake/config.ts";
import { builderConfig } from "../../functions/statement-builder/config.ts";
import { statusApiConfig } from "../../functions/status-api/config.ts";
import { knativeService } from "../support/cluster/knative-service-schema.ts";
import { renderInstallation } from "../support/cluster/installation.ts";

/** The SDK for S3 reads these itself. */
const CREDENTIALS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** What each function reads. */
const FUNCTIONS = [
  { name: "request-intake", schema: requestIntakeConfig, besides: [] },
  { name: "pending-scanner", schema: pendingScannerConfig, besides: [] },
  { name: "statement-builder", schema: builderConfig, besides: CREDENTIALS },
  // It reads the others of them too.
  { name: "status-api", schema: statusApiConfig, besides: CREDENTIALS.slice(0, 2) },
];
/** Of those that a component brings, whom it asks for tokens: for the others an overlay says so. */
const IDENTITY = ["OIDC_AUDIENCE", "OIDC_ISSUER"];

/** The rows of the table in infra/kubernetes/settings.md. */
async function documented() {
  const page = new URL("../../infra/kubernetes/settings.md", import.meta.url);
  const rows = (await readFile(page, "utf8")).matchAll(
    /^\| `([A-Z][A-Z0-9_]*)` *\| ([a-z, -]+?) *\| ([A-Za-z -]*?) *\| (.*?) *\|/gm,
  );
  return [...rows].map(([, variable = "", functions = "", setBy = "", defaults = ""]) => ({
    variable,
    setBy,
    defaultOf: (name: string) => shippedTo(name, defaults),
    isReadBy: (name: string) => functions === "all" || functions.split(", ").includes(name),
  }));
}

/** Of a cell with one value for all, or with each function's own: "`35` (request-intake), …". */
function shippedTo(name: string, cell: string): string | undefined {
  const own = [...cell.matchAll(/`([^`]*)`(?: \(([a-z-]+)\))?/g)];
  return own.find(([, , whose]) => whose === undefined || whose === name)?.[1];
}

const base = await renderInstallation({ on: "base" });
const rendered = await renderInstallation({ on: "base", components: ["status-api"] });
const table = await documented();

function environmentOf(name: string, manifests = rendered) {
  const services = manifests.filter((one) => one.kind === "Service" && one.metadata.name === name);
  const container = knativeService.parse(services[0]).spec.template.spec.containers[0];
  const [from] = container.envFrom;
  const generated = manifests.find(
    (one) => one.kind === "ConfigMap" && one.metadata.name === from?.configMapRef.name,
  );
  return {
    settings: generated?.["data"] as Readonly<Record<string, string>>,
    secrets: (container.env ?? []).map((one) => ({
      variable: one.name,
      setBy: `Secret ${String(one.valueFrom?.secretKeyRef.name)}`,
      key: one.valueFrom?.secretKeyRef.key,
      optional: one.valueFrom?.secretKeyRef.optional ?? false,
    })),
  };
}

describe.each(FUNCTIONS)("$name", ({ name, schema, besides }) => {
  const { settings, secrets } = environmentOf(name);
  const read = [...Object.keys(schema.shape), ...besides].toSorted();
  const rows = table.filter((row) => row.isReadBy(name));
  const setBy = (source: string) =>
    rows.filter((row) => row.setBy === source).map((row) => row.variable);

  test("every variable it reads is documented, and no other", () => {
    expect(rows.map((row) => row.variable).toSorted()).toEqual(read);
  });

  test("its settings are those documented as such", () => {
    const identity = name === "status-api" ? IDENTITY : [];
    expect(Object.keys(settings).toSorted()).toEqual(
      [...setBy("settings"), ...identity].toSorted(),
    );
  });

  test("their defaults are those that are shipped", () => {
    // The component changes one of the builder's.
    const shipped = name === "status-api" ? settings : environmentOf(name, base).settings;
    const defaults = rows
      .filter((row) => row.setBy === "settings")
      .map(({ variable, defaultOf }) => [variable, defaultOf(name)] as const);
    expect(Object.fromEntries(defaults)).toEqual(
      Object.fromEntries(defaults.map(([variable]) => [variable, shipped[variable]])),
    );
  });

  test("every value in the manifests is one it accepts", () => {
    const ofOverlay =
      name === "status-api"
        ? { ALLOWED_SOURCES: "system:serviceaccount:billing:api /billing" }
        : { IDENTITY: "none" };
    const others = { K_SINK: "http://broker.example/", ...ofOverlay };
    const given = { ...settings, ...others, ...databaseOf(secrets) };
    expect(() => readConfig(schema, given)).not.toThrow();
  });

  test("what is secret is a reference, under the name of its variable", () => {
    for (const { variable, key } of secrets) expect(key).toBe(variable);
    expect(secrets.map((one) => `${one.setBy}: ${one.variable}`).toSorted()).toEqual(
      rows
        .filter((row) => row.setBy.startsWith("Secret "))
        .map((row) => `${row.setBy}: ${row.variable}`)
        .toSorted(),
    );
  });

  test("what Knative and SinkBindings set is left to them", () => {
    const given = [...Object.keys(settings), ...secrets.map((one) => one.variable)];
    expect(given.filter((variable) => variable === "PORT" || variable.startsWith("K_"))).toEqual(
      [],
    );
  });
});

/** Stands for the Secret, which is mounted too. */
function databaseOf(secrets: readonly { readonly variable: string }[]): Record<string, string> {
  const needed = secrets.some((one) => one.variable === "DATABASE_URL");
  const DATABASE_URL = "mysql://reader:password@database:3306/bank";
  return needed ? { DATABASE_URL, DATABASE_CA_FILE: "/etc/database-ca/ca.pem" } : {};
}

test("the database's Secret is required; the bucket's is not, for workload identity", () => {
  const optional = environmentOf("statement-builder").secrets.map((one) => [
    one.variable,
    one.optional,
  ]);
  expect(optional).toEqual([
    ["DATABASE_URL", false],
    ["AWS_ACCESS_KEY_ID", true],
    ["AWS_SECRET_ACCESS_KEY", true],
    ["AWS_SESSION_TOKEN", true],
  ]);
});
