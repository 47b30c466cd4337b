/** Installations as users make them: an overlay, components on top, namespaces of their own. */
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parse, stringify } from "yaml";
import { render, type Manifest } from "./kustomize.ts";

const PRODUCTION = "overlays/production";
const INFRA = join(import.meta.dirname, "../../../infra/kubernetes");

export interface Installation {
  /** Folder below `infra/kubernetes/`: `base`, `overlays/local`. */
  readonly on: string;
  /** Folders below `infra/kubernetes/components/`, in this order. */
  readonly components?: readonly string[];
  readonly namespaces?: { readonly functions: string; readonly ledger: string };
  /** More fields of the kustomization. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Each overlay, each component, and those that change one another. */
export const INSTALLATIONS: readonly Installation[] = [
  { on: "base" },
  { on: "overlays/local" },
  { on: "overlays/production" },
  ...[
    ["jobs"],
    ["jobs", "jobs/every-request"],
    ["broker-intake"],
    ["kafka"],
    ["kafka", "broker-intake", "jobs"],
    ["rabbitmq"],
    ["broker-intake", "jobs", "rabbitmq"],
    ["oidc"],
    ["broker-intake", "jobs", "oidc", "oidc/jobs"],
    ["oidc", "public-intake"],
    ["oidc", "status-api"],
    ["network-policies"],
    ["callback"],
    ["jobs", "network-policies", "callback"],
    ["monitoring"],
    ["jobs", "tracing", "network-policies"],
  ].map((components) => ({ on: "base", components })),
  {
    on: "overlays/local",
    components: ["network-policies", "monitoring", "broker-intake"],
  },
  {
    on: "overlays/production",
    components: [
      "kafka",
      "broker-intake",
      "monitoring",
      "tracing",
      "public-intake",
      "status-api",
      "jobs/every-request",
    ],
  },
];

/** `base + jobs + kafka` */
export function titleOf({ on, components = [] }: Installation): string {
  return [on, ...components].join(" + ");
}

/** Writes the installation's kustomization into `folder`, as a user's own overlay would be. */
export async function writeInstallation(folder: string, one: Installation): Promise<void> {
  const to = (path: string) => relative(folder, join(INFRA, path));
  const { components = [], namespaces, settings = {} } = one;
  const added = components.map((component) => to(`components/${component}`));
  const below =
    one.on === PRODUCTION && components.length > 0
      ? await copyOfProduction(folder, added)
      : { resources: [to(one.on)], components: added };
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    ...below,
    resources: [...below.resources, ...(namespaces ? ["namespaces.yaml"] : [])],
    ...(namespaces ? { transformers: [to("namespaces")] } : {}),
    ...settings,
  };
  await writeFile(join(folder, "kustomization.yaml"), stringify(kustomization));
  if (!namespaces) return;
  const configMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "namespaces",
      annotations: { "config.kubernetes.io/local-config": "true" },
    },
    data: namespaces,
  };
  await writeFile(join(folder, "namespaces.yaml"), stringify(configMap));
}

/** As its users make it: the folder, with more of its components. */
async function copyOfProduction(
  folder: string,
  added: readonly string[],
): Promise<Pick<Kustomization, "resources" | "components">> {
  const from = join(INFRA, PRODUCTION);
  await cp(from, folder, { recursive: true });
  const file = await readFile(join(from, "kustomization.yaml"), "utf8");
  const moved = (path: string): string =>
    path.startsWith("../") ? relative(folder, join(from, path)) : path;
  const { resources, components, ...rest } = parse(file) as Kustomization;
  // A component that changes what others added comes behind them.
  const order = [/oidc/, /public-intake/, /every-request/];
  const rank = (path: string): number => order.findIndex((one) => one.test(path));
  return {
    ...rest,
    resources: resources.map(moved),
    components: [...components.map(moved), ...added].toSorted((a, b) => rank(a) - rank(b)),
  };
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly components: readonly string[];
}

export async function renderInstallation(one: Installation): Promise<readonly Manifest[]> {
  // Relative paths lead out of it, so it must not be a link.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "installation-")));
  try {
    await writeInstallation(folder, one);
    return await render(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
