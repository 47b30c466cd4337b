/** The scanner as it is shipped, bundled, as a process, over a ledger and a sink that takes every offer. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { bundle } from "../../../infra/kubernetes/images/bundle.ts";
import { startProcess } from "../../../infra/local/programs/server-process.ts";
import { postStructured } from "../../support/functions/event-server.ts";

const TICK = { specversion: "1.0", id: "t", source: "/clock", type: "dev.knative.sources.ping" };

export interface ScannerProcess extends AsyncDisposable {
  readonly pid: number;
  /** One tick; answers how many offers reached the sink. @throws Error when it failed */
  tick(): Promise<number>;
}

export async function startScanner(
  kubeconfig: string,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<ScannerProcess> {
  await using opened = new AsyncDisposableStack();
  let offers = 0;
  const sink = createServer((request, response) => {
    offers++;
    request.resume().on("end", () => response.writeHead(202).end());
  });
  sink.listen(0, "127.0.0.1");
  await once(sink, "listening");
  opened.defer(() => {
    sink.close();
    sink.closeAllConnections();
  });
  const port = await freePort();
  const program = join(folder, `scanner-${port}`);
  await bundle("pending-scanner", program);
  const logFile = join(folder, `scanner-${port}.log`);
  const scanner = startProcess({
    name: "pending-scanner",
    command: "node",
    args: [join(program, "index.mjs")],
    env: {
      PATH: process.env["PATH"],
      KUBECONFIG: kubeconfig,
      PORT: String(port),
      METRICS_PORT: "0",
      K_SINK: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
      IDENTITY: "none",
      ...env,
    },
    logFile,
  });
  opened.defer(() => scanner.stop());
  const url = `http://127.0.0.1:${port}`;
  await scanner.ready(async () => {
    const ready = await fetch(`${url}/health/readiness`).catch(() => undefined);
    return ready?.ok === true;
  });
  const closing = opened.move();
  return {
    pid: scanner.pid,
    async tick() {
      const before = offers;
      const { status } = await postStructured(url, TICK);
      if (status !== 204)
        throw new Error(`the tick answered ${status}: ${await readFile(logFile, "utf8")}`);
      return offers - before;
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
