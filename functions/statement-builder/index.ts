/** Wiring of statement-builder: what it opens, and what it hands to the story in `handler.ts`. */
import { makeCloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import { startCloudEventServer } from "../platform/server/cloudevent-server.ts";
import { makeConfigMapLedger } from "../platform/ledger/configmap-ledger.ts";
import { verifyStatement } from "../verification/verify-statement.ts";
import { tracedSink } from "../platform/server/event-spans.ts";
import { observedLedger } from "../platform/ledger/observed-ledger.ts";
import { wishedLedger } from "../platform/ledger/wished-ledger.ts";
import { runFunction, type FunctionContext } from "../platform/function-process.ts";
import { sendersOf } from "../platform/server/senders.ts";
import { countedSink, makeServerMetrics } from "../platform/server/server-metrics.ts";
import { buildSpans, tracedQueries, tracedS3Calls } from "./telemetry/build-spans.ts";
import { makeCallbackSender, type CallbackNetwork } from "./callback/callback-sender.ts";
import { buildSettings, encryptionSettings } from "./build-settings.ts";
import { builderConfig, type BuilderConfig } from "./config.ts";
import { makeOutage } from "./outage.ts";
import { makeHandler, type BuilderDependencies, type BuilderSettings } from "./handler.ts";
import { runJob } from "./job.ts";
import { countedCallbacks, makeBuilderMetrics } from "./telemetry/metrics.ts";
import { makeSourceMetrics } from "./telemetry/source-metrics.ts";
import { encryptionFor } from "./store/encryption.ts";
import { makeStatementBucket } from "./store/statement-bucket.ts";
import { BUILD_LOG, makeNarrator, type BuildListener } from "./steps.ts";
import { makeStatementZip } from "./zip/statement-zip.ts";
import { requireKnownZlib } from "./zip/inflate-check.ts";
import { requireKnownUpload } from "./store/body-parts.ts";
import { requireKnownArchiver } from "./zip/zip-blocks.ts";
import { makeIndexLook } from "./source/period-index.ts";
import { makeTransactions } from "./source/transactions.ts";
import { wallClock } from "../platform/clock/clock.ts";

type OnStep = NonNullable<BuildListener["onStep"]>;

/** Builds of one process at a time; a pod of the service is given one (containerConcurrency). */
const BUILDS_AT_ONCE = 8;
/** A wake-up has no data that is read. */
const MAX_BODY_BYTES = 262_144;
/** What a request may take beside its build: the claim, the last write, the outcome. */
export const BEYOND_BUILD_MS = 45_000;

/** @param network for tests, which have no public address */
export async function runBuilder(
  onStep: OnStep = () => undefined,
  network: CallbackNetwork = {},
): Promise<void> {
  await runFunction({
    name: "statement-builder",
    config: builderConfig,
    start: async (config, context) => await start(config, context, { onStep, network }),
  });
}

interface Parts {
  readonly onStep: OnStep;
  readonly network: CallbackNetwork;
}

async function start(config: BuilderConfig, context: FunctionContext, parts: Parts) {
  const opened = await openDependencies(config, context, parts);
  const { ledger, transactions, bucket, settings } = opened;
  // Without them each statement would read the customer's whole past.
  const lookForIndexes =
    config.PERIOD_BASIS === "booking_date"
      ? makeIndexLook((signal) => transactions.missingIndexes(signal), context.log)
      : () => Promise.resolve();
  await lookForIndexes(context.stopping);
  const isJob = config.EXECUTION === "job";
  const ask = async (signal: AbortSignal): Promise<void> => {
    await Promise.all([
      ledger.ready(signal),
      transactions.ready(signal),
      bucket.ready(signal),
      bucket.proveCreateOnly(),
    ]);
    await lookForIndexes(signal);
  };
  const outage = makeOutage(ask, { looksFirst: isJob });
  const deps = { ...opened, outage };
  if (isJob) return await runJob(config.K_EVENT_PATH ?? "", deps, context);
  const handle = makeHandler(deps);
  return await startCloudEventServer({
    log: context.log,
    metrics: makeServerMetrics(context.metrics),
    tracer: context.tracer,
    port: config.PORT,
    host: config.HOST,
    routes: { "/": { handle, isForBroker: true } },
    senders: sendersOf(config, context.log),
    ready: outage.ready,
    maxBodyBytes: MAX_BODY_BYTES,
    maxInFlight: BUILDS_AT_ONCE,
    deadlineMs: settings.buildDeadlineMs + BEYOND_BUILD_MS,
  });
}

async function openDependencies(
  config: BuilderConfig,
  { log, metrics, tracer, resources }: FunctionContext,
  { onStep, network }: Parts,
): Promise<BuilderDependencies> {
  requireKnownArchiver();
  requireKnownUpload();
  requireKnownZlib();
  const sources = makeSourceMetrics(metrics);
  const transactions = resources.use(
    makeTransactions({
      databaseUrl: config.DATABASE_URL,
      caFile: config.DATABASE_CA_FILE,
      transactionView: config.STATEMENT_VIEW,
      accountView: config.ACCOUNT_VIEW,
      accountColumns: {
        iban: config.ACCOUNT_IBAN_COLUMN,
        name: config.ACCOUNT_NAME_COLUMN,
        product: config.ACCOUNT_PRODUCT_COLUMN,
        owner: config.ACCOUNT_OWNER_COLUMN,
      },
      transactionCodeColumn: config.TRANSACTION_CODE_COLUMN,
      bookingOrderRows: config.BOOKING_ORDER_ROWS,
      watermarkView: config.STATEMENT_WATERMARK_VIEW,
      maxStalenessMs: config.MAX_STALENESS_SECONDS * 1000,
      clockSkewMs: config.CLOCK_SKEW_SECONDS * 1000,
      replicaWithoutWatermark: config.REPLICA_WITHOUT_WATERMARK,
      currencyDecimals: new Map(
        config.CURRENCY_DECIMALS.map(([code, decimals]) => [code, Number(decimals)]),
      ),
      connections: BUILDS_AT_ONCE,
      onQuery: tracedQueries(sources.query, tracer),
      log,
    }),
  );
  const bucket = resources.use(
    makeStatementBucket({
      bucket: config.S3_BUCKET,
      prefix: config.S3_PREFIX,
      encryption: encryptionFor("", encryptionSettings(config)),
      endpoint: config.S3_ENDPOINT,
      caFile: config.S3_CA_FILE,
      region: config.AWS_REGION,
      forcePathStyle: config.S3_FORCE_PATH_STYLE,
      checksums: config.S3_CHECKSUMS,
      partBytes: config.UPLOAD_PART_BYTES,
      queue: config.UPLOAD_QUEUE,
      onCall: tracedS3Calls(sources.s3Call, tracer),
      log,
    }),
  );
  const where = { namespace: config.LEDGER_NAMESPACE, kubeconfig: config.KUBECONFIG };
  const ledger = observedLedger(makeConfigMapLedger(where), metrics, tracer);
  const sink = makeCloudEventSink({ url: config.K_SINK, overrides: config.K_CE_OVERRIDES, log });
  const callbacks = makeCallbackSender({
    ...network,
    hosts: config.CALLBACK_HOSTS,
    origin: config.CALLBACK_ORIGIN,
    log,
    now: wallClock,
  });
  return {
    ledger: config.CANCEL_WISHES ? wishedLedger(ledger) : ledger,
    sink: tracedSink(countedSink(sink, metrics), tracer),
    callbacks: countedCallbacks(callbacks, metrics),
    tracer,
    transactions,
    bucket,
    contents: { write: makeStatementZip, verify: verifyStatement },
    story: makeNarrator([buildSpans(tracer), BUILD_LOG, makeBuilderMetrics(metrics), { onStep }]),
    settings: await builderSettings(config),
    now: wallClock,
  };
}

async function builderSettings(config: BuilderConfig): Promise<BuilderSettings> {
  const leaseMs = config.LEASE_SECONDS * 1000;
  return {
    hostname: config.HOSTNAME,
    bucket: config.S3_BUCKET,
    prefix: config.S3_PREFIX,
    ...(await buildSettings(config)),
    leaseMs,
    renewMs: config.LEASE_RENEW_SECONDS * 1000,
    clockSkewMs: config.CLOCK_SKEW_SECONDS * 1000,
    // Every upload request ends within the rest of its lease, so it lands within another one.
    publishTimeoutMs: leaseMs,
    buildDeadlineMs: config.BUILD_DEADLINE_SECONDS * 1000,
    maxFailures: config.MAX_FAILURES,
    retryBaseMs: config.RETRY_BASE_SECONDS * 1000,
    retryMaxMs: config.RETRY_MAX_SECONDS * 1000,
  };
}

if (import.meta.main) await runBuilder();
