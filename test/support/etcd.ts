/** What kube-apiserver keeps its objects in. */
import { join } from "node:path";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startOnPort, startProcess } from "../../infra/local/programs/server-process.ts";
import { etcd } from "./kube-programs.ts";

export interface Etcd extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Its data and its log go into `folder`, which belongs to the caller. */
export async function startEtcd(folder: string): Promise<Etcd> {
  const command = await etcd();
  const peers = clientUrl(await freePort());
  const launch = (port: number) =>
    startProcess({
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
  const { process, port } = await startOnPort(launch, isHealthy);
  return { url: clientUrl(port), pid: process.pid, [Symbol.asyncDispose]: () => process.stop() };
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
