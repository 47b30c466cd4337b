/** Traces: what a request went through, joined over all functions by `traceparent`. */
import type { SpanAttributes, SpanName } from "./spans.ts";
import { readTraceparent } from "./traceparent.ts";

export interface SpanStart {
  readonly name: SpanName;
  /** Follows the name, such as the operation; from a closed set. */
  readonly of?: string;
  readonly attributes?: SpanAttributes;
  /** `traceparent` of what caused it, when that is not the span that is running. */
  readonly parent?: string | undefined;
  /** `traceparent` of what else it has to do with. */
  readonly links?: readonly (string | undefined)[];
}

export interface Span {
  /**
   * For what this causes. Without a recording it is the parent's, unchanged, so that a trace goes on
   * behind a function that does not take part in it.
   */
  readonly traceparent: string | undefined;
  /** For log lines: the trace, and the span when it is recorded. */
  readonly logFields: { readonly trace_id?: string; readonly span_id?: string };
  set(attributes: SpanAttributes): void;
  /** Marks it as failed. @param code a code or a class of error, never a message */
  fail(code: string): void;
}

export interface Tracer extends AsyncDisposable {
  /**
   * Runs `work` in a span, which ends with it; what it throws marks the span and is thrown on. A span
   * belongs to the trace of its `parent`, and is linked to the running span when that has another.
   * Of an event it may begin a trace; any other without a parent is not recorded.
   */
  span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** A span within the running one that has just ended. */
  past(start: SpanStart, seconds: number, error?: string): void;
  /** The running span. */
  current(): Span;
}

export const NO_TRACER: Tracer = {
  span: (start, work) => work(unrecorded(start.parent)),
  past: () => undefined,
  current: () => unrecorded(undefined),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export function unrecorded(traceparent: string | undefined): Span {
  const context = readTraceparent(traceparent);
  return {
    traceparent: context && traceparent,
    logFields: context ? { trace_id: context.traceId } : {},
    set: () => undefined,
    fail: () => undefined,
  };
}

/** A code, or else the class: a message may quote what must not leave the process. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string") return code;
  return typeof name === "string" ? name : typeof error;
}
