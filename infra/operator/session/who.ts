/** Who sits in front of the tool. */
import { hostname, userInfo } from "node:os";

/** The account of this machine that the tool runs as: many may share one of the cluster. */
export function accountHere(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in a container.
    return String(process.getuid?.() ?? "unknown");
  }
}

/**
 * The cluster's own word on who signs in with the kubeconfig, and the account of this machine; that alone
 * where the cluster does not tell (before Kubernetes 1.28, and in `make run`).
 *
 * @throws the signal's reason when it aborts
 */
export async function whoAmI(kubeconfig: string, signal: AbortSignal): Promise<string> {
  const { AuthenticationV1Api, KubeConfig } = await import("@kubernetes/client-node");
  const { inTime } = await import("./in-time.ts");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const review = await config
    .makeApiClient(AuthenticationV1Api)
    .createSelfSubjectReview({ body: {} }, inTime(signal))
    .catch(() => undefined);
  signal.throwIfAborted();
  const name = review?.status?.userInfo?.username;
  return name === undefined ? accountHere() : `${name} (${accountHere()})`;
}
