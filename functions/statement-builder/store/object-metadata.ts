/** The metadata of a statement's object (`x-amz-meta-…`): whose it is and what it holds. */
export interface ObjectMetadata {
  /** The request's record in the ledger. */
  readonly requestId: string;
  readonly attempt: number;
  /** The UUID of the claim that wrote the object. */
  readonly claim: string;
  /** First and last day, `YYYY-MM-DD`, both inclusive. */
  readonly periodStart: string;
  readonly periodEnd: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Schema of the manifest inside. */
  readonly schema: string;
  /** Rows of transactions.csv without its header. */
  readonly rows: number;
  /** W3C trace context of the request, for whoever takes the object. */
  readonly traceparent?: string | undefined;
}

/** As found on an object, which may be anyone's. */
export type FoundMetadata = {
  readonly [K in keyof ObjectMetadata]?: ObjectMetadata[K] | undefined;
};

export function toUserMetadata(metadata: ObjectMetadata): Record<string, string> {
  return {
    "request-id": metadata.requestId,
    attempt: String(metadata.attempt),
    claim: metadata.claim,
    "period-start": metadata.periodStart,
    "period-end": metadata.periodEnd,
    "time-zone": metadata.timeZone,
    schema: metadata.schema,
    rows: String(metadata.rows),
    ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
  };
}

export function fromUserMetadata(found: Readonly<Record<string, string>> = {}): FoundMetadata {
  return {
    requestId: found["request-id"],
    attempt: wholeNumber(found["attempt"]),
    claim: found["claim"],
    periodStart: found["period-start"],
    periodEnd: found["period-end"],
    timeZone: found["time-zone"],
    schema: found["schema"],
    rows: wholeNumber(found["rows"]),
    traceparent: found["traceparent"],
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
