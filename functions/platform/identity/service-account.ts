/** What Kubernetes gives each pod to speak to the API server with. */
import { readFile } from "node:fs/promises";

/** Where Kubernetes mounts the pod's token and the cluster's CA. */
const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface ClusterAddress {
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

export interface ServiceAccount {
  /** Address of the API server. */
  readonly server: string;
  /** Both change while the pod lives, so they are read each time. */
  readonly credentials: () => Promise<{ readonly ca: string; readonly token: string }>;
}

export function serviceAccount(
  env: ClusterAddress = process.env,
  folder = ACCOUNT_FOLDER,
): ServiceAccount {
  const { KUBERNETES_SERVICE_HOST: host = "kubernetes.default.svc" } = env;
  const { KUBERNETES_SERVICE_PORT: port = "443" } = env;
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async credentials() {
      const [ca, token] = await Promise.all([
        readFile(`${folder}/ca.crt`, "utf8"),
        readFile(`${folder}/token`, "utf8"),
      ]);
      return { ca, token: token.trim() };
    },
  };
}
