import { outcomeEvent, recordedEvent } from "../domain/events/statement-event.ts";
import { isFinal, type StatementRequest } from "../domain/statement-request.ts";
import type { EventHandler } from "../platform/server/event-handler.ts";
import type { CloudEventSink } from "../platform/cloudevents/cloudevent-sink.ts";
import type { Answer } from "../platform/server/answers/http-answer.ts";
import type { Recording, RequestRecorder } from "./record-request.ts";
import {
  problemsToday,
  readRequestedEvent,
  type IntakeRules,
  type RequestedStatement,
} from "./requested-event.ts";
import type { SourceShare } from "./source-share.ts";
import type { WakeUpLimit } from "./wake-up-limit.ts";

export interface RequestIntake {
  readonly recorder: RequestRecorder;
  readonly sink: CloudEventSink;
  readonly wakeUps: WakeUpLimit;
  readonly share: SourceShare;
  readonly rules: IntakeRules;
  readonly now: () => number;
  /** Where a record can be read over HTTP; undefined where it cannot. */
  readonly locationOf?: ((name: string) => string) | undefined;
}

/** The poster waits for the wake-up, so it waits no longer than this; the tick repeats a lost one. */
const WAKE_UP_TIMEOUT_MS = 2_000;

/** An event `requested` becomes one record of the ledger, however often it is sent. */
export function makeRequestIntake(options: RequestIntake) {
  const { recorder, sink, wakeUps, share, rules, now, locationOf } = options;

  const handle: EventHandler = async (event, { signal, sender, log }) => {
    // 1. What can never become valid is refused with every problem it has.
    const requested = readRequestedEvent(event, rules, { sender, now: now() });
    if (requested.kind !== "requested") return requested;

    // 2. What is not taken today may have been recorded when it was: that record is the answer.
    const { source } = requested.event;
    const refusal = refusalToday(requested);
    const recording = refusal
      ? await recorder.find(requested, signal)
      : // 3. Its index and its record are created, or found when the same event came before.
        await recorder.record(requested, signal);
    if (refusal && recording.kind === "absent") return refusal;
    if (recording.kind !== "recorded") return answerWithoutRecord(recording);

    // 4. From here on the ledger owes the statement; the wake-up only makes it soon.
    const { request } = recording;
    if (recording.isNew) share.recorded(source);
    log.info({ request_id: request.facts.name, status: request.status }, "request recorded");
    await wakeUp(request);

    // 5. The same event gets the same answer, until its request has ended: then how it ended.
    const told = isFinal(request) ? outcomeEvent(request) : recordedEvent(request);
    return { kind: "event", event: told, location: locationOf?.(request.facts.name) };
  };

  function refusalToday(requested: RequestedStatement): Answer | undefined {
    const problems = problemsToday(requested, rules, now());
    if (problems.length > 0) return { kind: "invalid", problems };
    if (!share.isUsedUp(requested.event.source)) return undefined;
    return { kind: "used-up", problems: [{ field: "source", code: "source_share_used" }] };
  }

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
