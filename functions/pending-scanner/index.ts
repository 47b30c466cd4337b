import { makeCloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import {
  startCloudEventServer,
  type CloudEventServer,
} from "../platform/server/cloudevent-server.ts";
import { connectLedger, makeConfigMapLedger } from "../platform/ledger/configmap-ledger.ts";
import { openSourceCounts } from "../platform/ledger/source-counts.ts";
import { tracedSink } from "../platform/server/event-spans.ts";
import { observedLedger } from "../platform/ledger/observed-ledger.ts";
import { wishedLedger } from "../platform/ledger/wished-ledger.ts";
import { runFunction, type FunctionContext } from "../platform/function-process.ts";
import { sendersOf } from "../platform/server/senders.ts";
import { countedSink, makeServerMetrics } from "../platform/server/server-metrics.ts";
import { pendingScannerConfig, type PendingScannerConfig } from "./config.ts";
import { makePendingScanner } from "./handler.ts";
import { makeLedgerTally } from "./ledger-tally.ts";
import { makeScannerMetrics } from "./metrics.ts";
import { makeOffering } from "./offering.ts";
import { wallClock } from "../platform/clock/clock.ts";

const MAX_IN_FLIGHT = 16;
const MAX_BODY_BYTES = 65_536;
/** For what a tick does after its offers: retention, and the ledger's own retries. */
export const DEADLINE_MARGIN_MS = 15_000;
const DAY_MS = 86_400_000;

async function startPendingScanner(
  config: PendingScannerConfig,
  { log, metrics, tracer, resources, stopping }: FunctionContext,
): Promise<CloudEventServer> {
  const where = { namespace: config.LEDGER_NAMESPACE, kubeconfig: config.KUBECONFIG };
  const api = connectLedger(where);
  const observed = observedLedger(makeConfigMapLedger(where, api), metrics, tracer);
  const tally = makeLedgerTally(observed, openSourceCounts(where, api), wallClock);
  const ledger = tally.counted;
  const sink = makeCloudEventSink({ url: config.K_SINK, overrides: config.K_CE_OVERRIDES, log });
  const tickMs = config.TICK_DEADLINE_SECONDS * 1000;
  const limits = {
    perCustomer: config.TICK_CAP_PER_CUSTOMER,
    builderCapacity: config.BUILDER_CAPACITY,
    offersAreJobs: config.OFFERS_ARE_JOBS,
    deadlineMs: tickMs,
  };
  const now = wallClock;
  const counted = tracedSink(countedSink(sink, metrics), tracer);
  const scannerMetrics = makeScannerMetrics(metrics, { limits, now });
  const offering = makeOffering({
    // What somebody wants to end is offered first.
    ledger: wishedLedger(ledger),
    sink: counted,
    metrics: scannerMetrics,
    limits,
    now,
    stopping,
  });
  resources.defer(() => offering.ended());
  const handle = makePendingScanner({
    ledger,
    tally,
    offering,
    sink: counted,
    metrics: scannerMetrics,
    retentionMs: config.RETENTION_DAYS * DAY_MS,
    now,
    stopping,
  });
  return await startCloudEventServer({
    log,
    metrics: makeServerMetrics(metrics),
    tracer,
    port: config.PORT,
    host: config.HOST,
    routes: { "/": { handle, isForBroker: true } },
    senders: sendersOf(config, log),
    ready: (signal) => ledger.ready(signal),
    maxBodyBytes: MAX_BODY_BYTES,
    maxInFlight: MAX_IN_FLIGHT,
    deadlineMs: tickMs + DEADLINE_MARGIN_MS,
  });
}

if (import.meta.main) {
  await runFunction({
    name: "pending-scanner",
    config: pendingScannerConfig,
    start: startPendingScanner,
  });
}
