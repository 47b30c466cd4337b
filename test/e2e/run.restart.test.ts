/** `make run` goes on from where it stood, with requests in every state. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  claim,
  recordRequest,
  type PendingRequest,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { startLocalKubernetesApi } from "../../infra/local/cluster/kubernetes-api/server.ts";
import { descendantsOf, startLocalRun, type LocalRun } from "../support/operator/local-run.ts";
import { makeTool } from "../support/operator/statements-tool.ts";
import { requested } from "../support/functions/requested.ts";
import { isRunning } from "../support/functions/process-table.ts";

const NAMESPACE = "transaction-requests";
const MINUTE_MS = 60_000;
/** Each test starts everything twice. */
const TIMEOUT_MS = 3 * MINUTE_MS;
let outDir: string;

beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), "run-"));
});
afterEach(async () => {
  await rm(outDir, { recursive: true, force: true });
});

test(
  "what was done stays, what was owed is done, and nothing is done twice",
  async () => {
    await using first = await up();
    const done = /statement (\S+)/.exec(first.output())?.[1] ?? "";
    const executed = /transaction-request-customer-000001-\d{13}/.exec(first.output())?.[0] ?? "";
    await ask(first, "customer-404404");
    const [failed = ""] = await first.says(/transaction-request-customer-404404-\d{13}/);
    await first.says(/failed +unknown_customer/);
    await announced();
    await stop(first);
    const before = await atRest((ledger) => addEveryOpenState(ledger));
    const file = await sha256(done);
    await rm(done);

    await using second = await up();
    expect(second.output()).toContain("private MariaDB, with the bank it had");
    const after = await untilRest(second);
    const states = Object.fromEntries([...after].map(([name, { status }]) => [name, status]));
    expect(states).toMatchObject({
      [executed]: "executed",
      [failed]: "failed",
      [NAMES.pending]: "executed",
      [NAMES.retried]: "executed",
      [NAMES.processing]: "executed",
      [NAMES.cancelling]: "cancelled",
      [NAMES.waiting]: "pending",
    });
    expect(after.get(executed)).toEqual(before.get(executed));
    expect(after.get(failed)).toEqual(before.get(failed));
    expect(after.get(NAMES.waiting)).toEqual(before.get(NAMES.waiting));
    expect(after.get(NAMES.processing)).toMatchObject({ attempt: 2, failures: 1 });
    expect(after.get(NAMES.retried)).toMatchObject({ attempt: 1, failures: 2 });
    // The first one's object is still the same.
    expect(after.get(executed)).toMatchObject({ sha256: file });
  },
  TIMEOUT_MS,
);

test(
  "a kill leaves no process behind, and the next start finds everything",
  async () => {
    await using first = await up();
    const children = await descendantsOf(first.pid);
    const [executed = ""] = /transaction-request-customer-000001-\d{13}/.exec(first.output()) ?? [];
    const run = children.find(({ command }) => command.includes("infra/local/run/run.ts"));
    process.kill(run?.pid ?? NaN, "SIGKILL");
    await first.ended;
    const deadline = performance.now() + 20_000;
    while (children.some(({ pid }) => isRunning(pid)) && performance.now() < deadline) {
      await sleep(100);
    }
    expect(children.filter(({ pid }) => isRunning(pid))).toEqual([]);

    await using second = await up();
    expect((await records(await kubeconfigOf())).get(executed)?.status).toBe("executed");
    await stop(second);
  },
  TIMEOUT_MS,
);

test(
  "a second one in the same folder says who has it, at once, and touches nothing",
  async () => {
    await using first = await up();
    const page = /http:\/\/localhost:\d+\//.exec(first.output())?.[0] ?? "no page";
    const log = join(outDir, "logs/statement-builder.log");
    const before = await readFile(log, "utf8");
    for (const mode of ["run", "demo"] as const) {
      await using second = startLocalRun(mode, outDir);
      expect(await second.ended).not.toBe(0);
      expect(second.output()).toMatch(/`make run` \(process \d+, http:\/\/localhost:\d+\/\) uses /);
      expect(second.output()).toContain(page);
      expect(second.output()).toContain("OUT_DIR=out2 PORT_OFFSET=1000");
      expect(second.output()).not.toContain("Logs of the functions");
      expect(second.output()).not.toContain("Starting");
    }
    expect(before).not.toBe("");
    expect((await readFile(log, "utf8")).startsWith(before)).toBe(true);
    await stop(first);
  },
  TIMEOUT_MS,
);

// --- the run -----------------------------------------------------------------------------------

