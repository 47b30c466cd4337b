/** What kube-apiserver keeps its objects in. */
import { join } from "node:path";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { startServer, type Server } from "../../../infra/local/programs/server-process.ts";
import { etcd } from "../programs/kube-programs.ts";

export interface Etcd extends Server {
  readonly url: string;
}

/** Its data and its log go into `folder`, which belongs to the caller. */
export async function startEtcd(folder: string): Promise<Etcd> {
  const command = await etcd();
  const peers = clientUrl(await freePort());
  const commandOn = (port: number) => ({
    name: "etcd",
    command,
    args: [
      "--data-dir",
      join(folder, "etcd"),
      "--unsafe-no-fsync",
      "--log-level",
      "warn",
      "--listen-client-urls",
      clientUrl(port),
      "--advertise-client-urls",
      clientUrl(port),
      "--listen-peer-urls",
      peers,
    ],
    logFile: join(folder, "etcd.log"),
  });
  const server = await startServer(commandOn, isHealthy);
  return Object.assign(server, { url: clientUrl(server.port) });
}

function clientUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`${clientUrl(port)}/health`);
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
