/**
 * What a real API server says to a manifest, byte for byte: the client library would leave out the
 * fields it does not know, and they are what a dry run is for.
 */
import { request } from "node:https";
import { stringify } from "yaml";
import type { KubeApiserver } from "../servers/kube-apiserver.ts";
import type { Manifest } from "./kustomize.ts";

export type Target = Pick<KubeApiserver, "url" | "config">;

export interface DryRunAnswer {
  readonly status: number;
  /** The object as it would be stored, or a Status that says why not. */
  readonly body: { readonly kind: string; readonly message?: string };
}

/** Server-side apply as a dry run: it refuses a field the kind does not have. */
export async function serverDryRun(server: Target, manifest: Manifest): Promise<DryRunAnswer> {
  return await serverSideApply(server, manifest, "dryRun=All");
}

/** The same for good; byte for byte, so that a definition keeps what the client does not know. */
export async function serverSideApply(
  server: Target,
  manifest: Manifest,
  query = "",
): Promise<DryRunAnswer> {
  const path = `${pathOf(manifest)}?${query}&fieldValidation=Strict&fieldManager=test&force=true`;
  return await patch(server, path, { type: "apply-patch+yaml", body: stringify(manifest) });
}

/** Plays a controller. False when there is no such object. */
export async function patchStatus(
  server: Target,
  manifest: Manifest,
  status: object,
): Promise<boolean> {
  const body = JSON.stringify({ status });
  const answer = await patch(server, `${pathOf(manifest)}/status`, {
    type: "merge-patch+json",
    body,
  });
  return answer.status === 200;
}

async function patch(
  server: Target,
  path: string,
  { type, body }: { readonly type: string; readonly body: string },
): Promise<DryRunAnswer> {
  const config = server.config();
  const options = {
    method: "PATCH",
    path,
    headers: {
      authorization: `Bearer ${config.getCurrentUser()?.token ?? ""}`,
      "content-type": `application/${type}`,
    },
    ca: Buffer.from(config.getCurrentCluster()?.caData ?? "", "base64"),
    agent: false as const,
  };
  return await new Promise((resolve, reject) => {
    const call = request(server.url, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("error", reject).on("end", () => {
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as DryRunAnswer["body"] });
      });
    });
    call.on("error", reject).end(body);
  });
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const api = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, "ies");
  return `${api}${namespace}/${plural}/${metadata.name}`;
}
