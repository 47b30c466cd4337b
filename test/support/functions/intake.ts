/** request-intake on a real HTTP port, and an event that it takes. */
import type { Ledger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { makeCloudEventSink } from "../../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeDeadLetterRoute } from "../../../functions/request-intake/dead-letter.ts";
import { makeRequestIntake } from "../../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../../functions/request-intake/record-request.ts";
import {
  makeExplain,
  type IntakeRules,
} from "../../../functions/request-intake/requested-event.ts";
import { makeWakeUpLimit } from "../../../functions/request-intake/wake-up-limit.ts";
import { accept, startEventSink, type SinkBehaviour } from "./event-sink.ts";
import { makeTestLog, startEventServer } from "./event-server.ts";
import { startLocalLedger } from "../servers/local-ledger.ts";
import { UNSHARED } from "../servers/unshared-ledger.ts";

export const NOW = Date.UTC(2026, 0, 15, 12);
export const TIME = "2026-01-15T11:59:58.123Z";
export const NAME = "transaction-request-c-1001-1768478398123";
export const TYPE = "io.transactions-collector.statement.requested.v1";
export const ATTRIBUTES = {
  specversion: "1.0",
  id: "e-1",
  source: "/bank",
  type: TYPE,
  time: TIME,
};
export const DATA = { customer_id: "c-1001", start_date: "2025-12-01", end_date: "2025-12-31" };
export const EVENT = { ...ATTRIBUTES, data: DATA };
export const DAY = 86_400_000;
export const at = (time: number) => new Date(time).toISOString();
/** December 2025 in UTC, as in the name of a statement of an earlier day. */
export const REPLACED = "1764547200-1767139200-1768478398123";

interface IntakeSettings {
  readonly rules?: Partial<IntakeRules>;
  readonly sink?: SinkBehaviour;
  readonly wakeUps?: number;
  readonly maxBodyBytes?: number;
  readonly ledger?: (ledger: Ledger) => Ledger;
}

/** An intake on a real HTTP port, a ledger and a sink of its own; `clock.now` is its clock. */
export async function startIntake(settings: IntakeSettings = {}) {
  await using opened = new AsyncDisposableStack();
  const clock = { now: NOW };
  const now = (): number => clock.now;
  const local = opened.use(await startLocalLedger());
  const sink = opened.use(await startEventSink(settings.sink ?? accept));
  const ledger = settings.ledger ? settings.ledger(local.ledger) : local.ledger;
  const { log, lines } = makeTestLog();
  const rules = {
    defaultTimeZone: "UTC",
    periodBasis: "booking_date" as const,
    maxPeriodMonths: 24,
    eventWindowDays: 29,
    ...settings.rules,
  };
  const explain = makeExplain(rules, now);
  const handle = makeRequestIntake({
    recorder: makeRequestRecorder({ ledger, rules, now }),
    sink: makeCloudEventSink({ url: sink.url, log }),
    wakeUps: makeWakeUpLimit(settings.wakeUps ?? 10, now),
    share: UNSHARED,
    rules,
    now,
  });
  const server = opened.use(
    await startEventServer({
      log,
      maxBodyBytes: settings.maxBodyBytes ?? 65_536,
      routes: {
        "/": { handle, explain },
        "/broker": { handle, explain, isForBroker: true },
        "/dead-letter": makeDeadLetterRoute({ ledger, firstPauseMs: 60_000, now }),
      },
    }),
  );
  const resources = opened.move();
  return {
    url: server.url,
    deadLetter: `${server.url}dead-letter`,
    broker: `${server.url}broker`,
    clock,
    sink,
    lines,
    local,
    names: async () => (await local.configMaps()).map(({ metadata }) => metadata?.name),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export const codesOf = ({ body }: { readonly body: unknown }) =>
  (body as { problems: { index: number; field: string; code: string }[] }).problems.map(
    ({ index, field, code }) => ({ index, field, code }),
  );

export const refusal = (field: string, code: string, status = 400) => ({
  status,
  body: { error: code, problems: [{ index: 0, field, code }] },
});
