/** Wiring of status-api, which may be installed beside the three functions: what senders see and do of their requests. */
import { wallClock } from "../platform/clock/clock.ts";
import { makeConfigMapLedger } from "../platform/ledger/configmap-ledger.ts";
import { observedLedger } from "../platform/ledger/observed-ledger.ts";
import { wishedLedger } from "../platform/ledger/wished-ledger.ts";
import { runFunction, type FunctionContext } from "../platform/function-process.ts";
import { REQUESTS_PATH } from "../platform/requests/request-status.ts";
import {
  startCloudEventServer,
  type CloudEventServer,
} from "../platform/server/cloudevent-server.ts";
import { sendersOf } from "../platform/server/senders.ts";
import { makeServerMetrics } from "../platform/server/server-metrics.ts";
import { makeS3Client } from "../platform/store/s3-client.ts";
import { statusApiConfig, type StatusApiConfig } from "./config.ts";
import { makeStatusApi } from "./handler.ts";
import { makeLinks } from "./links.ts";

/** A list holds a page of the ledger. */
const MAX_IN_FLIGHT = 16;
/** Of an answer; long enough for the ledger's own retries. */
export const DEADLINE_MS = 30_000;

export async function startStatusApi(
  config: StatusApiConfig,
  { log, metrics, tracer, resources }: FunctionContext,
): Promise<CloudEventServer> {
  const now = wallClock;
  const ledger = observedLedger(
    makeConfigMapLedger({ namespace: config.LEDGER_NAMESPACE, kubeconfig: config.KUBECONFIG }),
    metrics,
    tracer,
  );
  const client = makeS3Client(
    {
      endpoint: config.S3_ENDPOINT,
      caFile: config.S3_CA_FILE,
      region: config.AWS_REGION,
      forcePathStyle: config.S3_FORCE_PATH_STYLE,
      // It only reads, and a checksum of nothing would become part of a link.
      checksums: "when_required",
    },
    MAX_IN_FLIGHT,
  );
  resources.defer(() => client.destroy());
  const requests = makeStatusApi({
    ledger: wishedLedger(ledger),
    links: makeLinks(client, config.LINK_SECONDS * 1000, now),
    allowedSources: config.ALLOWED_SOURCES ?? [],
    now,
  });
  return await startCloudEventServer({
    log,
    metrics: makeServerMetrics(metrics),
    tracer,
    port: config.PORT,
    host: config.HOST,
    routes: {},
    resources: { [REQUESTS_PATH]: requests },
    senders: sendersOf(config, log),
    ready: (signal) => ledger.ready(signal),
    // Nothing here has a body that is read.
    maxBodyBytes: 1,
    maxInFlight: MAX_IN_FLIGHT,
    deadlineMs: DEADLINE_MS,
  });
}

if (import.meta.main) {
  await runFunction({ name: "status-api", config: statusApiConfig, start: startStatusApi });
}
