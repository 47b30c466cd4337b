/**
 * What happens in a storm, one after the other and a few at a time: processes die and pause, servers
 * go away, and what is between them answers wrongly, late or not at all. Which ones follows from the
 * seed; when exactly, from the machine.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pick, type Random } from "../../../infra/local/cluster/sample-bank/random.ts";
import type { TcpFault } from "../wire/fault-proxy.ts";
import type { HttpFault, HttpFaultProxy, HttpRule } from "../wire/http-fault-proxy.ts";
import type { Pipeline } from "../functions/pipeline.ts";
import type { Neighbours, Pod, Town } from "./storm-town.ts";

export interface Breakable {
  readonly pipeline: Pipeline;
  readonly town: Town;
  readonly calm: AbortSignal;
}

const AT_A_TIME = 4;

/**
 * One fault after another until it is calm; leaves everything running.
 *
 * @returns how often each hit
 * @throws AggregateError when something did not come back
 */
export async function breakThings(
  random: Random,
  parts: Breakable,
): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  const broken = new Map<object, Promise<void>>();
  const unhealed: unknown[] = [];
  while (!parts.calm.aborted && unhealed.length === 0) {
    await sleep(200 + random() * 1_000);
    const { kind, target, act } = chooseFault(random, parts);
    if (broken.has(target)) continue;
    const over = act()
      .then((hit) => {
        if (hit) counted[kind] = (counted[kind] ?? 0) + 1;
      })
      .catch((error: unknown) => void unhealed.push(error))
      .finally(() => broken.delete(target));
    broken.set(target, over);
    // Not more at a time than leaves somebody alive to do some work.
    if (broken.size >= AT_A_TIME) await Promise.race(broken.values());
  }
  await Promise.all(broken.values());
  if (unhealed.length > 0) throw new AggregateError(unhealed, "what was broken stayed broken");
  return counted;
}

interface Fault {
  readonly kind: string;
  /** One thing is broken in one way at a time. */
  readonly target: object;
  /** Breaks it and heals it again. @returns whether it hit anybody. */
  readonly act: () => Promise<boolean>;
}

function chooseFault(random: Random, { pipeline, town }: Breakable): Fault {
  const dice = random();
  const ms = 500 + random() * 8_000;
  const { mariaDb, s3 } = pipeline;
  if (dice < 0.04) {
    return { kind: "MariaDB killed", target: mariaDb, act: () => restartServer(mariaDb, ms / 4) };
  }
  if (dice < 0.08) return { kind: "S3 killed", target: s3, act: () => restartServer(s3, ms / 4) };
  if (dice < 0.2) return databaseFault(random, town.neighbours, ms / 4);
  if (dice < 0.6) return httpFault(random, town.neighbours, ms / 4);
  const builders = town.pods.filter((one) => one.function === "statement-builder");
  const pod = pick(random, dice < 0.9 ? builders : town.pods);
  const paused = random() < 0.5;
  return {
    kind: `${pod.function} ${paused ? "paused" : "killed"}`,
    target: pod,
    act: () => (paused ? pause(pod, ms) : killPod(pod, ms / 8)),
  };
}

// --- processes ---------------------------------------------------------------------------------

interface Server {
  kill(): Promise<void>;
  start(): Promise<void>;
}

async function restartServer(server: Server, ms: number): Promise<true> {
  await server.kill();
  await sleep(ms);
  await server.start();
  return true;
}

async function killPod(pod: Pod, ms: number): Promise<true> {
  pod.killed = true;
  await pod.running.kill();
  await sleep(ms);
  await pod.restart();
  return true;
}

/** Shorter than a lease, or past it. */
async function pause(pod: Pod, ms: number): Promise<true> {
  process.kill(pod.running.pid, "SIGSTOP");
  await sleep(ms);
  process.kill(pod.running.pid, "SIGCONT");
  return true;
}

// --- neighbours --------------------------------------------------------------------------------

interface HttpTrouble extends Omit<HttpRule, "times"> {
  readonly kind: string;
  readonly neighbour: Exclude<keyof Neighbours, "database">;
}

const JSON_TYPE = { "content-type": "application/json" };

function apiAnswer(status: number, reason: string, headers = {}): HttpFault {
  const body = JSON.stringify({ kind: "Status", apiVersion: "v1", code: status, reason });
  return { kind: "answer", status, headers: { ...JSON_TYPE, ...headers }, body };
}

function s3Answer(status: number, code: string): HttpFault {
  const headers = { "content-type": "application/xml" };
  return { kind: "answer", status, headers, body: `<Error><Code>${code}</Code></Error>` };
}

const busy = apiAnswer(429, "TooManyRequests", { "retry-after": "1" });
const broken = apiAnswer(500, "InternalError");
const conflict = apiAnswer(409, "Conflict");
const lost: HttpFault = { kind: "reset-after" };
const unanswered: HttpFault = { kind: "drop" };
const COMPLETE = { method: "POST", path: /uploadId=/ };

const HTTP_TROUBLES: readonly HttpTrouble[] = [
  { kind: "API 409", neighbour: "api", method: "PUT", fault: conflict },
  // As a quota that several use at once answers a creation.
  { kind: "API 409", neighbour: "api", method: "POST", fault: conflict },
  { kind: "API 429", neighbour: "api", fault: busy },
  { kind: "API 500", neighbour: "api", fault: broken },
  { kind: "API reset after write", neighbour: "api", method: "PUT", fault: lost },
  { kind: "API reset after write", neighbour: "api", method: "POST", fault: lost },
  { kind: "API silent", neighbour: "api", fault: unanswered },
  { kind: "sink 503", neighbour: "sink", fault: { kind: "answer", status: 503 } },
  { kind: "sink silent", neighbour: "sink", fault: unanswered },
  { kind: "sink reset after", neighbour: "sink", fault: lost },
  { kind: "S3 503", neighbour: "s3", fault: s3Answer(503, "SlowDown") },
  { kind: "S3 500", neighbour: "s3", fault: s3Answer(500, "InternalError") },
  { kind: "S3 reset after write", neighbour: "s3", method: "PUT", fault: lost },
  { kind: "S3 reset after complete", neighbour: "s3", ...COMPLETE, fault: lost },
  {
    kind: "S3 stalled in mid-upload",
    neighbour: "s3",
    method: "PUT",
    fault: { kind: "stall-request", afterBytes: 1_000 },
  },
];

function httpFault(random: Random, neighbours: Neighbours, ms: number): Fault {
  const { kind, neighbour, ...rule } = pick(random, HTTP_TROUBLES);
  const times = 1 + Math.floor(random() * 5);
  const target = neighbours[neighbour];
  return { kind, target, act: () => failRequests(target, { ...rule, times }, ms) };
}

async function failRequests(proxy: HttpFaultProxy, rule: HttpRule, ms: number): Promise<boolean> {
  const inForce = proxy.fail(rule);
  await sleep(ms);
  inForce.remove();
  return inForce.hits > 0;
}

function databaseFault(random: Random, { database }: Neighbours, ms: number): Fault {
  const kind = pick(random, ["reset", "stall"] as const);
  const fault: TcpFault = {
    kind,
    direction: "down",
    times: 2,
    afterBytes: Math.floor(random() * 30_000),
  };
  return {
    kind: kind === "reset" ? "MySQL reset in mid-row" : "MySQL stalled",
    target: database,
    async act() {
      await database.set(fault);
      await sleep(ms);
      const hit = database.hits > 0;
      await database.set({ kind: "pass" });
      return hit;
    },
  };
}