async function up(): Promise<LocalRun> {
  const run = startLocalRun("run", outDir, { TICK_SCHEDULE: "* * * * * *" });
  try {
    await run.says(/What happens/);
    return run;
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

test(
  "`--local` reckons with what the run was told, whatever the tool's own environment lacks",
  async () => {
    const told = { MAX_FAILURES: "7", RETENTION_DAYS: "44" };
    await using run = startLocalRun("run", outDir, told);
    const [name = ""] = await run.says(/transaction-request-customer-000001-\d{13}/);
    await run.says(/What happens:/);
    const local = makeTool({ OUT_DIR: outDir });
    expect((await local("--local", "explain", name)).stdout).toContain("0 of 7 failures used up");
    expect((await local("--local", "prune")).stderr).toContain("their retention of 44 days");
    const own = makeTool({ OUT_DIR: outDir, RETENTION_DAYS: "90" });
    expect((await own("--local", "prune")).stderr).toContain("their retention of 90 days");
    await stop(run);
  },
  TIMEOUT_MS,
);

async function stop(run: LocalRun): Promise<void> {
  await run.interrupt();
  expect(await run.ended).toBe(0);
  expect(run.output()).toContain("stopped by SIGINT");
}

/** By the very line that the run offers to be pasted. */
async function ask(run: LocalRun, customer: string): Promise<void> {
  const [, url = ""] = await run.says(/curl -i (\S+)/);
  const data = { customer_id: customer, start_date: "2025-01-01", end_date: "2025-01-31" };
  const response = await fetch(url, requested(data, { source: "/test", id: customer }));
  expect(response.status).toBe(200);
}

// --- the ledger --------------------------------------------------------------------------------

const TIME = Date.now() - 10 * MINUTE_MS;
const NAMES = {
  pending: `transaction-request-customer-000002-${TIME}`,
  retried: `transaction-request-customer-000003-${TIME}`,
  processing: `transaction-request-customer-000004-${TIME}`,
  cancelling: `transaction-request-customer-000005-${TIME}`,
  waiting: `transaction-request-customer-000002-${TIME + 1}`,
};

function recorded(name: string): PendingRequest {
  return recordRequest({
    name,
    customerId: /customer-\d+/.exec(name)?.[0] ?? "",
    startDate: "2025-01-01",
    endDate: "2025-06-30",
    timeZone: "UTC",
    options: {},
    event: { source: "/test", id: name, type: "requested", time: TIME },
    recordedAt: TIME,
  });
}

/** As a run that was killed leaves them; an API without functions takes them in. */
async function addEveryOpenState(ledger: Ledger): Promise<void> {
  const store = async (request: StatementRequest): Promise<void> => {
    await ledger.create(recorded(request.facts.name));
    const stored = await ledger.read(request.facts.name);
    if (stored) expect(await ledger.replace(stored, request)).not.toBe("conflict");
  };
  await store(recorded(NAMES.pending));
  await store({ ...recorded(NAMES.retried), failures: 2, lastError: "storage_unavailable" });
  await store({ ...recorded(NAMES.cancelling), cancelRequestedAt: TIME });
  await store({ ...recorded(NAMES.waiting), nextAttemptAt: Date.now() + 60 * MINUTE_MS });
  const claimed = claim(recorded(NAMES.processing), {
    now: TIME,
    holder: "gone/1",
    execution: "service",
    maxFailures: 5,
    leaseMs: MINUTE_MS,
    clockSkewMs: 0,
    publishTimeoutMs: MINUTE_MS,
    object: { bucket: "statements", key: `customer-000004-1735689600-1751241600-${TIME}.zip` },
  });
  if (claimed.kind !== "claim") throw new Error("not claimed");
  await store(claimed.request);
}

type Records = ReadonlyMap<string, StatementRequest>;

async function kubeconfigOf(): Promise<string> {
  return await Promise.resolve(join(outDir, "state/run/kubeconfig"));
}

async function records(kubeconfig: string): Promise<Records> {
  const ledger = makeConfigMapLedger({ namespace: NAMESPACE, kubeconfig });
  const all = new Map<string, StatementRequest>();
  for await (const page of ledger.list({})) {
    for (const { request } of page.records) all.set(request.facts.name, request);
  }
  return all;
}

/** Between two runs: the ledger's file, served without anything that would work on it. */
async function atRest(change: (ledger: Ledger) => Promise<void>): Promise<Records> {
  const file = join(outDir, "state/run/kubernetes.json");
  await using api = await startLocalKubernetesApi({ file });
  const kubeconfig = join(outDir, "kubeconfig");
  await writeFile(kubeconfig, api.kubeconfig());
  await change(makeConfigMapLedger({ namespace: NAMESPACE, kubeconfig }));
  return await records(kubeconfig);
}

/** Nothing is left that could be done now, and every outcome was told. */
async function untilRest(run: LocalRun): Promise<Records> {
  const deadline = performance.now() + 45_000;
  for (;;) {
    const all = await records(await kubeconfigOf());
    const resting = [...all.values()].every((one) =>
      one.status === "pending"
        ? one.nextAttemptAt > Date.now()
        : one.status !== "processing" && one.announced,
    );
    if (resting) return all;
    if (performance.now() > deadline) throw new Error(`not at rest:\n${run.output()}`);
    await sleep(200);
  }
}

async function announced(): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const all = await records(await kubeconfigOf());
    if ([...all.values()].every((one) => "announced" in one && one.announced)) return;
    await sleep(100);
  }
  throw new Error("an outcome was not told");
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
