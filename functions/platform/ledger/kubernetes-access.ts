/** Where the Kubernetes API is, and who we are there. */
import { Agent as HttpAgent, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import { serviceAccount, type ServiceAccount } from "../identity/service-account.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";

/** The API server shows it as the manager of the fields we write. */
export const USER_AGENT = "transactions-collector";

export interface KubernetesAccess {
  /** Without a slash at its end; it may have a path. */
  readonly server: string;
  readonly open: typeof requestHttps;
  /** The same request signed in, on connections that are kept. */
  signed(options: UnsignedRequest): Promise<RequestOptions>;
}

/** As client-go has it; below the idle time-outs of the load balancers in front of API servers. */
const KEPT_ALIVE = { keepAlive: true, keepAliveMsecs: 30_000 };

interface UnsignedRequest extends RequestOptions {
  readonly headers: Readonly<Record<string, string | number>>;
}

export interface AccessOptions {
  /** Path of a file; without it, the service account. */
  readonly kubeconfig?: string | undefined;
  /** The pod's own unless another is given. */
  readonly account?: ServiceAccount;
}

/**
 * A pod is its service account. Everybody else has a kubeconfig, and signs in by whatever it says
 * (certificates, tokens, a cloud's own program): that is what the Kubernetes client is loaded for.
 *
 * @throws LedgerUnavailable when the kubeconfig cannot be read
 */
export async function accessKubernetes(options: AccessOptions): Promise<KubernetesAccess> {
  const { kubeconfig, account = serviceAccount() } = options;
  return kubeconfig ? await byKubeconfig(kubeconfig) : byServiceAccount(account);
}

function byServiceAccount({ server, credentials }: ServiceAccount): KubernetesAccess {
  const agent = new HttpsAgent(KEPT_ALIVE);
  return {
    server,
    open: requestHttps,
    async signed(options) {
      const { ca, token } = await credentials();
      const headers = { ...options.headers, authorization: `Bearer ${token}` };
      return { ...options, headers, ca, agent };
    },
  };
}

async function byKubeconfig(path: string): Promise<KubernetesAccess> {
  const { KubeConfig } = await import("../identity/kubeconfig.ts");
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (error) {
    throw new LedgerUnavailable(`the kubeconfig ${path} cannot be read`, { cause: error });
  }
  const { server = "", proxyUrl } = config.getCurrentCluster() ?? {};
  const isTls = server.startsWith("https:");
  const agent = isTls ? new HttpsAgent(KEPT_ALIVE) : new HttpAgent(KEPT_ALIVE);
  return {
    server: server.replace(/\/$/, ""),
    open: isTls ? requestHttps : requestHttp,
    async signed(options) {
      const signed: RequestOptions = { ...options };
      await config.applyToHTTPSOptions(signed);
      // The way through a proxy is an agent of the client's.
      return proxyUrl ? signed : { ...signed, agent };
    },
  };
}

/** @param path its parts, as they are before any encoding */
export function urlOf(
  { server }: KubernetesAccess,
  path: readonly string[],
  query: Readonly<Record<string, string>> = {},
): URL {
  const url = new URL(`${server}/${path.map(encodeURIComponent).join("/")}`);
  url.search = new URLSearchParams(query).toString();
  return url;
}
