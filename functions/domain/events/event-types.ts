/** The types of the events: names, what each says, and who sends it. */
import type { FunctionName } from "../function-names.ts";

const TYPE_PREFIX = "io.transactions-collector.statement";

export const EVENT_NAMES = [
  "requested",
  "recorded",
  "due",
  "oversized",
  "executed",
  "failed",
  "cancelled",
] as const;
export type EventName = (typeof EVENT_NAMES)[number];
export type EventType = `${typeof TYPE_PREFIX}.${EventName}.v1`;

export function eventType(name: EventName): EventType {
  return `${TYPE_PREFIX}.${name}.v1`;
}

export function dataSchemaUri(name: EventName): string {
  return `https://transactions-collector.io/schemas/statement.${name}.v1.json`;
}

/** What each event says, and which functions send it; `requested` comes from outside. */
export const EVENTS: Record<EventName, EventDescription> = {
  requested: {
    says: "A statement is wanted; posted to request-intake, which answers with recorded.",
    senders: [],
  },
  recorded: { says: "A request was recorded; wakes the builder.", senders: ["request-intake"] },
  due: {
    says: "A recorded request is still owed; wakes the builder again.",
    senders: ["pending-scanner"],
  },
  oversized: {
    says: "A request is too large for the service; a Job takes it.",
    senders: ["pending-scanner", "statement-builder"],
  },
  executed: { says: "The statement lies on S3.", senders: ["statement-builder"] },
  failed: {
    says: "There will be no statement; the data says why.",
    senders: ["statement-builder"],
  },
  cancelled: {
    says: "The request was cancelled before there was a statement.",
    senders: ["statement-builder"],
  },
};

export interface EventDescription {
  readonly says: string;
  readonly senders: readonly FunctionName[];
}

const OUTCOMES: ReadonlySet<string> = new Set([
  eventType("executed"),
  eventType("failed"),
  eventType("cancelled"),
]);

/** Whether events of this type say how a request has ended. */
export function isOutcome(type: string): boolean {
  return OUTCOMES.has(type);
}
