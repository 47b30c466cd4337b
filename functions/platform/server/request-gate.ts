/** Who comes in, how many at a time, and for how long: nothing is asked of a handler for anybody else. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { abortCause, type AbortCause } from "../http/request-aborted.ts";
import { IncompleteRequest } from "../http/request-body.ts";
import { makePlaces } from "../limits/places.ts";
import type { Log } from "../telemetry/log.ts";
import type { EventRequest } from "./event-request.ts";
import { toHttp, type HttpAnswer } from "./answers/http-answer.ts";
import { makeRequestsInFlight } from "./requests-in-flight.ts";
import { refusalOf, subjectOf, type PathSenders, type Senders } from "./senders.ts";

export interface GateOptions {
  /** Who may send; without it nobody is asked for a token. */
  readonly senders?: Senders | undefined;
  /**
   * Whole requests with events that are handled at a time; one more is answered 429, and 503 while
   * one of them is worked on that nobody waits for any more.
   */
  readonly maxInFlight: number;
  /** Of one request, milliseconds. */
  readonly deadlineMs: number;
}

export interface Admitted {
  readonly route: PathSenders;
  readonly log: Log;
  readonly handle: (
    current: EventRequest,
    sender: string | undefined,
  ) => Promise<HttpAnswer | undefined>;
}

interface Work {
  /** Held until the work has ended, also when nobody waits for that any more. */
  readonly place: Disposable;
  readonly current: EventRequest;
  readonly log: Log;
}

export interface RequestGate {
  /** Asks who is there, and answers in time, or that the time is over. */
  whileItLasts(
    request: IncomingMessage,
    response: ServerResponse,
    admitted: Admitted,
  ): Promise<HttpAnswer | undefined>;
  /** undefined when all are taken: `noPlace` is the answer then. */
  takePlace(): Disposable | undefined;
  noPlace(): HttpAnswer;
  /** What the work comes to, or why nobody waits for it any more; it has its place until it ends. */
  workInTime<T extends object>(working: Promise<T>, work: Work): Promise<T | AbortCause>;
  /** Whether it was closed. */
  readonly closed: boolean;
  /** Lets nobody in any more. */
  close(): void;
  /** Lets those inside finish for `ms`, then aborts their signals and waits until they have ended. */
  empty(ms: number): Promise<void>;
}

export function makeRequestGate({ senders, maxInFlight, deadlineMs }: GateOptions): RequestGate {
  const inFlight = makeRequestsInFlight();
  const places = makePlaces(maxInFlight);
  /** Nobody waits for these any more, and their handlers have not ended yet. */
  const left = new Set<EventRequest>();
  let closed = false;

  /** Who left did not send too many: then it is this process that lags behind. */
  function noPlace(): HttpAnswer {
    return toHttp(
      left.size > 0 ? { kind: "unavailable", code: "busy" } : { kind: "too-many-requests" },
    );
  }

  return {
    async whileItLasts(request, response, { route, log, handle }) {
      if (closed) return toHttp({ kind: "unavailable", code: "shutting_down" });
      if (places.none) return noPlace();
      using current = inFlight.open(response, deadlineMs);
      try {
        // Two of them are no token, whichever of them whoever is in front has looked at.
        const authorization = request.headersDistinct["authorization"]?.join(", ");
        const admission = await senders?.admit(authorization, route);
        const refusal = refusalOf(admission, log);
        if (refusal) return toHttp(refusal);
        return await handle(current, subjectOf(admission));
      } catch (err) {
        if (err instanceof IncompleteRequest) return undefined;
        const cause = abortCause(current.signal);
        if (!cause) throw err;
        // Of a sender that has gone the stack says nothing but where it was noticed.
        log.warn(cause === "client_disconnected" ? { cause } : { cause, err }, "request aborted");
        return answerToAbort(cause);
      }
    },
    takePlace: () => places.take(),
    noPlace,
    async workInTime(working, { place, current, log }) {
      const { signal, givenUp } = current;
      const onLeft = (): void => void left.add(current);
      signal.addEventListener("abort", onLeft);
      const ending = working.finally(() => {
        place[Symbol.dispose]();
        signal.removeEventListener("abort", onLeft);
        left.delete(current);
      });
      const ended = await Promise.race([ending, givenUp]);
      if (typeof ended !== "string") return ended;
      log.error({ cause: ended }, "the handler did not stop in time");
      ending.catch((err: unknown) => log.warn({ err }, "the late handler failed"));
      return ended;
    },
    get closed() {
      return closed;
    },
    close() {
      closed = true;
    },
    async empty(ms) {
      await inFlight.none(ms);
      inFlight.abortAll();
      // Each one ends within the grace after its abort.
      await inFlight.none();
    },
  };
}

/** What whoever still waits is told. */
export function answerToAbort(cause: AbortCause): HttpAnswer | undefined {
  switch (cause) {
    case "client_disconnected":
      return undefined;
    case "deadline_exceeded":
      return toHttp({ kind: "deadline-exceeded" });
    case "shutting_down":
      return toHttp({ kind: "unavailable", code: "shutting_down" });
  }
}
