import { recordedEvent } from "../domain/events.ts";
import type { StatementRequest } from "../domain/statement-request.ts";
import type { EventHandler } from "../platform/server/event-handler.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import type { Answer } from "../platform/server/http-answer.ts";
import { makeRequestRecorder, type Recording } from "./record-request.ts";
import {
  isTooOld,
  problemsToday,
  readRequestedEvent,
  type IntakeRules,
} from "./requested-event.ts";
import type { WakeUpLimit } from "./wake-up-limit.ts";

export interface RequestIntake {
  readonly ledger: Ledger;
  readonly sink: CloudEventSink;
  readonly wakeUps: WakeUpLimit;
  readonly rules: IntakeRules;
  readonly now: () => number;
}

/** The poster waits for the wake-up, so it waits no longer than this; the tick repeats a lost one. */
const WAKE_UP_TIMEOUT_MS = 2_000;

/** An event `requested` becomes one record of the ledger, however often it is sent. */
export function makeRequestIntake({ ledger, sink, wakeUps, rules, now }: RequestIntake) {
  const recorder = makeRequestRecorder({
    ledger,
    now,
    isTooOld: (eventTime) => isTooOld(eventTime, rules, now()),
  });

  const handle: EventHandler = async (event, { signal, sender, log }) => {
    // 1. What can never become valid is refused with every problem it has.
    const requested = readRequestedEvent(event, rules, sender);
    if (requested.kind !== "requested") return requested;

    // 2. What is not valid today may have been recorded when it was: that record is the answer.
    const problems = problemsToday(requested, rules, now());
    const recording =
      problems.length > 0
        ? await recorder.find(requested, signal)
        : // 3. Its index and its record are created, or found when the same event came before.
          await recorder.record(requested, signal);
    if (problems.length > 0 && recording.kind === "absent") return { kind: "invalid", problems };
    if (recording.kind !== "recorded") return answerWithoutRecord(recording);

    // 4. From here on the ledger owes the statement; the wake-up only makes it soon.
    const { request } = recording;
    log.info({ request: request.facts.name, status: request.status }, "request recorded");
    await wakeUp(request);

    // 5. The same event gets the same answer, today and later.
    return { kind: "event", event: recordedEvent(request) };
  };

  async function wakeUp(request: StatementRequest): Promise<void> {
    if (request.status !== "pending" || !wakeUps.allows(request.facts.customerId)) return;
    await sink.send(recordedEvent(request), { timeoutMs: WAKE_UP_TIMEOUT_MS });
  }

  return handle;
}

function answerWithoutRecord(recording: Exclude<Recording, { kind: "recorded" }>): Answer {
  switch (recording.kind) {
    case "conflict":
      return { kind: "invalid", problems: [{ field: "id", code: "event_conflict" }] };
    case "too-old":
      return { kind: "invalid", problems: [{ field: "time", code: "time_out_of_window" }] };
    case "absent":
      return { kind: "unavailable", code: "record_deleted" };
  }
}
