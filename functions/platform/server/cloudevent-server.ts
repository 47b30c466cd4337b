/**
 * CloudEvents over HTTP: `POST` of one event or a batch in, an `Answer` out. Beside it the two
 * health paths. Whatever a handler throws is logged with its cause and answered without it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerBrokenRequest } from "../http/broken-request.ts";
import { makePlaces } from "../limits/places.ts";
import { parseMessage } from "../cloudevents/cloudevent-parse.ts";
import { answerEvents, type EventMessage, type EventRoute } from "./event-handler.ts";
import type { EventRequest } from "./event-request.ts";
import { isHealthPath, makeHealth } from "./health.ts";
import {
  answerToError,
  briefly,
  describeBroken,
  toHttp,
  type Answer,
  type HttpAnswer,
} from "./http-answer.ts";
import { headersTwice, pathOf, queryOf, requestId, send } from "./http-exchange.ts";
import type { Log } from "../telemetry/log.ts";
import { abortCause, type AbortCause } from "../http/request-aborted.ts";
import { IncompleteRequest, makeBodyReader } from "../http/request-body.ts";
import { mayAsk } from "../http/this-machine.ts";
import { makeRequestsInFlight } from "./requests-in-flight.ts";
import { resourceToHttp, type Asked, type ResourceRoute } from "./resource-route.ts";
import { refusalOf, subjectOf, type PathSenders, type Senders } from "./senders.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import { NO_TRACER, type Tracer } from "../telemetry/tracing.ts";
import { answerHandshake } from "./webhook-handshake.ts";
import { monotonic, startTimer, stopTimer } from "../clock/clock.ts";

export interface CloudEventServerOptions {
  readonly log: Log;
  /** Without it nothing is counted. */
  readonly metrics?: ServerMetrics | undefined;
  /** Without it no spans are recorded. */
  readonly tracer?: Tracer | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** With one of this machine, browsers and other names than this machine's are refused. */
  readonly host?: string | undefined;
  /** By path; `/` is where events go. */
  readonly routes: Readonly<Record<`/${string}`, EventRoute>>;
  /** By path: what is there besides events, and below it. */
  readonly resources?: Readonly<Record<`/${string}`, ResourceRoute>>;
  /** Who may send; without it nobody is asked for a token. */
  readonly senders?: Senders | undefined;
  /** Rejects when a dependency does not answer; see `health.ts`. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly maxBodyBytes: number;
  /**
   * Whole requests with events that are handled at a time; one more is answered 429, and 503 while
   * one of them is worked on that nobody waits for any more.
   */
  readonly maxInFlight: number;
  /** Events of one batch that are handled at a time. */
  readonly eventsAtOnce?: number;
  /** Of one request, milliseconds. */
  readonly deadlineMs: number;
}

interface FoundResource extends Asked {
  readonly route: ResourceRoute;
  /** The path of the route itself. */
  readonly own: string;
}

interface Admitted {
  readonly route: PathSenders;
  readonly log: Log;
  readonly handle: (
    current: EventRequest,
    sender: string | undefined,
  ) => Promise<HttpAnswer | undefined>;
}

export interface CloudEventServer {
  readonly port: number;
  /**
   * Takes no more requests, lets those in flight finish for `ms`, then aborts their signals and
   * gives them a few seconds to end. Resolves when nothing runs and every connection is closed.
   */
  drain(ms: number): Promise<void>;
}

/** Against clients that open connections and send slowly or never; bodies have a bound of their own. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Beyond them new connections are closed; idle ones make room. */
const MAX_CONNECTIONS = 8_192;
/** Longer than the idle time of the proxies in front, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** On a developer's machine: what web sites have browsers send there. */
const FROM_ELSEWHERE: Answer = {
  kind: "forbidden",
  problems: [{ field: "host", code: "not_of_this_machine" }],
};

const EVENTS_AT_ONCE = 8;
const CLOSE_TIMEOUT_MS = 1_000;

