/** A way from this machine to a pod: `kubectl port-forward`, started again when it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../infra/local/free-port.ts";

const READY_TIMEOUT_MS = 60_000;
const PAUSE_MS = 200;

export interface PortForward extends AsyncDisposable {
  /** On 127.0.0.1; the same for as long as this lives. */
  readonly port: number;
}

/** @param target such as `service/mariadb`. @throws Error with what kubectl said last. */
export async function startPortForward(
  namespace: string,
  target: string,
  remotePort: number,
): Promise<PortForward> {
  const port = await freePort();
  let said = "";
  const stopping = new AbortController();

  const running = (async () => {
    while (!stopping.signal.aborted) {
      const args = ["port-forward", "-n", namespace, target, `${port}:${remotePort}`];
      const child = spawn("kubectl", args, {
        stdio: ["ignore", "ignore", "pipe"],
        signal: stopping.signal,
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said = text));
      // Rejects when it is stopped, and when there is no kubectl.
      await once(child, "close").catch((error: unknown) => (said = String(error)));
      // A pod that was replaced; or a service whose pod is not there yet.
      await sleep(PAUSE_MS, undefined, stopping).catch(() => undefined);
    }
  })();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };

  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`no way to ${target} in ${namespace}: ${said.trim()}`);
    }
    await sleep(PAUSE_MS);
  }
  return { port, [Symbol.asyncDispose]: stop };
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
