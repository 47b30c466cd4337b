/**
 * The spans of a trace and what they may hold. infra/kubernetes/monitoring.md lists them.
 *
 * Attributes are ids, counts and words from closed sets in this code: never a name, a text, an
 * account number or an amount. What upstream may fill as it likes is only its event's id and source.
 */
export type SpanKind = "consumer" | "producer" | "client" | "internal";

interface SpanDescription {
  readonly kind: SpanKind;
  /** What follows the name: from a closed set too. */
  readonly of?: string;
  readonly says: string;
}

export const SPANS = {
  process: {
    kind: "consumer",
    of: "event",
    says: "An event, from its arrival to its answer; in a Job, to its end.",
  },
  send: { kind: "producer", of: "event", says: "An event that is sent to K_SINK." },
  ledger: {
    kind: "client",
    of: "operation",
    says: "A call of the ledger with its tries; without lists.",
  },
  claim: { kind: "internal", says: "Taking the record, or learning why not." },
  fence: {
    kind: "internal",
    says: "Ending what earlier attempts left of uploads; not in the first.",
  },
  look: { kind: "internal", says: "Whether an object is there already; not in the first attempt." },
  "open snapshot": { kind: "internal", says: "What the proof expects, out of one snapshot." },
  build: {
    kind: "internal",
    says: "Rows to CSV to zip, parts of it uploaded on the way; the proof.",
  },
  publish: { kind: "internal", says: "The one write that makes the object." },
  settle: { kind: "internal", says: "Writing what became of the request." },
  announce: { kind: "internal", says: "Telling the outcome, and that it was told." },
  sql: {
    kind: "client",
    of: "query",
    says: "A query in front of the rows, or a place in the pool.",
  },
  s3: { kind: "client", of: "operation", says: "A call of S3 with its tries; without parts." },
} as const satisfies Readonly<Record<string, SpanDescription>>;

export type SpanName = keyof typeof SPANS;

/** Names of CloudEvents and `error.type` are OpenTelemetry's own; the others have our prefix. */
export const SPAN_ATTRIBUTES = {
  "cloudevents.event_id": "Id of the event.",
  "cloudevents.event_source": "Source of the event.",
  "cloudevents.event_type": "Type of the event.",
  "cloudevents.event_subject": "Name of the record, of events this product sends.",
  "messaging.operation.type": "process or send.",
  "error.type": "Code or class of what went wrong.",
  "http.response.status_code": "Last status that S3 answered with.",
  "transactions_collector.record": "Name of the record.",
  "transactions_collector.attempt": "Number of the claim.",
  "transactions_collector.outcome": "What it came to: the answer, or what the other side did.",
  "transactions_collector.status": "Status of the record as this attempt left it.",
  "transactions_collector.rows": "Rows of the statement.",
  "transactions_collector.bytes": "Bytes of its zip.",
} as const;

export type SpanAttributes = {
  readonly [name in keyof typeof SPAN_ATTRIBUTES]?: string | number | undefined;
};
