/** What a statement costs: calls, bytes and CPU of everything that takes part, small and large. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { startPipeline, type Pipeline } from "../../support/functions/pipeline.ts";
import type { Bench, BenchContext, Candidate } from "../bench.ts";
import { largeCustomer, SMALL_ROWS, smallCustomer } from "../bank/customers.ts";
import { PERIOD } from "../candidates/statement-sql.ts";
import { startCountingProxy, type Counted, type CountingProxy } from "../ledger/counting-proxy.ts";
import { followRequests } from "../ledger/posted-requests.ts";
import { NEVER } from "../ledger/story-parts.ts";
import type { Sample } from "../measure.ts";
import { openStage } from "../stage.ts";

const SMALL_STATEMENTS = { full: 200, quick: 150 };
const LARGE_ROWS = { full: 1_000_000, quick: 200_000 };
/** Dollars a thousand requests: list prices of S3 Standard in us-east-1, November 2026. */
const PRICE = { write: 0.005, read: 0.0004 };
const A_MONTH = 1_000_000;

export const bench: Bench = {
  name: "cost",
  about:
    "Kubernetes and S3 calls, bytes and CPU of a statement, from the posted event to announced",
  quick: false,
  ratios: [],
  async run(context) {
    const { resources } = context;
    const stage = await context.shared(openStage);
    const pipeline = resources.use(
      await startPipeline({
        bank: { customers: 1, rows: 100, seed: 1 },
        schedule: NEVER,
        env: {
          LOG_LEVEL: "info",
          LEASE_SECONDS: "60",
          LEASE_RENEW_SECONDS: "20",
          WAKEUPS_PER_CUSTOMER: "100000",
          DATABASE_URL: stage.bank.databaseUrl,
        },
      }),
    );
    const proxies = await startProxies(pipeline, resources);
    const start = async (name: FunctionName) =>
      await pipeline.start(name, {
        env: {
          KUBECONFIG: await proxiedKubeconfig(context, pipeline, name, proxies.kubernetes.url),
          S3_ENDPOINT: proxies.s3.url,
        },
      });
    const [intake, builder] = [await start("request-intake"), await start("statement-builder")];
    const requests = await followRequests(pipeline, resources);
    const { kube, s3 } = pipeline;
    const candidate = (name: string, customers: readonly string[]): Candidate => ({
      name,
      servers: () => ({
        intake: intake.pid,
        builder: builder.pid,
        mariadbd: stage.bank.pid,
        "kube-apiserver": kube.pid,
        etcd: kube.etcd.pid,
        s3: s3.pid,
      }),
      memoryOf: ["builder"],
      async prepare() {
        for (const proxy of Object.values(proxies)) proxy.take();
        await Promise.resolve();
      },
      async run() {
        for (const customerId of customers) await requests.run({ customerId, ...PERIOD });
        const counted = Object.entries(proxies).map(([to, proxy]) => [to, proxy.take()] as const);
        return Object.fromEntries(
          counted.flatMap(([to, one]) => figuresOf(to, one, customers.length)),
        );
      },
    });
    const small = Array.from(
      { length: context.quick ? SMALL_STATEMENTS.quick : SMALL_STATEMENTS.full },
      (_, i) => smallCustomer(1 + (i % stage.bank.size.small)),
    );
    const rows = context.quick ? LARGE_ROWS.quick : LARGE_ROWS.full;
    const samples = await context.rounds(
      [candidate("small", small), candidate("large", [largeCustomer(rows)])],
      { rounds: context.quick ? 1 : 3 },
    );
    explain(context, `${SMALL_ROWS} rows`, samples["small"] ?? [], small.length);
    explain(context, `${rows} rows`, samples["large"] ?? [], 1);
  },
};

async function startProxies({ kube, s3 }: Pipeline, opened: AsyncDisposableStack) {
  const ca = await caOf(kube.kubeconfig);
  return {
    kubernetes: opened.use(await startCountingProxy(kube.url, ca)),
    s3: opened.use(await startCountingProxy(s3.endpoint)),
  } satisfies Record<string, CountingProxy>;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
}

async function caOf(kubeconfig: string): Promise<string> {
  const { clusters } = JSON.parse(await readFile(kubeconfig, "utf8")) as Kubeconfig;
  const data = (clusters[0]?.cluster ?? {}) as { "certificate-authority-data"?: string };
  return Buffer.from(data["certificate-authority-data"] ?? "", "base64").toString();
}

/** The function's own rights; the client library wants plain HTTP to be asked for. */
async function proxiedKubeconfig(
  { folder }: BenchContext,
  { kube }: Pipeline,
  name: FunctionName,
  server: string,
): Promise<string> {
  const text = await readFile(await kube.serviceAccountKubeconfig("statements", name), "utf8");
  const cluster = { name: "test", cluster: { server, "insecure-skip-tls-verify": true } };
  const path = join(folder, `${name}.kubeconfig`);
  await writeFile(path, JSON.stringify({ ...(JSON.parse(text) as object), clusters: [cluster] }));
  return path;
}

function figuresOf(to: string, counted: Counted, statements: number): [string, number][] {
  const { calls, bytesSent, bytesReceived } = counted;
  return [
    ...Object.entries(calls).map(([kind, count]): [string, number] => [
      `${to} ${kind}`,
      count / statements,
    ]),
    [`${to} bytes sent`, bytesSent / statements],
    [`${to} bytes received`, bytesReceived / statements],
  ];
}

/** Per statement, and what a month of a million of them comes to. */
function explain(context: BenchContext, what: string, samples: readonly Sample[], count: number) {
  const last = samples.at(-1);
  if (!last) return;
  const calls = (prefix: string): [kind: string, count: number][] =>
    Object.entries(last.figures)
      .filter(([name]) => name.startsWith(prefix) && !name.includes("bytes"))
      .map(([name, value]) => [name.slice(prefix.length), value]);
  const total = (list: readonly (readonly [string, number])[]): number =>
    list.reduce((sum, [, value]) => sum + value, 0);
  const [kubernetes, s3] = [calls("kubernetes "), calls("s3 ")];
  const reads = s3.filter(([kind]) => kind === "GET" || kind === "HEAD");
  const writes = s3.filter(([kind]) => kind !== "GET" && kind !== "HEAD" && !isFree(kind));
  const dollars = (total(writes) * PRICE.write + total(reads) * PRICE.read) / 1000;
  context.figure(`${what}: Kubernetes calls`, total(kubernetes), "a statement");
  context.figure(`${what}: S3 calls`, total(s3), "a statement");
  for (const [name, seconds] of Object.entries(last.cpuOf)) {
    if (seconds > 0) context.figure(`${what}: CPU of ${name}`, (seconds / count) * 1000, "ms");
  }
  const cpuDays = ((last.cpu / count) * A_MONTH) / 86_400;
  context.figure(`${what}: a million a month, all CPU`, cpuDays / 30, "cores all month");
  context.figure(`${what}: a million a month, S3 requests`, dollars * A_MONTH, "dollars");
  const perSecond = (total(kubernetes) * A_MONTH) / (30 * 86_400);
  context.figure(`${what}: a million a month, Kubernetes calls`, perSecond, "a second");
}

/** S3 takes nothing for deletions, and aborting an upload is one. */
function isFree(kind: string): boolean {
  return kind.startsWith("DELETE");
}
