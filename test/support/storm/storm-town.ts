/**
 * The processes of a storm and their neighbours: every function several times behind a load
 * balancer, with clocks that disagree, and a proxy that can fail in front of each server.
 */
import { freePort } from "../../../infra/local/programs/free-port.ts";
import type { Random } from "../../../infra/local/cluster/sample-bank/random.ts";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { startFaultProxy, type FaultProxy } from "../wire/fault-proxy.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../wire/http-fault-proxy.ts";
import { startLoadBalancer } from "../wire/load-balancer.ts";
import type { Pipeline, RunningFunction } from "../functions/pipeline.ts";

/** One process that is started again after each death, as a Deployment would. */
export interface Pod {
  readonly function: FunctionName;
  running: RunningFunction;
  killed: boolean;
  restart(): Promise<void>;
}

/** What stands between the functions and the servers. */
export interface Neighbours {
  readonly api: HttpFaultProxy;
  readonly sink: HttpFaultProxy;
  readonly s3: HttpFaultProxy;
  readonly database: FaultProxy;
}

export interface Town extends AsyncDisposable {
  readonly pods: readonly Pod[];
  readonly neighbours: Neighbours;
  /** Processes that ended although nobody had killed them. */
  readonly crashes: readonly string[];
}

const CLOCK = new URL("./clock-offset.js", import.meta.url).href;
const FIVE_MINUTES = 300_000;

/**
 * Minutes each process's clock is wrong, ten between the extremes. The scanner is early, and so is
 * one builder: what an early builder puts off waits for a clock as early as its own.
 */
const PODS: Readonly<Record<FunctionName, readonly number[]>> = {
  "statement-builder": [0, FIVE_MINUTES, 0, -FIVE_MINUTES],
  "request-intake": [0, -FIVE_MINUTES],
  "pending-scanner": [FIVE_MINUTES],
};

export interface TownPlan {
  readonly random: Random;
  /** Every wake-up goes to so many builders. */
  readonly copies: number;
}

export async function startTown(pipeline: Pipeline, { random, copies }: TownPlan): Promise<Town> {
  await using opened = new AsyncDisposableStack();
  const neighbours = await startNeighbours(pipeline, opened);
  const crashes: string[] = [];

  const startPod = async (name: FunctionName, port: number, offset: number): Promise<Pod> => {
    const env = {
      ...(await environmentThrough(neighbours, pipeline, name)),
      NODE_OPTIONS: `--import=${CLOCK}`,
      CLOCK_OFFSET_MS: String(offset),
    };
    const run = async (): Promise<RunningFunction> => {
      const running = await pipeline.start(name, { port, env });
      void running.ended.then((end) => pod.killed || crashes.push(`${name}: ${end}`));
      return running;
    };
    const pod: Pod = {
      function: name,
      killed: false,
      running: await run(),
      async restart() {
        pod.killed = false;
        pod.running = await run();
      },
    };
    return pod;
  };

  const replicas = async (name: FunctionName, sent = 1): Promise<Pod[]> => {
    const ports: number[] = [];
    for (let n = 0; n < PODS[name].length; n++) ports.push(await freePort());
    const port = Number(new URL(pipeline.urlOf(name)).port);
    opened.use(await startLoadBalancer(port, ports, { copies: sent, random }));
    return await Promise.all(PODS[name].map((offset, n) => startPod(name, ports[n] ?? 0, offset)));
  };
  const pods = [
    ...(await replicas("statement-builder", copies)),
    ...(await replicas("request-intake")),
    ...(await replicas("pending-scanner")),
  ];
  const closing = opened.move();
  return { pods, neighbours, crashes, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

async function startNeighbours(
  { kube, s3, router, mariaDb }: Pipeline,
  opened: AsyncDisposableStack,
): Promise<Neighbours> {
  const { caData = "" } = kube.config().getCurrentCluster() ?? {};
  const ca = Buffer.from(caData, "base64");
  const { hostname, port } = new URL(mariaDb.databaseUrl);
  return {
    api: opened.use(await startHttpFaultProxy({ url: kube.url, tls: { ca } })),
    sink: opened.use(await startHttpFaultProxy({ url: router.url })),
    s3: opened.use(await startHttpFaultProxy({ url: s3.endpoint })),
    database: opened.use(await startFaultProxy({ host: hostname, port: Number(port) })),
  };
}

/** The addresses of a function's servers, with the proxies in their place. */
async function environmentThrough(
  { api, sink, s3, database }: Neighbours,
  pipeline: Pipeline,
  name: FunctionName,
): Promise<Record<string, string>> {
  const broker = new URL(pipeline.router.environmentOf(name)["K_SINK"] ?? "");
  const databaseUrl = new URL(pipeline.mariaDb.databaseUrl);
  databaseUrl.port = String(database.port);
  return {
    KUBECONFIG: await pipeline.kubeconfigOf(name, api.url),
    K_SINK: new URL(broker.pathname, sink.url).href,
    S3_ENDPOINT: s3.url,
    DATABASE_URL: databaseUrl.href,
  };
}
