/**
 * `traceparent`, as the header of W3C Trace Context 1 and as the attribute of CloudEvents' extension
 * Distributed Tracing.
 */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Bit 0: whoever started the trace wants it recorded. */
  readonly flags: number;
}

const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** undefined for any other form: a trace never decides about an event. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  const [, traceId, spanId, flags] = FORM.exec(text ?? "") ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export function writeTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`;
}
