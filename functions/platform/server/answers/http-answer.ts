/**
 * How a request ends, and the one place that says it in HTTP.
 *
 * Statuses of an event are chosen for Knative's sender, which retries 404, 408, 409, 429 and 5xx and takes
 * any other non-2xx for final: so never 404 or 409, and 503 whenever asking again can help.
 */
import type { StatementEvent } from "../../../domain/events/statement-event.ts";
import type { Problem } from "../../cloudevents/cloudevent-attributes.ts";
import { toBinaryMessage } from "../../cloudevents/cloudevent-binary.ts";
import { MAX_EVENTS } from "../../cloudevents/cloudevent-parse.ts";
import type { BrokenAnswer } from "../../http/broken-request.ts";
import { LedgerUnavailable } from "../../ledger/ledger-unavailable.ts";
import {
  briefText,
  detailsText,
  PROBLEM_JSON,
  type IndexedProblem,
  type RecordedEntry,
  type Refused,
} from "./problem-details.ts";

/** Endings a handler can choose. */
export type Answer =
  /** 200 with the event in the body. */
  | {
      readonly kind: "event";
      readonly event: StatementEvent;
      /** Where its request can be read, at this server. */
      readonly location?: string | undefined;
    }
  /** 202: kept, and nothing to say; for the log, the name under which it was parked. */
  | { readonly kind: "accepted"; readonly parked?: string }
  /** 204: an unknown record, a lease that is held, a request that has ended. */
  | { readonly kind: "nothing-to-do" }
  /** 400: no retry will make this event acceptable. */
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  /** 403: the event is well formed and its sender is not allowed to send it. */
  | { readonly kind: "forbidden"; readonly problems: readonly Problem[] }
  /** 429: the sender has used up what is its own; there may be room later. */
  | { readonly kind: "used-up"; readonly problems: readonly Problem[] }
  /** 503: a dependency; ask again. */
  | { readonly kind: "unavailable"; readonly code: string };

/** Endings the server itself chooses. */
export type Refusal =
  /** To a POST 400: Knative's sender would send it again after a 404. */
  | { readonly kind: "unknown-path"; readonly toPost: boolean }
  /** 404: of a resource, never of an event. */
  | { readonly kind: "unknown-request" }
  /** 409, 410: of a resource, never of an event. */
  | { readonly kind: "conflict" | "gone"; readonly code: string }
  /** 401: no token, or a bad one. */
  | { readonly kind: "unauthenticated"; readonly code: string }
  | { readonly kind: "method-not-allowed"; readonly allow: string }
  | { readonly kind: "too-large"; readonly maxBytes: number }
  /** 408: its body did not come in time. */
  | { readonly kind: "request-timeout" }
  | { readonly kind: "too-many-events" }
  | { readonly kind: "unsupported-media-type" }
  | { readonly kind: "too-many-requests" }
  | { readonly kind: "deadline-exceeded" };

