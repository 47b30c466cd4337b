/**
 * A storm: many requests of many customers, every event delivered three times, concurrently and out
 * of order, to intakes and to four builders, while everything is broken that can break.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../../infra/local/cluster/sample-bank/random.ts";
import { startPipeline, type Pipeline } from "../functions/pipeline.ts";
import { auditStatements } from "../functions/statement-audit.ts";
import { breakThings } from "./storm-faults.ts";
import {
  COPIES,
  deliver,
  makeEvents,
  shuffledCopies,
  type RequestedEvent,
} from "./storm-requests.ts";
import { startTown } from "./storm-town.ts";

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

/** A machine that is busy takes long for what the storm has left; whatever is stuck does not move at all. */
const WITHOUT_PROGRESS_MS = 180_000;

export async function runStorm(plan: StormPlan): Promise<StormReport> {
  const random = seededRandom(plan.seed);
  await using pipeline = await startPipeline({
    bank: { customers: plan.customers, rows: plan.customers * 100, seed: plan.seed },
    env: {
      // A kill costs its request a failure, and no request is to run out of them here.
      MAX_FAILURES: "1000",
      // Two for each builder.
      BUILDER_CAPACITY: "8",
      WAKEUPS_PER_CUSTOMER: "1000",
      LOG_LEVEL: "info",
    },
  });
  await using town = await startTown(pipeline, {
    random: seededRandom(plan.seed + 2),
    copies: COPIES,
  });
  const events = makeEvents(random, plan);
  const endsAt = Date.now() + plan.minutes * 60_000;
  const calm = new AbortController();
  const over = new AbortController();
  const faults = breakThings(seededRandom(plan.seed + 1), { pipeline, town, calm: calm.signal });
  // What cannot be healed again ends the storm, or the senders would try forever.
  faults.catch((error: unknown) => over.abort(error));
  const tooLong = AbortSignal.timeout(plan.minutes * 60_000 + WITHOUT_PROGRESS_MS);
  const delivering = {
    url: pipeline.urlOf("request-intake"),
    endsAt,
    signal: AbortSignal.any([over.signal, tooLong]),
  };
  let names: Map<string, Set<string>>;
  try {
    names = await deliver(shuffledCopies(random, events), delivering);
    await sleep(Math.max(0, endsAt - Date.now()));
  } finally {
    calm.abort();
    await faults.catch(() => undefined);
  }
  const counted = await faults;
  await untilRest(pipeline);
  const crashes = [...town.crashes];
  return { ...(await report(pipeline, events, names)), faults: counted, crashes };
}

/** Resolves when every record is final and announced, or when none more has become so for far too long. */
async function untilRest({ ledger }: Pipeline): Promise<void> {
  let fewest = Infinity;
  for (let deadline = 0; fewest > 0;) {
    let open = 0;
    for await (const page of ledger.list({ atRest: false })) open += page.records.length;
    if (open < fewest) deadline = Date.now() + WITHOUT_PROGRESS_MS;
    fewest = Math.min(fewest, open);
    if (Date.now() > deadline) return;
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
