/**
 * The Kubernetes cluster of this pod as an OIDC issuer. Its two documents are for authenticated
 * readers only and its certificate is signed by the cluster's own CA, so both come from the API
 * server itself, with the pod's service account. Whatever address the discovery document names
 * (a node's, a public one), the pod's token is sent nowhere else.
 */
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import type { IssuerDocuments } from "./issuer-keys.ts";

/** Where Kubernetes mounts the pod's token and the cluster's CA. */
const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface ClusterAddress {
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

export function clusterDocuments(
  env: ClusterAddress = process.env,
  folder = ACCOUNT_FOLDER,
): IssuerDocuments {
  const { KUBERNETES_SERVICE_HOST: host = "kubernetes.default.svc" } = env;
  const { KUBERNETES_SERVICE_PORT: port = "443" } = env;
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    discovery: new URL("/.well-known/openid-configuration", server),
    keys: new URL("/openid/v1/jwks", server),
    async fetch(url, { signal }) {
      // Both change while the pod lives, and both are asked for rarely.
      const [ca, token] = await Promise.all([
        readFile(`${folder}/ca.crt`, "utf8"),
        readFile(`${folder}/token`, "utf8"),
      ]);
      return await get(url, { ca, token: token.trim(), signal });
    },
  };
}

interface GetOptions {
  readonly ca: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

/** The API server answers 406 to who does not take its second document by its own type. */
const ACCEPT = "application/json, application/jwk-set+json";

/** `fetch` knows no CA of a single request. */
async function get(url: string, { ca, token, signal }: GetOptions): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const headers = { authorization: `Bearer ${token}`, accept: ACCEPT };
  request(url, { ca, headers, signal, agent: false }, (answer) => {
    text(answer).then(
      (body) => resolve(new Response(body, { status: answer.statusCode ?? 500 })),
      reject,
    );
  })
    .once("error", reject)
    .end();
  return await promise;
}

/** The name nearly every cluster gives itself as an issuer: `kubernetes.default.svc`, with or without a domain. */
export function isClusterName(issuer: string): boolean {
  return /^kubernetes\.default\.svc(\.|$)/.test(URL.parse(issuer)?.hostname ?? "");
}