export async function startCloudEventServer(
  options: CloudEventServerOptions,
): Promise<CloudEventServer> {
  const { log } = options;
  const health = makeHealth({ ready: options.ready, log });
  const inFlight = makeRequestsInFlight();
  const bodies = makeBodyReader({ maxBytes: options.maxBodyBytes });
  const places = makePlaces(options.maxInFlight);
  /** Nobody waits for these any more, and their handlers have not ended yet. */
  const left = new Set<EventRequest>();
  let draining = false;

  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("drop", () => server.closeIdleConnections());
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket, describeBroken));
  server.on("request", (request, response) => {
    const startedAt = monotonic();
    const requestLog = log.child({ http_request_id: requestId(request) });
    answer(request, response, requestLog).then(
      (full) => {
        // Nobody to answer when there is none.
        if (!full) return;
        const answered = routeOf(pathOf(request))?.isForBroker ? briefly(full) : full;
        send(request, response, { answered, lastOne: draining });
        logAnswer(request, answered, { log: requestLog, startedAt });
      },
      (err: unknown) => {
        requestLog.error({ err }, "request not answered");
        response.destroy();
      },
    );
  });

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    requestLog: Log,
  ): Promise<HttpAnswer | undefined> {
    if (!mayAsk(options.host, request.headers)) return toHttp(FROM_ELSEWHERE);
    const path = pathOf(request);
    if (isHealthPath(path)) return await health.answer(path, request.method);
    const resource = resourceOf(request);
    if (resource) return await answerResource(request, response, { resource, log: requestLog });
    const route = routeOf(path);
    if (!route) return toHttp({ kind: "unknown-path", toPost: request.method === "POST" });
    const handshake = request.method === "OPTIONS" ? answerHandshake(request.headers) : undefined;
    if (handshake) return handshake;
    if (request.method !== "POST") return toHttp({ kind: "method-not-allowed", allow: "POST" });
    return await whileItLasts(request, response, {
      route,
      log: requestLog,
      async handle(current, sender) {
        const body = await bodies.read(request, current.signal);
        if (body === "too-large") return toHttp({ kind: body, maxBytes: options.maxBodyBytes });
        if (typeof body === "string") return toHttp({ kind: body });
        const message = parseMessage(request.headers, body, headersTwice(request));
        if (message.kind === "unsupported-media-type" || message.kind === "too-many-events")
          return toHttp(message);
        // A place is for a request that can be handled: one that is still coming holds none.
        const place = places.take();
        if (!place) return noPlace();
        return await answerInTime(message, route, {
          path,
          place,
          current,
          log: requestLog,
          sender,
        });
      },
    });
  }

  async function answerResource(
    request: IncomingMessage,
    response: ServerResponse,
    { resource, log: requestLog }: { readonly resource: FoundResource; readonly log: Log },
  ): Promise<HttpAnswer | undefined> {
    const { route, ...asked } = resource;
    const isRead = request.method === "GET" || request.method === "HEAD";
    // Of what is done, not read, the answer is never that it is known.
    const ifNoneMatch = isRead ? request.headers["if-none-match"] : undefined;
    const method = route.methodOf?.(asked.name) ?? "GET";
    const allowed = method === "GET" ? ["GET", "HEAD"] : [method];
    if (!allowed.includes(request.method ?? ""))
      return toHttp({ kind: "method-not-allowed", allow: allowed.join(", ") });
    return await whileItLasts(request, response, {
      route,
      log: requestLog,
      async handle({ signal }, sender) {
        using place = places.take();
        if (!place) return noPlace();
        try {
          const answer = await route.handle(asked, { signal, sender, log: requestLog });
          return resourceToHttp(answer, ifNoneMatch);
        } catch (err) {
          if (signal.aborted) throw err;
          requestLog.error({ err }, "the request was not answered");
          return toHttp(answerToError(err));
        }
      },
    });
  }

  /** Asks who is there, and answers in time, or that the time is over. */
  async function whileItLasts(
    request: IncomingMessage,
    response: ServerResponse,
    { route, log: requestLog, handle }: Admitted,
  ): Promise<HttpAnswer | undefined> {
    if (draining) return toHttp({ kind: "unavailable", code: "shutting_down" });
    if (places.none) return noPlace();
    using current = inFlight.open(response, options.deadlineMs);
    try {
      // Two of them are no token, whichever of them whoever is in front has looked at.
      const authorization = request.headersDistinct["authorization"]?.join(", ");
      const admission = await options.senders?.admit(authorization, route);
      const refusal = refusalOf(admission, requestLog);
      if (refusal) return toHttp(refusal);
      return await handle(current, subjectOf(admission));
    } catch (err) {
      if (err instanceof IncompleteRequest) return undefined;
      const cause = abortCause(current.signal);
      if (!cause) throw err;
      // Of a sender that has gone the stack says nothing but where it was noticed.
      requestLog.warn(
        cause === "client_disconnected" ? { cause } : { cause, err },
        "request aborted",
      );
      return answerToAbort(cause);
    }
  }

  /** Who left did not send too many: then it is this process that lags behind. */
  function noPlace(): HttpAnswer {
    return toHttp(
      left.size > 0 ? { kind: "unavailable", code: "busy" } : { kind: "too-many-requests" },
    );
  }

  function resourceOf(request: IncomingMessage): FoundResource | undefined {
    const path = pathOf(request);
    const query = queryOf(request);
    for (const [own, route] of Object.entries(options.resources ?? {})) {
      if (path === own) return { route, own, name: undefined, query };
      if (path.startsWith(`${own}/`))
        return { route, own, name: path.slice(own.length + 1), query };
    }
    return undefined;
  }

  function routeOf(path: string): EventRoute | undefined {
    return Object.hasOwn(options.routes, path) ? options.routes[path as `/${string}`] : undefined;
  }

  async function answerInTime(
    message: EventMessage,
    route: EventRoute,
    request: {
      readonly path: string;
      /** Held until the handler has ended, also when nobody waits for that any more. */
      readonly place: Disposable;
      readonly current: EventRequest;
      readonly sender: string | undefined;
      readonly log: Log;
    },
  ): Promise<HttpAnswer | undefined> {
    const { path, place, current, sender, log: requestLog } = request;
    const { signal, givenUp } = current;
    const { eventsAtOnce = EVENTS_AT_ONCE, tracer = NO_TRACER } = options;
    const context = { signal, sender, log: requestLog, eventsAtOnce, tracer };
    const onLeft = (): void => void left.add(current);
    signal.addEventListener("abort", onLeft);
    const handling = answerEvents(message, route, context).finally(() => {
      place[Symbol.dispose]();
      signal.removeEventListener("abort", onLeft);
      left.delete(current);
    });
    const ended = await Promise.race([handling, givenUp]);
    if (typeof ended !== "string") {
      options.metrics?.eventsAnswered(path, ended.kind === "batch" ? ended.answers : [ended]);
      return toHttp(ended);
    }
    requestLog.error({ cause: ended }, "the handler did not stop in time");
    handling.catch((err: unknown) => requestLog.warn({ err }, "the late handler failed"));
    return answerToAbort(ended);
  }

  function logAnswer(
    request: IncomingMessage,
    answered: HttpAnswer,
    { log: requestLog, startedAt }: { readonly log: Log; readonly startedAt: number },
  ): void {
    const path = pathOf(request);
    const ms = monotonic() - startedAt;
    const { status } = answered;
    if (isHealthPath(path)) {
      requestLog.trace({ path, status }, "probe answered");
      return;
    }
    // What else somebody asked for does not belong into a log.
    const known = (routeOf(path) && path) ?? resourceOf(request)?.own;
    options.metrics?.requestAnswered(known, status, ms / 1000);
    requestLog.info({ path: known, status, ms: Math.round(ms) }, "request answered");
  }

  const { promise: listening, resolve, reject } = Promise.withResolvers<undefined>();
  const failed = (cause: Error): void =>
    reject(new Error("HOST and PORT: nothing can listen there", { cause }));
  server.once("error", failed);
  server.listen({ port: options.port, host: options.host }, () => resolve(undefined));
  await listening;
  server.off("error", failed);

  return {
    port: (server.address() as AddressInfo).port,
    async drain(ms) {
      draining = true;
      health.stop();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      await inFlight.none(ms);
      inFlight.abortAll();
      // Each one ends within the grace after its abort.
      await inFlight.none();
      server.closeIdleConnections();
      const stragglers = startTimer(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      await closed;
      stopTimer(stragglers);
    },
  };
}

function answerToAbort(cause: AbortCause): HttpAnswer | undefined {
  switch (cause) {
    case "client_disconnected":
      return undefined;
    case "deadline_exceeded":
      return toHttp({ kind: "deadline-exceeded" });
    case "shutting_down":
      return toHttp({ kind: "unavailable", code: "shutting_down" });
  }
}
