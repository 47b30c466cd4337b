/**
 * The Kubernetes cluster of this pod as an OIDC issuer. Its two documents are for authenticated
 * readers only and its certificate is signed by the cluster's own CA, so both come from the API
 * server itself, with the pod's service account. Whatever address the discovery document names
 * (a node's, a public one), the pod's token is sent nowhere else.
 */
import { request } from "node:https";
import { text } from "node:stream/consumers";
import type { IssuerDocuments } from "./issuer-keys.ts";
import { serviceAccount, type ServiceAccount } from "./service-account.ts";

export function clusterDocuments(account: ServiceAccount = serviceAccount()): IssuerDocuments {
  return {
    discovery: new URL("/.well-known/openid-configuration", account.server),
    keys: new URL("/openid/v1/jwks", account.server),
    async fetch(url, { signal }) {
      return await get(url, { ...(await account.credentials()), signal });
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
