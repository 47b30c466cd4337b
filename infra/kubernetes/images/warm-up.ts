/**
 * `warm-up FILE CACHE`, run while an image is built: starts the function once, lets it answer one
 * event against stand-ins of the Kubernetes API and the Broker, and ends it. Node then leaves what it
 * has compiled in CACHE, for every later start. A program that serves no events is left alone.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { localKubeconfig } from "../../local/cluster/kubeconfig.ts";

/** By function, the type of an event it takes. */
const EVENT_TYPES: Readonly<Record<string, string>> = {
  "request-intake": "io.transactions-collector.statement.requested.v1",
  "pending-scanner": "dev.knative.sources.ping",
  "statement-builder": "io.transactions-collector.statement.recorded.v1",
};
const TIMEOUT_MS = 60_000;

async function main(name: string, program: string, cache: string): Promise<void> {
  const type = EVENT_TYPES[name];
  if (type === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), "warm-up-"));
  const standIn = await startStandIn();
  try {
    const env = await environment(folder, `http://127.0.0.1:${portOf(standIn)}`);
    const cached = { ...env, NODE_COMPILE_CACHE: cache, NODE_COMPILE_CACHE_PORTABLE: "1" };
    await runOnce(program, type, cached);
  } finally {
    standIn.close();
    await rm(folder, { recursive: true, force: true });
  }
  const entries = await readdir(cache, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  // Node makes them for their owner alone, who in the image is root.
  for (const { parentPath, name: file } of files) await chmod(join(parentPath, file), 0o644);
  if (files.length === 0) throw new Error(`nothing was left in the compile cache ${cache}`);
  console.log(`${name}: its compile cache is filled`);
}

async function runOnce(file: string, type: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, [file], { env, stdio: ["ignore", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const exited = once(child, "exit") as Promise<[number | null]>;
  let log = "";
  const listening = new Promise<number>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      const port = /"port":(\d+)/.exec(log)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
  const port = await Promise.race([listening, exited.then(() => undefined)]);
  const status = port === undefined ? undefined : await post(port, type);
  child.kill("SIGTERM");
  const [code] = await exited;
  clearTimeout(timer);
  if (code !== 0 || status === undefined || status >= 300)
    throw new Error(
      `the event was answered ${status ?? "never"}, the exit code is ${code}\n${log}`,
    );
}

async function post(port: number, type: string): Promise<number | undefined> {
  const headers = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "warm-up",
    "ce-source": "/warm-up",
    "ce-type": type,
    "ce-time": new Date().toISOString(),
    "ce-subject": "transaction-request-warm-up-0000000000000",
  };
  const sent = request({ host: "127.0.0.1", port, method: "POST", headers });
  sent.end(`{"customer_id":"warm-up","start_date":"2025-01-01","end_date":"2025-01-31"}`);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer.statusCode;
}

/** An empty ledger that takes every record, and a Broker that takes every event. */
async function startStandIn(): Promise<Server> {
  const server = createServer((incoming, answer) => {
    void respond().then(([status, body]) => {
      answer.writeHead(status, { "content-type": "application/json" });
      answer.end(JSON.stringify(body));
    });
    async function respond(): Promise<readonly [number, unknown]> {
      if (incoming.method === "POST") {
        const { metadata = {}, ...sent } = (await json(incoming)) as { metadata?: object };
        return [201, { ...sent, metadata: { ...metadata, uid: "1", resourceVersion: "1" } }];
      }
      if (incoming.url?.includes("?")) return [200, { kind: "ConfigMapList", items: [] }];
      return [404, { kind: "Status", reason: "NotFound", code: 404 }];
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function environment(folder: string, url: string): Promise<NodeJS.ProcessEnv> {
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, localKubeconfig(url));
  return {
    ...process.env,
    PORT: "0",
    METRICS_PORT: "0",
    LOG_LEVEL: "info",
    KUBECONFIG: kubeconfig,
    K_SINK: url,
    IDENTITY: "none",
    DATABASE_URL: "mysql://nobody@127.0.0.1:1/none",
    S3_BUCKET: "none",
    S3_ENDPOINT: url,
    AWS_REGION: "none",
    AWS_ACCESS_KEY_ID: "none",
    AWS_SECRET_ACCESS_KEY: "none",
  };
}

const [file = "", cache = ""] = process.argv.slice(2);
await main(process.env["FUNCTION"] ?? "", file, cache);
