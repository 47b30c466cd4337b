/** What a ledger costs by how many records it holds: see infra/kubernetes/ledger-scale.md. */
import { makeLog } from "../../../functions/platform/telemetry/log.ts";
import { makeConfigMapLedger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { makeRetention } from "../../../functions/pending-scanner/retention.ts";
import { claimRecord } from "../../../functions/statement-builder/claim.ts";
import type { Bench, BenchContext } from "../bench.ts";
import {
  CLAIM_SETTINGS,
  LEDGER,
  startLoadedLedger,
  type LoadedLedger,
} from "../ledger/loaded-ledger.ts";
import { startScanner, type ScannerProcess } from "../ledger/scanner-process.ts";
import { memoryMb } from "../process-figures.ts";
import { spread } from "../ratio.ts";

const PENDING = 100;
const CLAIMS = 50;
const EXPIRED = 500;
const LISTS = 3;
const WARM_UP_TICKS = 30;
const RETENTION_MS = 30 * 86_400_000;

export const bench: Bench = {
  name: "ledger-scale",
  about: "tick, claim, pruning and size of a ledger with 1 000, 10 000 and 100 000 records",
  quick: false,
  ratios: [{ name: "tick-100k-vs-1k", op: "<=", value: 20, of: "wall" }],
  async run(context) {
    const sizes = context.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
    const grounds: Ground[] = [];
    for (const size of sizes) grounds.push(await open(context, size));
    context.say(
      `  ${PENDING} records are pending, all others executed; the first tick offers all ${PENDING}, those that are measured find them offered`,
    );
    const samples = await context.rounds(
      grounds.map(({ size, loaded, scanner }) => ({
        name: `tick-${size}`,
        servers: () => ({
          scanner: scanner.pid,
          "kube-apiserver": loaded.kube.pid,
          etcd: loaded.kube.etcd.pid,
        }),
        memoryOf: ["scanner"],
        async run({ warmUp }) {
          const offers = await scanner.tick();
          if (warmUp && offers !== PENDING) throw new Error(`${offers} offers of ${PENDING}`);
          // Until its memory is what it is in the long run.
          for (let i = 0; warmUp && i < WARM_UP_TICKS; i++) await scanner.tick();
          return { offers };
        },
      })),
    );
    for (const { size, loaded, pending } of grounds) {
      const ticks = samples[`tick-${size}`] ?? [];
      context.figure(`scanner-memory-${size}`, spread(ticks.map(({ peakMb }) => peakMb)), "MB");
      context.figure(`kube-apiserver-memory-${size}`, memoryMb(loaded.kube.pid), "MB");
      await measureLists(context, size, loaded);
      await measureClaims(context, size, loaded, pending);
      await measurePruning(context, size, loaded);
    }
    if (context.quick) return;
    const of = (name: string) => samples[name] ?? [];
    const [large, small] = [of("tick-100000"), of("tick-1000")];
    context.ratio(
      "tick-100k-vs-1k",
      large.map(({ wall }) => wall),
      small.map(({ wall }) => wall),
    );
  },
};

interface Ground {
  readonly size: number;
  readonly loaded: LoadedLedger;
  readonly scanner: ScannerProcess;
  readonly pending: readonly string[];
}

async function open(context: BenchContext, size: number): Promise<Ground> {
  const began = performance.now();
  const loaded = context.resources.use(await startLoadedLedger());
  const empty = await loaded.store.bytesInUse();
  await loaded.add("executed", size - PENDING);
  const pending = await loaded.add("pending", PENDING);
  await loaded.settle();
  context.say(`  ${size} records loaded in ${Math.round((performance.now() - began) / 1000)} s`);
  context.figure(
    `etcd-bytes-per-record-${size}`,
    ((await loaded.store.bytesInUse()) - empty) / size,
    "bytes",
  );
  // So that a tick is one round: in production it goes on for its time while builders are busy.
  const env = { BUILDER_CAPACITY: String(PENDING) };
  const scanner = context.resources.use(
    await startScanner(loaded.kube.kubeconfig, env, context.folder),
  );
  return { size, loaded, scanner, pending };
}

/** What a tick asks for, of the server's memory and of etcd; an older server reads all of etcd then. */
async function measureLists(context: BenchContext, size: number, { kube }: LoadedLedger) {
  const patient = { namespace: LEDGER, kubeconfig: kube.kubeconfig, timeoutMs: 120_000 };
  const ledger = makeConfigMapLedger(patient);
  for (const mayBeStale of [true, false]) {
    const times: number[] = [];
    for (let round = 0; round < LISTS; round++) {
      const began = performance.now();
      let found = 0;
      for await (const { records } of ledger.list({ atRest: false, mayBeStale })) {
        found += records.length;
      }
      times.push(performance.now() - began);
      if (found !== PENDING) throw new Error(`${found} records of ${PENDING} were listed`);
    }
    context.figure(`list-${mayBeStale ? "stale" : "consistent"}-${size}`, spread(times), "ms");
  }
}

async function measureClaims(
  context: BenchContext,
  size: number,
  { ledger }: LoadedLedger,
  pending: readonly string[],
): Promise<void> {
  const settings = CLAIM_SETTINGS;
  const times: number[] = [];
  for (const name of pending.slice(0, CLAIMS)) {
    const began = performance.now();
    const { kind } = await claimRecord(name, { ledger, settings, now: Date.now });
    times.push(performance.now() - began);
    if (kind !== "claimed") throw new Error(`the claim ended as ${kind}`);
  }
  context.figure(`claim-${size}`, spread(times), "ms");
}

async function measurePruning(context: BenchContext, size: number, loaded: LoadedLedger) {
  await loaded.add("expired", EXPIRED);
  await loaded.settle();
  const { ledger } = loaded;
  const retention = makeRetention({ ledger, retentionMs: RETENTION_MS, now: Date.now });
  const log = makeLog({ name: "pending-scanner", level: "silent" });
  const { signal } = new AbortController();
  let pruned = 0;
  let sweepMs = 0;
  // A pass goes through the whole ledger, a share of it at each tick.
  for (let ended = false; !ended;) {
    const began = performance.now();
    const sweep = await retention.sweep({ signal, log });
    sweepMs += performance.now() - began;
    pruned += sweep.pruned;
    ended = sweep.counts !== undefined;
  }
  if (pruned !== EXPIRED) throw new Error(`${pruned} of ${EXPIRED} expired records were pruned`);
  context.figure(`retention-pass-${size}`, sweepMs / 1000, "s");
}
