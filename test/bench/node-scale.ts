/**
 * What a ledger of 10 000 and of 100 000 records asks of a real node: `KUBECONFIG=… node test/bench/node-scale.ts`, as root
 * on the node itself, whose etcd answers at ETCD_URL (http://127.0.0.1:2379). It makes a namespace of its own and
 * takes it away. The figures are for infra/kubernetes/platform.md.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { announce } from "../../functions/domain/outcome/telling.ts";
import { execute, recordRequest } from "../../functions/domain/statement-request.ts";
import { mapConcurrently } from "../../functions/platform/limits/concurrency.ts";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { claimRecord } from "../../functions/statement-builder/claim.ts";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { makeTool } from "../support/operator/statements-tool.ts";
import { makeEtcdStore } from "./ledger/etcd-store.ts";
import { CLAIM_SETTINGS, makeAdding } from "./ledger/loaded-ledger.ts";
import { startScanner } from "./ledger/scanner-process.ts";
import { cpuSeconds, memoryMb, peakMemoryMb } from "./process-figures.ts";

const SIZES = [10_000, 100_000];
const PENDING = 100;
const REQUESTS = 600;
const AT_ONCE = 8;
const TICKS = 5;

const { KUBECONFIG = "", ETCD_URL = "http://127.0.0.1:2379" } = process.env;
const namespace = `scale-${randomBytes(3).toString("hex")}`;
const ledger = makeConfigMapLedger({ namespace, kubeconfig: KUBECONFIG, timeoutMs: 120_000 });
const store = makeEtcdStore(ETCD_URL);
const tool = makeTool({ KUBECONFIG, LEDGER_NAMESPACE: namespace });

/** Of the one process of the node with this program and argument. */
async function pidOf(program: string, argument: string): Promise<number> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const [command = "", ...args] = line.split("\0");
    if (command.endsWith(program) && args.some((one) => one.includes(argument))) return Number(pid);
  }
  throw new Error(`no process ${program} with ${argument} runs here`);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function owed(mayBeStale: boolean): Promise<number> {
  let found = 0;
  for await (const { records } of ledger.list({ atRest: false, mayBeStale }))
    found += records.length;
  return found;
}

/** All that intake and builder ask of the ledger for one request, without the build. */
async function request(serial: number): Promise<void> {
  const now = Date.now();
  const name = `transaction-request-node-${now}-${serial}`;
  await ledger.create(
    recordRequest({
      name,
      customerId: `node-${serial % 100}`,
      startDate: "2025-01-01",
      endDate: "2025-12-31",
      timeZone: "Europe/Berlin",
      options: {},
      event: { source: "/online-banking", id: String(serial), type: "requested", time: now },
      recordedAt: now,
    }),
  );
  const claimed = await claimRecord(name, { ledger, settings: CLAIM_SETTINGS, now: Date.now });
  if (claimed.kind !== "claimed") throw new Error(`a claim ended ${claimed.kind}`);
  const { stored } = claimed;
  const result = { rows: 500, bytes: 23_456, sha256: "0123abcd".repeat(8), asOf: now };
  const executed = await ledger.replace(
    stored,
    execute(stored.request, stored.request.object, result, Date.now()),
  );
  if (executed === "conflict") throw new Error("a request was not executed");
  await ledger.replace(executed, announce(executed.request));
}

async function measure(size: number, folder: string): Promise<void> {
  const servers = {
    "kube-apiserver": await pidOf("kube-apiserver", "--secure-port=6443"),
    etcd: await pidOf("etcd", "2379"),
  };
  const say = (what: string, value: number, unit: string): void =>
    console.log(`${size} records: ${what} ${value.toPrecision(3)} ${unit}`);
  say("owed, from the server's memory", await secondsOf(() => owed(true)), "s");
  say("owed, consistent", await secondsOf(() => owed(false)), "s");
  for (const command of [["list", "--state", "pending"], ["doctor"]]) {
    let ended = 0;
    const seconds = await secondsOf(async () => ({ code: ended } = await tool(...command)));
    // 3: the cluster did not answer in time. A doctor that finds something ends with 1.
    say(`statements ${command.join(" ")}, exit code ${ended},`, seconds, "s");
  }
  const labelled = ["-l", "transactions-collector.io/status=pending", "-o", "name"];
  const get = ["get", "configmaps", "-n", namespace, ...labelled];
  say("kubectl get configmaps -l status=pending", await secondsOf(() => kubectl(get)), "s");

  await using scanner = await startScanner(
    KUBECONFIG,
    { LEDGER_NAMESPACE: namespace, BUILDER_CAPACITY: String(PENDING) },
    folder,
  );
  await scanner.tick();
  const ticks = await secondsOf(async () => {
    for (let i = 0; i < TICKS; i++) await scanner.tick();
  });
  say("a tick", ticks / TICKS, "s");
  say("memory of the scanner, highest", peakMemoryMb(scanner.pid), "MB");

  const before = Object.values(servers).map(cpuSeconds);
  const requests = Array.from({ length: REQUESTS }, (_, i) => size + i);
  const seconds = await secondsOf(() => mapConcurrently(requests, AT_ONCE, request));
  say("requests a minute, nothing built", (REQUESTS / seconds) * 60, "");
  for (const [i, [name, pid]] of Object.entries(servers).entries()) {
    const cpu = cpuSeconds(pid) - (before[i] ?? 0);
    say(`CPU of ${name} a request`, (cpu / REQUESTS) * 1000, "ms");
    say(`memory of ${name}`, memoryMb(pid), "MB");
  }
}

await kubectl(["create", "namespace", namespace]);
const folder = await mkdtemp(join(tmpdir(), "node-scale-"));
try {
  const add = makeAdding(ledger, store, namespace);
  const empty = await store.bytesInUse();
  await add("pending", PENDING);
  let held = PENDING;
  for (const size of SIZES) {
    await add("executed", size - held);
    held = size;
    // The API server learns of them from etcd, in its own time.
    while ((await owed(true)) < PENDING) await new Promise((resolve) => setTimeout(resolve, 500));
    const bytes = (await store.bytesInUse()) - empty;
    console.log(`${size} records: ${(bytes / 1e6).toPrecision(3)} MB in etcd`);
    await measure(size, folder);
    held += REQUESTS;
  }
} finally {
  await rm(folder, { recursive: true });
  await store.clear(namespace);
  await kubectl(["delete", "namespace", namespace, "--wait=false"]);
}
