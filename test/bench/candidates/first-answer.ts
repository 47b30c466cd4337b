/** A function from nothing to its first answered event: as it is shipped, or straight from its sources. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { eventType } from "../../../functions/domain/events/event-types.ts";
import { TOKEN } from "../../support/servers/local-kubernetes-api-process.ts";
import { localKubeconfig } from "../../../infra/local/cluster/kubeconfig.ts";
import { ensureNamespace } from "../../../infra/local/cluster/ledger-api.ts";
import { startProcess } from "../../../infra/local/programs/server-process.ts";
import { bundle } from "../../../infra/kubernetes/images/bundle.ts";
import type { BenchContext } from "../bench.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");
/** What intake records is not owed to the scanner, whose tick would last until it is made. */
const LEDGERS: Readonly<Record<FunctionName, string>> = {
  "request-intake": "requests-of-intake",
  "pending-scanner": "nothing-owed",
  "statement-builder": "nothing-owed",
};

/** Each event is answered with the truth, from the ledger: recorded; nothing owed; no such record. */
const EVENTS: Readonly<Record<FunctionName, { readonly type: string; readonly status: number }>> = {
  "request-intake": { type: eventType("requested"), status: 200 },
  "pending-scanner": { type: "dev.knative.sources.ping", status: 204 },
  "statement-builder": { type: eventType("recorded"), status: 204 },
};

export interface Start {
  readonly name: FunctionName;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Milliseconds from the start of the process to the last byte of its answer. The event is sent as soon
 * as the function says that it listens. @throws Error with its log for another answer
 */
export async function firstAnswer({ name, file, env }: Start): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [file], { env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let log = "";
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        const listening = /"port":(\d+)/.exec(log)?.[1];
        if (listening !== undefined) resolve(Number(listening));
      });
      child.once("exit", () => reject(new Error(`${name} ended before it listened:\n${log}`)));
    });
    const status = await post(port, EVENTS[name].type);
    const answered = performance.now() - began;
    if (status !== EVENTS[name].status) throw new Error(`${name} answered ${status}:\n${log}`);
    return answered;
  } finally {
    child.kill("SIGTERM");
    await exited;
  }
}

/** Milliseconds from start to end of a Node process that does nothing. */
export async function emptyProcess(folder: string): Promise<number> {
  const file = join(folder, "empty.mjs");
  await writeFile(file, "");
  const began = performance.now();
  await once(spawn(process.execPath, [file], { stdio: "ignore" }), "exit");
  return performance.now() - began;
}

async function post(port: number, type: string): Promise<number | undefined> {
  const headers = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": crypto.randomUUID(),
    "ce-source": "/bench",
    "ce-type": type,
    "ce-time": new Date().toISOString(),
    "ce-subject": "transaction-request-nobody-1700000000000",
  };
  const sent = request({ host: "127.0.0.1", port, method: "POST", headers, agent: false });
  sent.end(`{"customer_id":"nobody","start_date":"2025-01-01","end_date":"2025-01-31"}`);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  await once(answer.resume(), "end");
  return answer.statusCode;
}

export interface Starts {
  shipped(name: FunctionName): Start;
  unbundled(name: FunctionName): Start;
}

/** Bundles the functions, and starts the Kubernetes API and the sink they speak to. */
export async function openStarts({ folder, resources }: BenchContext): Promise<Starts> {
  const api = await startPrinting("local-kubernetes-api", [
    join(REPOSITORY, "test/support/servers/local-kubernetes-api-process.ts"),
    join(folder, "ledger.json"),
  ]);
  const sink = await startPrinting("sink", [join(REPOSITORY, "test/bench/sink.ts")]);
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, localKubeconfig(api, TOKEN));
  for (const ledger of new Set(Object.values(LEDGERS))) await ensureNamespace(kubeconfig, ledger);
  for (const name of Object.keys(EVENTS) as FunctionName[]) await bundle(name, join(folder, name));
  const env = {
    PATH: process.env["PATH"],
    PORT: "0",
    METRICS_PORT: "0",
    TZ: "UTC",
    NODE_ENV: "production",
    KUBECONFIG: kubeconfig,
    K_SINK: `${sink}/-/events`,
    IDENTITY: "none",
    DATABASE_URL: "mysql://nobody@127.0.0.1:1/none",
    S3_BUCKET: "none",
    S3_ENDPOINT: sink,
    AWS_REGION: "none",
    AWS_ACCESS_KEY_ID: "none",
    AWS_SECRET_ACCESS_KEY: "none",
  };
  return {
    shipped: (name) => ({
      name,
      file: join(folder, name, "index.mjs"),
      // As in the image; the warm-up round fills it, as the image's build does.
      env: {
        ...env,
        LEDGER_NAMESPACE: LEDGERS[name],
        NODE_COMPILE_CACHE: join(folder, name, "compile-cache"),
        NODE_COMPILE_CACHE_PORTABLE: "1",
      },
    }),
    unbundled: (name) => ({
      name,
      file: join(REPOSITORY, "functions", name, "index.ts"),
      env: { ...env, LEDGER_NAMESPACE: LEDGERS[name] },
    }),
  };

  /** Answers the address it prints. */
  async function startPrinting(name: string, args: readonly string[]): Promise<string> {
    const logFile = join(folder, `${name}.log`);
    const server = startProcess({ name, command: process.execPath, args, logFile });
    resources.defer(() => server.stop());
    let url = "";
    await server.ready(async () => {
      url = /^http:\S+$/m.exec(await readFile(logFile, "utf8"))?.[0] ?? "";
      return url !== "";
    });
    return url;
  }
}
