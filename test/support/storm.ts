/**
 * A storm: many requests of many customers, every event delivered up to three times and out of
 * order, while processes are killed and paused and servers restarted. What happens follows from
 * the seed; when exactly, from the machine.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../infra/local/free-port.ts";
import { customerId } from "../../infra/local/sample-bank/customers.ts";
import { pick, seededRandom, type Random } from "../../infra/local/sample-bank/random.ts";
import { eventType, type FunctionName } from "../../functions/domain/events.ts";
import { startLoadBalancer } from "./load-balancer.ts";
import { startPipeline, type Pipeline, type RunningFunction } from "./pipeline.ts";
import { auditStatements } from "./statement-audit.ts";

export interface StormPlan {
  readonly seed: number;
  readonly minutes: number;
  readonly requests: number;
  readonly customers: number;
}

export interface StormReport {
  readonly requests: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Without a record, without its file, or with another one than it should be. */
  readonly lost: readonly string[];
  /** Events with two records, requests with two objects, objects of no request. */
  readonly doubled: readonly string[];
  /** Neither ended nor announced when the storm had long been over. */
  readonly stuck: readonly string[];
  readonly openUploads: readonly string[];
  /** Processes that ended by themselves. */
  readonly crashes: readonly string[];
}

const REST_MS = 180_000;
const COPIES = 3;
const SENDERS = 12;

export async function runStorm(plan: StormPlan): Promise<StormReport> {
  const random = seededRandom(plan.seed);
  await using pipeline = await startPipeline({
    bank: { customers: plan.customers, rows: plan.customers * 100, seed: plan.seed },
    env: {
      // A kill costs its request a failure, and no request is to run out of them here.
      MAX_FAILURES: "1000",
      BUILDER_CAPACITY: "24",
      WAKEUPS_PER_CUSTOMER: "1000",
      LOG_LEVEL: "info",
    },
  });
  await using town = await startTown(pipeline);
  const events = Array.from({ length: plan.requests }, (_, n) => makeEvent(random, plan, n));
  const endsAt = Date.now() + plan.minutes * 60_000;
  const calm = new AbortController();
  const faults = breakThings(seededRandom(plan.seed + 1), { pipeline, town, calm: calm.signal });
  const names = await deliver(deliveries(random, events), pipeline.urlOf("request-intake"), endsAt);
  await sleep(Math.max(0, endsAt - Date.now()));
  calm.abort();
  const counted = await faults;
  await untilRest(pipeline);
  const crashes = [...town.crashes];
  return { ...(await report(pipeline, events, names)), faults: counted, crashes };
}

// --- processes ---------------------------------------------------------------------------------

/** One process that is started again after each death, as a Deployment would. */
interface Pod {
  readonly function: FunctionName;
  running: RunningFunction;
  killed: boolean;
  restart(): Promise<void>;
}

interface Town extends AsyncDisposable {
  readonly pods: readonly Pod[];
  /** Processes that ended although nobody had killed them. */
  readonly crashes: readonly string[];
}

