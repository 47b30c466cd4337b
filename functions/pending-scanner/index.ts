import { makeCloudEventSink } from "../platform/cloudevent-sink.ts";
import { startCloudEventServer, type CloudEventServer } from "../platform/cloudevent-server.ts";
import { makeConfigMapLedger } from "../platform/configmap-ledger.ts";
import { runFunction, type FunctionContext } from "../platform/function-process.ts";
import { sendersOf } from "../platform/senders.ts";
import { pendingScannerConfig, type PendingScannerConfig } from "./config.ts";
import { makePendingScanner } from "./handler.ts";

const MAX_IN_FLIGHT = 16;
const MAX_BODY_BYTES = 65_536;
/** For what a tick does after its offers: retention, and the ledger's own retries. */
const DEADLINE_MARGIN_MS = 15_000;
const DAY_MS = 86_400_000;

export async function startPendingScanner(
  config: PendingScannerConfig,
  { log }: Pick<FunctionContext, "log">,
): Promise<CloudEventServer> {
  const ledger = makeConfigMapLedger({
    namespace: config.LEDGER_NAMESPACE,
    kubeconfig: config.KUBECONFIG,
  });
  const tickMs = config.TICK_DEADLINE_SECONDS * 1000;
  const handle = makePendingScanner({
    ledger,
    sink: makeCloudEventSink({ url: config.K_SINK, overrides: config.K_CE_OVERRIDES, log }),
    limits: {
      tickCap: config.TICK_CAP,
      perCustomer: config.TICK_CAP_PER_CUSTOMER,
      builderCapacity: config.BUILDER_CAPACITY,
      deadlineMs: tickMs,
    },
    retentionMs: config.RETENTION_DAYS * DAY_MS,
    now: Date.now,
  });
  return await startCloudEventServer({
    log,
    port: config.PORT,
    routes: { "/": { handle } },
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
