/**
 * A way from this machine to a Service of the cluster: `kubectl port-forward`. Where the node refuses that,
 * `WAY_IN=cluster-ip` asks for the Service's own address, which a node itself can reach: what passes so has not
 * shown that `port-forward` works, so nobody gets it unasked.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";

const READY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 2_000;
const PAUSE_MS = 200;

export interface WayIn extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** Says which way it is. @throws Error with what kubectl said last. */
export async function openWayIn(
  namespace: string,
  service: string,
  port: number,
  timeoutMs = READY_TIMEOUT_MS,
): Promise<WayIn> {
  const isDirect = process.env["WAY_IN"] === "cluster-ip";
  const way = isDirect
    ? { host: await clusterIp(namespace, service), port, said: () => "", stop: async () => {} }
    : await startForwarding(namespace, service, port);
  const { host, port: there } = way;
  const deadline = performance.now() + timeoutMs;
  while (!(await accepts({ host, port: there }))) {
    if (performance.now() > deadline) {
      // What it says once it is stopped is that it was stopped.
      const said = way.said();
      await way.stop();
      throw new Error(
        `no way to service ${service} in ${namespace} at ${host}:${there}: ${said}` +
          (isDirect ? "" : "\nOn a node that refuses port-forward: WAY_IN=cluster-ip"),
      );
    }
    await sleep(PAUSE_MS);
  }
  const by = isDirect ? "the Service's own address" : "kubectl port-forward";
  process.stderr.write(`way to service ${service} in ${namespace}: ${by}, ${host}:${there}\n`);
  return { host, port: there, [Symbol.asyncDispose]: way.stop };
}

/** Started again whenever it ends: a pod was replaced, or is not there yet. */
async function startForwarding(namespace: string, service: string, remotePort: number) {
  const port = await freePort();
  const stopping = new AbortController();
  let said = "";

  async function keepForwarding(): Promise<void> {
    const args = ["port-forward", "-n", namespace, `service/${service}`, `${port}:${remotePort}`];
    while (!stopping.signal.aborted) {
      const child = spawn("kubectl", args, {
        stdio: ["ignore", "ignore", "pipe"],
        signal: stopping.signal,
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said = text.trim()));
      // Rejects when it is stopped, and when there is no kubectl.
      await once(child, "close").catch((error: unknown) => (said = String(error)));
      await sleep(PAUSE_MS, undefined, stopping).catch(() => undefined);
    }
  }
  const running = keepForwarding();
  return {
    host: "127.0.0.1",
    port,
    said: () => said,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function clusterIp(namespace: string, service: string): Promise<string> {
  const args = ["get", "service", service, "-n", namespace];
  return await kubectl([...args, "-o", "jsonpath={.spec.clusterIP}"]);
}

async function accepts({ host, port }: { host: string; port: number }): Promise<boolean> {
  const socket = createConnection({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}
