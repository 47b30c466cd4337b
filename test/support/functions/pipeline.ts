/**
 * The whole pipeline on the real servers: MariaDB with the sample bank, an S3 server, a Kubernetes
 * API, the event router over the shipped manifests, and the functions as processes of their own.
 */
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { isReady } from "../../../infra/local/run/function-processes.ts";
import {
  startLocalRouter,
  type LocalRouter,
  type LocalRouterOptions,
} from "../../../infra/local/cluster/router/router.ts";
import { seedBank } from "../../../infra/local/cluster/sample-bank/seed.ts";
import { startProcess, type ServerProcess } from "../../../infra/local/programs/server-process.ts";
import {
  makeConfigMapLedger,
  type Ledger,
  type Stored,
} from "../../../functions/platform/ledger/configmap-ledger.ts";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { eventType } from "../../../functions/domain/events/event-types.ts";
import { requested } from "./requested.ts";
import { startKubeApiserver, type KubeApiserver } from "../servers/kube-apiserver.ts";
import { startTestMariaDb, type TestMariaDb } from "../servers/mariadb.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startS3Server } from "../servers/versitygw-server.ts";

const LEDGER = "transaction-requests";
const HOME = "statements";
const REPOSITORY = new URL("../../..", import.meta.url).pathname;

/** So short that a test sees a lease expire, so long that a busy machine keeps one. */
export const QUICK_TIMES = {
  LEASE_SECONDS: "4",
  LEASE_RENEW_SECONDS: "1",
  CLOCK_SKEW_SECONDS: "1",
  RETRY_BASE_SECONDS: "1",
  RETRY_MAX_SECONDS: "2",
  DRAIN_SECONDS: "5",
  LOG_LEVEL: "debug",
} as const;

export interface PipelineOptions {
  readonly bank?: { readonly customers: number; readonly rows: number; readonly seed: number };
  /** Cron in place of the tick's schedule; every second unless given. */
  readonly schedule?: string;
  /** Addresses by name; each has a Trigger on `executed`, without retries. */
  readonly consumers?: Readonly<Record<string, string>>;
  /** Of infra/kubernetes/components: whether requests may come through the Broker. */
  readonly brokerIntake?: true;
  /** Of the router. */
  readonly router?: Pick<LocalRouterOptions, "takesReply" | "onEvent">;
  /** Added to the environment of every function. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface StartFunction {
  /** Entry file, when it is not the shipped one. */
  readonly entry?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Its address for the router, or another one for a second process. */
  readonly port?: number;
}

export interface RunningFunction extends ServerProcess {
  readonly url: string;
  readonly logFile: string;
}

export interface Pipeline extends AsyncDisposable {
  readonly mariaDb: TestMariaDb;
  readonly s3: S3Server;
  readonly kube: KubeApiserver;
  readonly router: LocalRouter;
  readonly ledger: Ledger;
  readonly namespace: string;
  /** Where the router sends what is for this function. */
  urlOf(name: FunctionName): string;
  /** Path of a kubeconfig of the function's own rights, for `server` in the API server's place. */
  kubeconfigOf(name: FunctionName, server: string): Promise<string>;
  /** Starts a process and waits until it is ready. */
  start(name: FunctionName, options?: StartFunction): Promise<RunningFunction>;
  /** Posts a request to intake; answers its record's name. */
  request(data: Readonly<Record<string, string>>): Promise<string>;
  /** The record once it has this status. @throws Error with the record after `seconds`. */
  until(name: string, status: Stored["request"]["status"], seconds?: number): Promise<Stored>;
}

