/** Installations as users make them: an overlay, components on top, namespaces of their own. */
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stringify } from "yaml";
import { render, type Manifest } from "./kustomize.ts";

const INFRA = join(import.meta.dirname, "../../infra/kubernetes");

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
    ["network-policies"],
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
      "oidc",
      "oidc/jobs",
      "monitoring",
      "tracing",
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
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [to(one.on), ...(namespaces ? ["namespaces.yaml"] : [])],
    components: components.map((component) => to(`components/${component}`)),
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
