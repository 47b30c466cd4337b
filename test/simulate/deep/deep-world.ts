/**
 * One deep world: the functions as they ship, each process with its own clients, among servers on loopback
 * whose wires break. First everything goes wrong; then nothing does any more, everything must come to rest,
 * and the processes must end and leave nothing.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import type { StatementEvent } from "../../../functions/domain/events/statement-event.ts";
import { makeConfigMapLedger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { wishedLedger } from "../../../functions/platform/ledger/wished-ledger.ts";
import { wishForEnd } from "../../../functions/status-api/cancel-request.ts";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { cancelRequest } from "../../../infra/operator/act/operator-moves.ts";
import { seededRandom } from "../../../infra/local/cluster/sample-bank/random.ts";
import { startLoadBalancer } from "../../support/wire/load-balancer.ts";
import { requested } from "../../support/functions/requested.ts";
import { customerAt, PERIOD } from "./deep-bank.ts";
import { makeObserver } from "./observer.ts";
import { makeDeepPod, type DeepPod } from "./pods.ts";
import { startDeepServers } from "./servers.ts";
import { makeWire } from "./wire.ts";

export interface DeepWorldOptions {
  readonly seed: number;
  readonly requests: number;
  /** How long things go wrong. */
  readonly stormMs: number;
  /** Of a hundred requests on a wire. */
  readonly rate: number;
  /** Of the product, by its name. */
  readonly mutant?: string | undefined;
  /** The bank hands out somebody else's texts with the right sums: only a reader of the rows can tell. */
  readonly isMixed?: boolean;
}

export interface DeepWorldEnd {
  readonly lives: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
  readonly states: Readonly<Record<string, number>>;
  /** With the logs of the processes, where a rule is broken. */
  readonly folder: string;
}

const LEASE_MS = 4_000;
const SKEW_MS = 1_000;
const DAY_MS = 86_400_000;
const SOURCE = "/deep";
/** Within which everything must be at rest once nothing goes wrong any more. */
const REST_MS = 300_000;
const LONGEST_PAUSE_MS = 2 * LEASE_MS;
/** No request is to run out of them. */
const MAX_FAILURES = 1_000;
/** Every wake-up goes to so many builders. */
const COPIES = 2;

/** Short where a bank's are long, and otherwise as they ship. */
const SETTINGS = {
  PATH: process.env["PATH"] ?? "",
  HOST: "127.0.0.1",
  METRICS_PORT: "0",
  IDENTITY: "none",
  LOG_LEVEL: "info",
  PERIOD_BASIS: "posted_at",
  LEASE_SECONDS: String(LEASE_MS / 1000),
  LEASE_RENEW_SECONDS: "1",
  CLOCK_SKEW_SECONDS: String(SKEW_MS / 1000),
  RETRY_BASE_SECONDS: "1",
  RETRY_MAX_SECONDS: "2",
  MAX_FAILURES: String(MAX_FAILURES),
  CANCEL_WISHES: "true",
  TICK_DEADLINE_SECONDS: "5",
  DRAIN_SECONDS: "5",
  BUILDER_CAPACITY: "16",
  TICK_CAP_PER_CUSTOMER: "50",
  WAKEUPS_PER_CUSTOMER: "1000",
  COMPRESSION: "fast",
};

/** By their names, how far their clocks are ahead: two are apart by less than CLOCK_SKEW_SECONDS. */
const PODS: Readonly<Record<FunctionName, Readonly<Record<string, number>>>> = {
  "request-intake": { "intake-1": 300 },
  "pending-scanner": { "scanner-1": 450 },
  "statement-builder": { "builder-1": 0, "builder-2": -450, "builder-3": 450 },
};
const CLOCKS = new Map(Object.values(PODS).flatMap((pods) => Object.entries(pods)));

