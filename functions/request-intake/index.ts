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
import { requestIntakeConfig, type RequestIntakeConfig } from "./config.ts";
import { makeDeadLetterRoute } from "./dead-letter.ts";
import { makeRequestIntake } from "./handler.ts";
import { makeRequestRecorder } from "./record-request.ts";
import { makeExplain } from "./requested-event.ts";
import { namedSenders } from "../platform/requests/allowed-sources.ts";
import { REQUESTS_PATH } from "../platform/requests/request-status.ts";
import { locationOf, makeStatusRoute } from "./status-route.ts";
import { makeSourceShare } from "./source-share.ts";
import { makeWakeUpLimit } from "./wake-up-limit.ts";
import { wallClock } from "../platform/clock/clock.ts";

const MAX_IN_FLIGHT = 256;
/** Of an answer; long enough for the ledger's own retries. */
export const DEADLINE_MS = 30_000;

async function startRequestIntake(
  config: RequestIntakeConfig,
  { log, metrics, tracer }: Pick<FunctionContext, "log" | "metrics" | "tracer">,
): Promise<CloudEventServer> {
  const now = wallClock;
  const where = { namespace: config.LEDGER_NAMESPACE, kubeconfig: config.KUBECONFIG };
  const api = connectLedger(where);
  const ledger = observedLedger(makeConfigMapLedger(where, api), metrics, tracer);
  const sink = makeCloudEventSink({ url: config.K_SINK, overrides: config.K_CE_OVERRIDES, log });
  const allowedSources = config.ALLOWED_SOURCES;
  const senders = allowedSources && namedSenders(allowedSources);
  const rules = {
    defaultTimeZone: config.STATEMENT_TIME_ZONE,
    periodBasis: config.PERIOD_BASIS,
    maxPeriodMonths: config.MAX_PERIOD_MONTHS,
    eventWindowDays: config.EVENT_WINDOW_DAYS,
    allowedSources,
    callbackHosts: config.CALLBACK_HOSTS,
  };
  const recorder = makeRequestRecorder({ ledger, rules, now });
  const handle = makeRequestIntake({
    recorder,
    sink: tracedSink(countedSink(sink, metrics), tracer),
    wakeUps: makeWakeUpLimit(config.WAKEUPS_PER_CUSTOMER, now),
    share: makeSourceShare(openSourceCounts(where, api), config.MAX_RECORDS_PER_SOURCE, now),
    rules,
    now,
    ...(config.PUBLIC_ROUTE ? {} : { locationOf }),
  });
  const explain = makeExplain(rules, now);
  // Somebody may have asked for the end beside the record, where no builder has seen it yet.
  const wished = wishedLedger(ledger);
  const status = makeStatusRoute({
    ledger: wished,
    recorder: makeRequestRecorder({ ledger: wished, rules, now }),
    allowedSources,
    senders,
    now,
  });
  const routesOfBroker = {
    // What a Trigger posts to, with the same rules: the address decides how the answer looks.
    "/broker": { handle, explain, isForBroker: true },
    "/dead-letter": makeDeadLetterRoute({
      ledger,
      firstPauseMs: config.OUTCOME_REPEAT_SECONDS * 1000,
      now,
    }),
  };
  return await startCloudEventServer({
    log,
    metrics: makeServerMetrics(metrics),
    tracer,
    port: config.PORT,
    host: config.HOST,
    routes: {
      // Whoever may use a source may send, but not park events.
      "/": { handle, explain, senders },
      ...(config.PUBLIC_ROUTE ? {} : routesOfBroker),
    },
    resources: config.PUBLIC_ROUTE ? {} : { [REQUESTS_PATH]: status },
    senders: sendersOf(config, log),
    ready: (signal) => ledger.ready(signal),
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxInFlight: MAX_IN_FLIGHT,
    deadlineMs: DEADLINE_MS,
  });
}

if (import.meta.main) {
  await runFunction({
    name: "request-intake",
    config: requestIntakeConfig,
    start: startRequestIntake,
  });
}