async function startTown(pipeline: Pipeline): Promise<Town> {
  const balancers = new AsyncDisposableStack();
  const crashes: string[] = [];
  const startPod = async (name: FunctionName, port: number): Promise<Pod> => {
    const run = async (): Promise<RunningFunction> => {
      const running = await pipeline.start(name, { port });
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
  const replicas = async (name: FunctionName, count: number): Promise<Pod[]> => {
    const ports: number[] = [];
    for (let n = 0; n < count; n++) ports.push(await freePort());
    balancers.use(await startLoadBalancer(Number(new URL(pipeline.urlOf(name)).port), ports));
    return await Promise.all(ports.map((port) => startPod(name, port)));
  };
  const pods = [
    ...(await replicas("statement-builder", 3)),
    ...(await replicas("request-intake", 2)),
    ...(await replicas("pending-scanner", 1)),
  ];
  return { pods, crashes, [Symbol.asyncDispose]: () => balancers.disposeAsync() };
}

// --- faults ------------------------------------------------------------------------------------

interface Breakable {
  readonly pipeline: Pipeline;
  readonly town: Town;
  readonly calm: AbortSignal;
}

/** One fault after another until it is calm; leaves everything running. */
async function breakThings(random: Random, parts: Breakable): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  const broken = new Map<object, Promise<void>>();
  while (!parts.calm.aborted) {
    await sleep(300 + random() * 1_500);
    const { kind, target, act } = chooseFault(random, parts);
    if (broken.has(target)) continue;
    counted[kind] = (counted[kind] ?? 0) + 1;
    broken.set(
      target,
      act().finally(() => broken.delete(target)),
    );
    // Not more at a time than leaves somebody alive to do some work.
    if (broken.size > 2) await Promise.race(broken.values());
  }
  await Promise.all(broken.values());
  return counted;
}

interface Fault {
  readonly kind: string;
  readonly target: object;
  /** Breaks it and heals it again. */
  readonly act: () => Promise<void>;
}

function chooseFault(random: Random, { pipeline, town }: Breakable): Fault {
  const dice = random();
  const ms = 500 + random() * 8_000;
  const { mariaDb, s3 } = pipeline;
  if (dice < 0.07) {
    return { kind: "MariaDB killed", target: mariaDb, act: () => restartServer(mariaDb, ms / 4) };
  }
  if (dice < 0.14) return { kind: "S3 killed", target: s3, act: () => restartServer(s3, ms / 4) };
  const builders = town.pods.filter((one) => one.function === "statement-builder");
  const pod = pick(random, dice < 0.8 ? builders : town.pods);
  const paused = dice < 0.5;
  return {
    kind: `${pod.function} ${paused ? "paused" : "killed"}`,
    target: pod,
    act: () => (paused ? pause(pod, ms) : killPod(pod, ms / 8)),
  };
}

interface Server {
  kill(): Promise<void>;
  start(): Promise<void>;
}

async function restartServer(server: Server, ms: number): Promise<void> {
  await server.kill();
  await sleep(ms);
  await server.start();
}

async function killPod(pod: Pod, ms: number): Promise<void> {
  pod.killed = true;
  await pod.running.kill();
  await sleep(ms);
  await pod.restart();
}

/** Shorter than a lease, or past it. */
async function pause(pod: Pod, ms: number): Promise<void> {
  process.kill(pod.running.pid, "SIGSTOP");
  await sleep(ms);
  process.kill(pod.running.pid, "SIGCONT");
}

// --- requests ----------------------------------------------------------------------------------

interface RequestedEvent {
  readonly id: string;
  readonly time: string;
  readonly data: Readonly<Record<string, string>>;
}

function makeEvent(random: Random, { customers, seed }: StormPlan, n: number): RequestedEvent {
  const from = Date.UTC(2024, 0, 1 + Math.floor(random() * 600));
  const to = from + Math.floor(random() * 120) * 86_400_000;
  return {
    id: `storm-${seed}-${n}`,
    // Some share a millisecond, as events of one burst do.
    time: new Date(Date.now() - Math.floor(random() * 10_000)).toISOString(),
    data: {
      customer_id: customerId(1 + Math.floor(random() * customers)),
      start_date: new Date(from).toISOString().slice(0, 10),
      end_date: new Date(to).toISOString().slice(0, 10),
    },
  };
}

/** Each event one to three times, the copies of a few hundred events mixed. */
function deliveries(random: Random, events: readonly RequestedEvent[]): RequestedEvent[] {
  return events
    .flatMap((event, n) =>
      Array.from({ length: 1 + Math.floor(random() * COPIES) }, () => ({
        event,
        at: n + random() * 200,
      })),
    )
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}

/** Sends all of them, spread over the time there is. @returns record names by event id. */
async function deliver(
  events: readonly RequestedEvent[],
  url: string,
  endsAt: number,
): Promise<Map<string, Set<string>>> {
  const names = new Map<string, Set<string>>();
  const startedAt = Date.now();
  const gapMs = ((endsAt - startedAt) * 0.8) / events.length;
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let n = next++; n < events.length; n = next++) {
      await sleep(Math.max(0, startedAt + n * gapMs - Date.now()));
      const event = events[n];
      if (!event) return;
      const name = await send(event, url);
      names.set(event.id, (names.get(event.id) ?? new Set()).add(name));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return names;
}

/** Again and again, with the same id and time, until intake has said that it is recorded. */
async function send({ id, time, data }: RequestedEvent, url: string): Promise<string> {
  for (;;) {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-type": eventType("requested"),
        "ce-source": "/storm",
        "ce-id": id,
        "ce-time": time,
      },
      body: JSON.stringify(data),
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    const name = answer?.headers.get("ce-subject");
    if (answer?.status === 200 && text !== undefined && name) return name;
    if (answer?.status === 400) throw new Error(`intake refused ${id}: ${text ?? ""}`);
    await sleep(200);
  }
}

// --- the end -----------------------------------------------------------------------------------

/** Resolves when every record is final and announced, or when that took far too long. */
async function untilRest({ ledger }: Pipeline): Promise<void> {
  for (const deadline = Date.now() + REST_MS; Date.now() < deadline;) {
    let open = 0;
    for await (const page of ledger.list({ status: ["pending", "processing"] }))
      open += page.records.length;
    for await (const page of ledger.list({ announced: false })) open += page.records.length;
    if (open === 0) return;
    await sleep(1_000);
  }
}

async function report(
  pipeline: Pipeline,
  events: readonly RequestedEvent[],
  names: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Omit<StormReport, "faults" | "crashes">> {
  const audit = await auditStatements(pipeline);
  const { records, objects, openUploads } = audit;
  const lost: string[] = [];
  const doubled: string[] = [];
  const stuck: string[] = [];
  for (const { id } of events) {
    const [name = "", ...others] = names.get(id) ?? [];
    const request = records.get(name);
    const rests = request && "announced" in request && request.announced;
    if (others.length > 0) doubled.push(`${id}: records ${[name, ...others].join()}`);
    if (request && !rests) stuck.push(`${name}: ${audit.problemsOf(name).join("; ")}`);
    else if ((objects.get(name) ?? []).length > 1) doubled.push(`${name}: two objects`);
    else if (audit.problemsOf(name).length > 0)
      lost.push(`${name}: ${audit.problemsOf(name).join("; ")}`);
  }
  const asked = new Set([...names.values()].flatMap((each) => [...each]));
  for (const name of records.keys())
    if (!asked.has(name)) doubled.push(`${name}: a record of no answered event`);
  for (const [name, found] of objects)
    if (!asked.has(name)) doubled.push(`${found[0]?.key ?? ""}: an object of no request`);
  return { requests: events.length, lost, doubled, stuck, openUploads };
}
