/** What a function's server answered: to each request with events, and to each event in it. */
import { eventType, EVENT_NAMES } from "../../domain/events/event-types.ts";
import type { CloudEventSink } from "../cloudevents/cloudevent-sink.ts";
import type { Answer } from "./answers/http-answer.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";

export interface ServerMetrics {
  /** `path` is one of the server's routes; undefined for whatever else was asked for. */
  requestAnswered(path: string | undefined, status: number, seconds: number): void;
  eventsAnswered(path: string, answers: readonly Answer[]): void;
}

/** From an answer out of memory to a build that needs its whole deadline. */
const REQUEST_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600];

export function makeServerMetrics(registry: MetricsRegistry): ServerMetrics {
  const requests = registry.histogram({
    name: "http_request_duration_seconds",
    help: "Requests with events by path and status, and how long their answers took.",
    labels: ["path", "status"],
    buckets: REQUEST_SECONDS,
  });
  const events = registry.counter({
    name: "events_total",
    help: "Events received, by path, answer, and the code of the first problem.",
    labels: ["path", "answer", "code"],
  });
  return {
    requestAnswered(path = "other", status, seconds) {
      requests.observe({ path, status: String(status) }, seconds);
    },
    eventsAnswered(path, answers) {
      for (const answer of answers) events.inc({ path, answer: answer.kind, code: codeOf(answer) });
    },
  };
}

function codeOf(answer: Answer): string {
  if ("problems" in answer) return answer.problems[0]?.code ?? "";
  return answer.kind === "unavailable" ? answer.code : "";
}

/** The same sink, with each event that was sent counted. */
export function countedSink(sink: CloudEventSink, registry: MetricsRegistry): CloudEventSink {
  const names = new Map<string, string>(EVENT_NAMES.map((name) => [eventType(name), name]));
  const sent = registry.counter({
    name: "events_sent_total",
    help: "Events sent to K_SINK, by name and by what became of them.",
    labels: ["event", "result"],
  });
  return {
    async send(event, options) {
      const result = await sink.send(event, options);
      sent.inc({ event: names.get(event.type) ?? "other", result: result.kind });
      return result;
    },
  };
}