export async function runDeepWorld(options: DeepWorldOptions): Promise<DeepWorldEnd> {
  const { seed, requests, stormMs, rate } = options;
  const random = seededRandom(seed);
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "deep-"));
  opened.defer(async () => {
    // The logs say why.
    if (observer.rules.broken.length === 0) await rm(folder, { recursive: true, force: true });
  });
  const wire = makeWire({ random, rate, leaseMs: LEASE_MS });
  const observer = makeObserver(
    {
      leaseMs: LEASE_MS,
      clockSkewMs: SKEW_MS,
      retentionMs: 30 * DAY_MS,
      maxFailures: MAX_FAILURES,
      isBeyondSkew: false,
      // Nothing is deleted there.
      calmMs: () => 0,
    },
    (pod) => CLOCKS.get(pod) ?? 0,
  );

  const pods: Record<FunctionName, readonly DeepPod[]> = {
    "request-intake": await podsOf("request-intake"),
    "pending-scanner": await podsOf("pending-scanner"),
    "statement-builder": await podsOf("statement-builder"),
  };
  const all = Object.values(pods).flat();
  const inFront = await freePort();
  const builders = pods["statement-builder"].map(({ port }) => port);
  opened.use(await startLoadBalancer(inFront, builders, { copies: COPIES, random }));
  const urlOf = (name: FunctionName): string =>
    `http://127.0.0.1:${name === "statement-builder" ? inFront : (pods[name][0]?.port ?? 0)}`;
  const servers = opened.use(
    await startDeepServers({
      folder,
      wire,
      urlOf,
      isMixed: options.isMixed === true,
      onChange: (change) => observer.changed(change),
      onObject: (fetch) => observer.appeared(fetch),
      onEvent: ({ type, subject = "" }) =>
        observer.told({ type: type as StatementEvent["type"], subject }),
      onUnknownQuery: (sql) => observer.break(`the bank was asked ${sql.slice(0, 200)}`),
    }),
  );

  async function podsOf(name: FunctionName): Promise<DeepPod[]> {
    return await Promise.all(
      Object.entries(PODS[name]).map(async ([pod, clockMs]) => {
        const onCrash = (how: string): void => observer.break(`it ended by itself, ${how}`);
        return opened.use(
          await makeDeepPod({ name: pod, function: name, folder, clockMs, onCrash }),
        );
      }),
    );
  }

  // --- the people --------------------------------------------------------------------------------

  let unanswered = 0;
  const names: string[] = [];

  /** Until somebody answers, as a sender must. */
  async function post(id: string, time: string, customer_id: string): Promise<void> {
    unanswered++;
    const event = requested({ customer_id, ...PERIOD }, { source: SOURCE, id, time });
    for (;;) {
      const answer = await fetch(servers.intakeUrl, {
        ...event,
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      const name = answer?.headers.get("ce-subject");
      if (answer?.status === 400) observer.break(`${id} is refused: ${text ?? ""}`);
      if (answer?.status === 400) break;
      if (answer?.status === 200 && text !== undefined && name) {
        observer.promised(`${SOURCE} ${id}`, name);
        names.push(name);
        break;
      }
      await sleep(100 + random() * 400);
    }
    unanswered--;
  }

  async function ask(number: number): Promise<void> {
    await sleep(random() * stormMs * 0.8);
    const id = `event-${seed}-${number}`;
    const time = new Date(Date.now() - Math.floor(random() * 10_000)).toISOString();
    const customer = customerAt(random(), random());
    const copies = random() < 0.3 ? 2 : 1;
    await Promise.all(Array.from({ length: copies }, () => post(id, time, customer)));
  }

  const ledger = makeConfigMapLedger({
    namespace: "transaction-requests",
    kubeconfig: servers.kubeconfig,
  });
  const wishes = wishedLedger(ledger);

  /** Operators write into the record, status-api leaves a wish beside it. */
  async function cancelSome(): Promise<void> {
    const { signal } = new AbortController();
    while (!calm.signal.aborted) {
      await sleep(1_000);
      const name = names[Math.floor(random() * names.length * 1.5)];
      if (name === undefined) continue;
      const find = async () => {
        const stored = await ledger.read(name);
        if (!stored) throw new Error(`${name} is not there`);
        return stored;
      };
      const isWish = random() < 0.5;
      if (isWish) {
        const { request } = await find();
        await wishForEnd(request, { ledger: wishes, now: Date.now, by: "upstream" }, signal);
      } else await cancelRequest({ ledger, find, now: Date.now, by: "operator", signal });
      wire.count(isWish ? "cancelled by a wish" : "cancelled by an operator");
    }
  }

  /** Builders more often than those of whom there is one. */
  async function breakProcess(pod: DeepPod): Promise<void> {
    const everyMs = pods["statement-builder"].includes(pod) ? 6_000 : 30_000;
    for (;;) {
      await sleep(random() * everyMs, undefined, { signal: calm.signal }).catch(() => undefined);
      if (calm.signal.aborted) return;
      const isPaused = random() < 0.4;
      wire.count(isPaused ? "process paused" : "process killed");
      if (isPaused) await pod.pause(random() * LONGEST_PAUSE_MS);
      else await pod.kill(random() * 500);
    }
  }

  // --- the way of the world ----------------------------------------------------------------------

  for (const [name, some] of Object.entries(pods) as [FunctionName, readonly DeepPod[]][]) {
    const env = { ...SETTINGS, ...servers.environmentOf(name), MUTANT: options.mutant ?? "" };
    for (const pod of some) pod.start({ ...env, NODE_COMPILE_CACHE: COMPILED });
  }
  const calm = new AbortController();
  opened.defer(() => calm.abort());
  await Promise.all(all.map((pod) => pod.ready()));
  const isBroken = (): boolean => observer.rules.broken.length > 0;
  const asked = Promise.all(Array.from({ length: requests }, (_, number) => ask(number)));
  const broken = Promise.all([...all.map(breakProcess), cancelSome()]);
  const stormEnds = Date.now() + stormMs;
  while (Date.now() < stormEnds && !isBroken()) await sleep(100);
  calm.abort();
  await broken;
  wire.end();
  for (const restBy = Date.now() + REST_MS; Date.now() < restBy && !isBroken();) {
    await observer.settled();
    if (unanswered === 0 && observer.isAtRest()) break;
    await sleep(100);
  }
  if (!isBroken()) await asked;
  if (!isBroken()) {
    const ends = await Promise.all(all.map((pod) => pod.end()));
    for (const end of ends.flat()) observer.break(end);
  }
  await observer.settled();
  if (!isBroken()) observer.atRest(await servers.keys(), await servers.uploads());
  const { states } = observer.rules;
  return {
    lives: Object.values(states).reduce((sum, count) => sum + count, 0),
    faults: wire.taken,
    broken: observer.rules.broken,
    states,
    folder,
  };
}

/** Of the product's modules, so that a process that is started again is there soon. */
const COMPILED = join(tmpdir(), "deep-compiled");