export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "pipeline-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const [mariaDb, s3, kube] = await Promise.all([
    startTestMariaDb().then((server) => opened.use(server)),
    startS3Server().then((server) => opened.use(server)),
    startKubeApiserver().then((server) => opened.use(server)),
  ]);
  await seedBank(mariaDb.databaseUrl, options.bank ?? { customers: 5, rows: 2_000, seed: 7 });
  const kubeconfigs = await shippedAccounts(kube);
  const ports = {
    "request-intake": await freePort(),
    "pending-scanner": await freePort(),
    "statement-builder": await freePort(),
  };
  const urlOf = (name: FunctionName) => `http://127.0.0.1:${ports[name]}`;
  const router = opened.use(
    await startLocalRouter({
      ...options.router,
      eventing: await eventingFor(options, join(folder, "eventing")),
      services: Object.fromEntries(
        Object.entries(ports).map(([name, port]) => [name, `http://127.0.0.1:${port}`]),
      ),
      schedule: options.schedule ?? "* * * * * *",
    }),
  );
  const ledger = makeConfigMapLedger({ namespace: LEDGER, kubeconfig: kube.kubeconfig });
  const base = {
    ...QUICK_TIMES,
    ...s3.env,
    PATH: process.env["PATH"],
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
    LEDGER_NAMESPACE: LEDGER,
    DATABASE_URL: mariaDb.databaseUrl,
    METRICS_PORT: "0",
    IDENTITY: "none",
    TICK_DEADLINE_SECONDS: "5",
    ...options.env,
  };
  let started = 0;
  const closing = opened.move();

  return {
    mariaDb,
    s3,
    kube,
    router,
    ledger,
    namespace: LEDGER,
    urlOf,
    kubeconfigOf: (name, server) => kube.serviceAccountKubeconfig(HOME, name, server),
    async start(name, { entry, env, port = ports[name] } = {}) {
      const logFile = join(folder, `${name}-${++started}.log`);
      const process = startProcess({
        name,
        command: "node",
        args: [entry ?? join(REPOSITORY, "functions", name, "index.ts")],
        env: {
          ...base,
          ...router.environmentOf(name),
          KUBECONFIG: kubeconfigs[name],
          PORT: String(port),
          ...env,
        },
        logFile,
      });
      closing.defer(() => process.kill());
      const url = `http://127.0.0.1:${port}`;
      await process.ready(() => isReady(url));
      return Object.assign(process, { url, logFile });
    },
    async request(data) {
      const response = await fetch(urlOf("request-intake"), requested(data));
      const name = response.headers.get("ce-subject");
      if (response.status !== 200 || name === null) {
        throw new Error(`intake answered ${response.status}: ${await response.text()}`);
      }
      await response.body?.cancel();
      return name;
    },
    async until(name, status, seconds = 30) {
      const deadline = Date.now() + seconds * 1000;
      for (;;) {
        const stored = await ledger.read(name);
        if (stored?.request.status === status) return stored;
        if (Date.now() > deadline) {
          throw new Error(`not ${status} after ${seconds} s: ${JSON.stringify(stored?.request)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** The shipped manifests, and Triggers of consumers as their teams would write them. */
async function eventingFor(
  { consumers = {}, brokerIntake }: PipelineOptions,
  copy: string,
): Promise<string> {
  await cp(join(REPOSITORY, "eventing"), copy, { recursive: true });
  if (brokerIntake) {
    const file = "trigger-requested.yaml";
    const component = join(REPOSITORY, "infra/kubernetes/components/broker-intake", file);
    await cp(component, join(copy, file));
    await appendFile(join(copy, "kustomization.yaml"), `  - ${file}\n`);
  }
  for (const [name, uri] of Object.entries(consumers)) {
    const trigger = {
      apiVersion: "eventing.knative.dev/v1",
      kind: "Trigger",
      metadata: { name, namespace: HOME },
      spec: {
        broker: HOME,
        filter: { attributes: { type: eventType("executed") } },
        subscriber: { uri },
        delivery: { deadLetterSink: { uri: "http://request-intake.statements.svc/dead-letter" } },
      },
    };
    await writeFile(join(copy, `${name}.yaml`), JSON.stringify(trigger));
    await appendFile(join(copy, "kustomization.yaml"), `  - ${name}.yaml\n`);
  }
  return copy;
}

/** Each function speaks as its shipped ServiceAccount, with the rights of its shipped Role only. */
async function shippedAccounts(kube: KubeApiserver): Promise<Record<FunctionName, string>> {
  await kube.createNamespace(LEDGER);
  await kube.createNamespace(HOME);
  const account = async (name: FunctionName): Promise<string> => {
    for (const file of ["service-account", "role", "role-binding"]) {
      const path = join(REPOSITORY, "infra/kubernetes/base", name, `${file}.yaml`);
      await kube.apply(await readFile(path, "utf8"));
    }
    return await kube.serviceAccountKubeconfig(HOME, name);
  };
  return {
    "request-intake": await account("request-intake"),
    "pending-scanner": await account("pending-scanner"),
    "statement-builder": await account("statement-builder"),
  };
}
