/** One example of each event, made by the functions that make the real ones. */
import { readFile } from "node:fs/promises";
import type { EventName } from "../../../functions/domain/events/event-types.ts";
import {
  offerEvent,
  outcomeEvent,
  recordedEvent,
  type StatementEvent,
} from "../../../functions/domain/events/statement-event.ts";
import type { RequestFacts } from "../../../functions/domain/statement-request.ts";
import {
  encodeHeaderValue,
  toBinaryMessage,
} from "../../../functions/platform/cloudevents/cloudevent-binary.ts";

export interface ExampleMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

const REQUESTED = new URL("../samples/statement-requested.json", import.meta.url);

const ASKED_AT = Date.UTC(2026, 0, 15, 9, 30);
const RECORDED_AT = ASKED_AT + 120;
const CLAIMED_AT = ASKED_AT + 2_000;
const ENDED_AT = ASKED_AT + 4_500;

const FACTS: RequestFacts = {
  name: `transaction-request-customer-000001-${ASKED_AT}`,
  customerId: "customer-000001",
  startDate: "2025-01-01",
  endDate: "2025-12-31",
  timeZone: "Europe/Berlin",
  options: {},
  event: {
    source: "/samples",
    id: "sample-1",
    type: "io.transactions-collector.statement.requested.v1",
    time: ASKED_AT,
  },
  recordedAt: RECORDED_AT,
};
const COMMON = {
  facts: FACTS,
  attempt: 1,
  failures: 0,
  announced: false,
  lane: "service",
} as const;
const PENDING = { ...COMMON, status: "pending", nextAttemptAt: RECORDED_AT } as const;
const OBJECT = {
  bucket: "bank-statements",
  key: `statements/customer-000001-1735686000-1767222000-${CLAIMED_AT}.zip`,
};

const SENT: Record<Exclude<EventName, "requested">, StatementEvent> = {
  recorded: recordedEvent({ ...PENDING, attempt: 0 }),
  due: offerEvent({ ...PENDING, attempt: 0 }, "pending-scanner", CLAIMED_AT),
  oversized: offerEvent({ ...PENDING, lane: "job" }, "statement-builder", CLAIMED_AT),
  executed: outcomeEvent({
    ...COMMON,
    status: "executed",
    object: OBJECT,
    rows: 1_234,
    bytes: 45_678,
    sha256: "e3b0c44298fc1c149afbf4c8996fb924".repeat(2),
    asOf: CLAIMED_AT,
    executedAt: ENDED_AT,
  }),
  failed: outcomeEvent({
    ...COMMON,
    status: "failed",
    errorCode: "unknown_customer",
    failedAt: ENDED_AT,
  }),
  cancelled: outcomeEvent({ ...COMMON, status: "cancelled", cancelledAt: ENDED_AT }),
};

export async function exampleMessage(name: EventName): Promise<ExampleMessage> {
  if (name === "requested") return await requestedMessage();
  const { data } = SENT[name];
  return { headers: toBinaryMessage(SENT[name]).headers, payload: data };
}

/** The sample in structured mode, turned into binary mode. */
async function requestedMessage(): Promise<ExampleMessage> {
  const sample: unknown = JSON.parse(await readFile(REQUESTED, "utf8"));
  const { data, datacontenttype = "", ...attributes } = sample as Record<string, string>;
  const headers = Object.entries(attributes).map(
    ([name, value]) => [`ce-${name}`, encodeHeaderValue(value)] as const,
  );
  return {
    headers: { "content-type": datacontenttype, ...Object.fromEntries(headers) },
    payload: data,
  };
}
