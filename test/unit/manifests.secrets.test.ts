/** What is secret is in a Secret and nowhere else, and comes to a container by its name alone. */
import { renderInstallation, titleOf, type Installation } from "../support/cluster/installation.ts";

const SECRET_VARIABLES = [
  "DATABASE_URL",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];
/** `scheme://user:password@` */
const URL_WITH_PASSWORD = /\w:\/\/[^\s/:@]+:[^\s/@]+@/;

/** Places that hold a secret in the open. */
function exposed(value: unknown, path = ""): readonly string[] {
  if (typeof value === "string") return URL_WITH_PASSWORD.test(value) ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  const { name, value: literal } = value as { readonly name?: unknown; readonly value?: unknown };
  const isSecret = typeof name === "string" && SECRET_VARIABLES.includes(name);
  return [
    ...(isSecret && literal !== undefined ? [`${path}/${name}`] : []),
    ...Object.entries(value).flatMap(([key, child]) => [
      ...(SECRET_VARIABLES.includes(key) ? [`${path}/${key}`] : []),
      ...exposed(child, `${path}/${key}`),
    ]),
  ];
}

const INSTALLATIONS: readonly Installation[] = [
  { on: "base" },
  { on: "overlays/local" },
  { on: "base", components: ["jobs", "oidc", "oidc/jobs"] },
  { on: "overlays/production", components: ["kafka", "broker-intake", "monitoring"] },
];

test.each(INSTALLATIONS.map((one) => [titleOf(one), one] as const))("%s", async (_, one) => {
  const manifests = await renderInstallation(one);
  const places = manifests
    .filter(({ kind }) => kind !== "Secret")
    .flatMap((manifest) => exposed(manifest, `${manifest.kind} ${manifest.metadata.name}`));
  expect(places).toEqual([]);
});

test.each([
  ["a literal variable", { env: [{ name: "AWS_SECRET_ACCESS_KEY", value: "k" }] }],
  ["a setting", { data: { DATABASE_URL: "mysql://database/bank" } }],
  ["a URL in any text", { data: { "script.sh": "mysql mysql://reader:k@database/bank" } }],
])("would find %s", (_, manifest) => {
  expect(exposed(manifest)).not.toEqual([]);
});

test("takes a reference for what it is", () => {
  const secretKeyRef = { name: "statement-database", key: "DATABASE_URL" };
  expect(exposed({ env: [{ name: "DATABASE_URL", valueFrom: { secretKeyRef } }] })).toEqual([]);
});
