import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the range from which Linux takes the ports of outgoing connections (32768 to 60999), so
 * that a server that was stopped finds its port still free when it starts again.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await isFree(port)) return port;
  }
}

/** Whether nobody listens on it at 127.0.0.1 at this moment. */
export async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, "127.0.0.1");
    await once(probe, "listening");
  } catch {
    return false;
  }
  probe.close();
  await once(probe, "close");
  return true;
}