/** The answers to the items of a batch, in their order. */
export interface BatchAnswer {
  readonly kind: "batch";
  readonly answers: readonly Answer[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MEDIA_TYPES =
  "application/cloudevents+json, application/cloudevents-batch+json, or application/json with the attributes as ce- headers";

export function toHttp(answer: Answer | Refusal | BatchAnswer): HttpAnswer {
  switch (answer.kind) {
    case "event": {
      const { headers, body } = toBinaryMessage(answer.event);
      const { location } = answer;
      return { status: 200, headers: location ? { ...headers, location } : headers, body };
    }
    case "accepted":
      return { status: 202, headers: {}, body: "" };
    case "nothing-to-do":
      return { status: 204, headers: {}, body: "" };
    case "invalid":
      return invalid(400, atIndex(answer.problems, 0));
    case "forbidden":
      return invalid(403, atIndex(answer.problems, 0));
    case "used-up":
      return invalid(429, atIndex(answer.problems, 0), { "retry-after": USED_UP_SECONDS });
    case "unavailable":
      return failure(503, answer.code);
    case "batch":
      return batch(answer.answers);
    case "unknown-path":
      return failure(answer.toPost ? 400 : 404, "unknown_path");
    case "unknown-request":
      return failure(404, "unknown_request");
    case "conflict":
      return failure(409, answer.code);
    case "gone":
      return failure(410, answer.code);
    case "unauthenticated":
      return failure(401, answer.code, { "www-authenticate": "Bearer" });
    case "method-not-allowed":
      return failure(405, "method_not_allowed", { allow: answer.allow }, answer.allow);
    case "too-large":
      return failure(413, "too_large", {}, `${answer.maxBytes} bytes`);
    case "request-timeout":
      return failure(408, "request_timeout");
    case "too-many-events":
      return failure(400, "too_many_events", {}, `${MAX_EVENTS} events`);
    case "unsupported-media-type":
      return failure(415, "unsupported_media_type", {}, MEDIA_TYPES);
    case "too-many-requests":
      return failure(429, "too_many_requests", { "retry-after": "1" });
    case "deadline-exceeded":
      return failure(504, "deadline_exceeded");
  }
}

/** Until the ledger is counted again. */
const USED_UP_SECONDS = "60";

/** Any error a handler throws: asking again may help, and the details are for the log alone. */
export function answerToError(error: unknown): Answer {
  const code = error instanceof LedgerUnavailable ? "ledger_unavailable" : "internal";
  return { kind: "unavailable", code };
}

/**
 * What a Broker is told: an event in an answer would go back into it, where its sender may not post, and
 * a long refusal would not reach the dead-letter sink.
 */
export function briefly({ status, headers, body }: HttpAnswer): HttpAnswer {
  if ("ce-id" in headers) return toHttp({ kind: "accepted" });
  if (headers["content-type"] === PROBLEM_JSON)
    return {
      status,
      headers: { ...headers, "content-type": "application/json" },
      body: briefText(body),
    };
  return status === 202 ? toHttp({ kind: "accepted" }) : { status, headers, body };
}

// --- batches -----------------------------------------------------------------------------------

/**
 * The good ones are done, and each event has its own entry. What may be taken later gives the status, so that
 * whoever goes by that alone sends the whole batch again, which is safe.
 */
function batch(answers: readonly Answer[]): HttpAnswer {
  const problems = answers.flatMap((answer, index) => atIndex(problemsIn(answer), index));
  const recorded = answers.flatMap((answer, index): readonly RecordedEntry[] =>
    answer.kind === "event" ? [{ index, request_id: answer.event.subject }] : [],
  );
  const later = answers.find(({ kind }) => kind === "unavailable" || kind === "used-up");
  if (later) {
    const { status, headers } = toHttp(later);
    const [first] = problemsIn(later);
    return refused({ status, error: first?.code ?? "internal", problems, recorded }, headers);
  }
  if (problems.length > 0)
    return invalid(
      answers.some((answer) => answer.kind === "invalid") ? 400 : 403,
      problems,
      {},
      recorded,
    );
  if (recorded.length > 0)
    return {
      status: 202,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ recorded }),
    };
  const nothing = answers.every((answer) => answer.kind === "nothing-to-do");
  return toHttp({ kind: nothing ? "nothing-to-do" : "accepted" });
}

function problemsIn(answer: Answer): readonly Problem[] {
  if (answer.kind === "unavailable") return [{ field: "event", code: answer.code }];
  return "problems" in answer ? answer.problems : [];
}

// --- refusals ----------------------------------------------------------------------------------

function atIndex(problems: readonly Problem[], index: number): readonly IndexedProblem[] {
  return problems.map((problem) => ({ index, ...problem }));
}

function invalid(
  status: number,
  problems: readonly IndexedProblem[],
  headers?: Readonly<Record<string, string>>,
  recorded?: readonly RecordedEntry[],
): HttpAnswer {
  const codes = new Set(problems.map((problem) => problem.code));
  const [first] = codes;
  const error = codes.size === 1 && first !== undefined ? first : "invalid_event";
  return refused({ status, error, problems, recorded }, headers);
}

function failure(
  status: number,
  error: string,
  headers?: Readonly<Record<string, string>>,
  limit?: string,
): HttpAnswer {
  return refused({ status, error, limit }, headers);
}

/** Of what is no HTTP request. */
export function describeBroken(status: number, error: string): BrokenAnswer {
  return { contentType: PROBLEM_JSON, body: detailsText({ status, error }) };
}

function refused(what: Refused, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  const { status } = what;
  return {
    status,
    headers: { "content-type": PROBLEM_JSON, ...headers },
    body: detailsText(what),
  };
}
