/**
 * A way from this machine to a Service of the cluster: `kubectl port-forward`, or, where the node
 * refuses that, straight to the Service's own address, which a node itself can reach.
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
/** Of port-forward in a row, before the other way is tried. */
const FAILURES = 3;

export interface WayIn extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** @throws Error with what kubectl said last. */
export async function openWayIn(namespace: string, service: string, port: number): Promise<WayIn> {
  const forwarding = await startForwarding(namespace, service, port);
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const forwarded = { host: "127.0.0.1", port: forwarding.port };
    if (await accepts(forwarded)) return { ...forwarded, [Symbol.asyncDispose]: forwarding.stop };
    if (forwarding.failures() >= FAILURES) {
      const direct = { host: await clusterIp(namespace, service), port };
      if (await accepts(direct)) {
        await forwarding.stop();
        return { ...direct, [Symbol.asyncDispose]: () => Promise.resolve() };
      }
    }
    if (performance.now() > deadline) {
      await forwarding.stop();
      throw new Error(`no way to service ${service} in ${namespace}: ${forwarding.said()}`);
    }
    await sleep(PAUSE_MS);
  }
}

/** Started again whenever it ends: a pod was replaced, or is not there yet. */
async function startForwarding(namespace: string, service: string, remotePort: number) {
  const port = await freePort();
  const stopping = new AbortController();
  let said = "";
  let failures = 0;

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
      failures += 1;
      await sleep(PAUSE_MS, undefined, stopping).catch(() => undefined);
    }
  }
  const running = keepForwarding();
  return {
    port,
    said: () => said,
    failures: () => failures,
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
