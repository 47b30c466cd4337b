/**
 * Knative's published schemas: the custom resource definitions of its Go modules, as they are
 * released. Without the conversion webhooks, for which there is nobody to answer here.
 */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { parse } from "yaml";
import type { Manifest } from "./kustomize.ts";
import { serverDryRun, serverSideApply, type Target } from "./server-dry-run.ts";

const run = promisify(execFile);

/** Kinds by whose schemas the manifests are checked. */
const KINDS = [
  "Broker",
  "Trigger",
  "PingSource",
  "SinkBinding",
  "EventType",
  "EventPolicy",
  "JobSink",
  "Service",
  "Revision",
];

/** @param version of Knative's modules: v0.42.0 is Knative 1.15, and v0.47.0 is 1.20. */
export async function knativeCrds(version: string): Promise<readonly Manifest[]> {
  const eventing = await moduleFolder(`knative.dev/eventing@${version}`);
  const serving = await moduleFolder(`knative.dev/serving@${version}`);
  const files = [
    ...(await yamlFiles(join(eventing, "config/core/resources"))),
    ...(await yamlFiles(join(serving, "config/core/300-resources"))),
  ];
  const crds = await Promise.all(
    files.map(async (file) => parse(await readFile(file, "utf8")) as Manifest),
  );
  return crds.flatMap((crd) => {
    const { conversion, ...spec } = crd["spec"] as Crd;
    return KINDS.includes(spec.names.kind) ? [{ ...crd, spec }] : [];
  });
}

/** Stores definitions, and resolves when the API server serves them: a moment after it has accepted them. */
export async function serveCrds(server: Target, crds: readonly Manifest[]): Promise<void> {
  for (const crd of crds) {
    const { status, body } = await serverSideApply(server, crd);
    if (status >= 300) throw new Error(`${crd.metadata.name}: ${String(body.message)}`);
  }
  for (const crd of crds) while (!(await isServed(server, crd))) await sleep(100);
}

async function isServed(server: Target, crd: Manifest): Promise<boolean> {
  const { body } = await serverDryRun(server, crd);
  const { status } = body as {
    status?: { conditions?: { type: string; status: string }[] | null };
  };
  const conditions = status?.conditions ?? [];
  return conditions.some((one) => one.type === "Established" && one.status === "True");
}

interface Crd {
  readonly names: { readonly kind: string };
  readonly conversion?: unknown;
}

/** Downloaded once, a few megabytes. @throws Error that says the next step. */
async function moduleFolder(module: string): Promise<string> {
  const path = `${process.env["PATH"] ?? ""}:/usr/local/go/bin`;
  try {
    const { stdout } = await run("go", ["mod", "download", "-json", module], {
      cwd: tmpdir(),
      env: { ...process.env, PATH: path },
    });
    return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
  } catch (cause) {
    throw new Error(`no schemas of ${module}: go could not download it. Is Go installed?`, {
      cause,
    });
  }
}

async function yamlFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(".yaml")).map((name) => join(folder, name));
}
