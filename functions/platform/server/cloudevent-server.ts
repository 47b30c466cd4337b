/**
 * CloudEvents over HTTP: `POST` of one event or a batch in, an `Answer` out. Beside it the two
 * health paths. Whatever a handler throws is logged with its cause and answered without it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { makeAccessLog } from "./access-log.ts";
import { answerBrokenRequest } from "../http/broken-request.ts";
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
} from "./answers/http-answer.ts";
import { headersTwice, pathOf, requestId, send } from "./answers/http-exchange.ts";
import type { Log } from "../telemetry/log.ts";
import { makeBodyReader } from "../http/request-body.ts";
import { mayAsk } from "../http/local-requests.ts";
import { answerToAbort, makeRequestGate, type GateOptions } from "./request-gate.ts";
import { resourceToHttp } from "./resource-route.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import { makeServerRoutes, type FoundResource, type RouteTable } from "./server-routes.ts";
import { NO_TRACER, type Tracer } from "../telemetry/tracing.ts";
import { answerHandshake } from "./webhook-handshake.ts";
import { monotonic, startTimer, stopTimer } from "../clock/clock.ts";

export interface CloudEventServerOptions extends GateOptions, RouteTable {
  readonly log: Log;
  /** Without it nothing is counted. */
  readonly metrics?: ServerMetrics | undefined;
  /** Without it no spans are recorded. */
  readonly tracer?: Tracer | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** With one of this machine, browsers and other names than this machine's are refused. */
  readonly host?: string | undefined;
  /** Rejects when a dependency does not answer; see `health.ts`. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly maxBodyBytes: number;
  /** Events of one batch that are handled at a time. */
  readonly eventsAtOnce?: number;
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
  const gate = makeRequestGate(options);
  const bodies = makeBodyReader({ maxBytes: options.maxBodyBytes });
  const routes = makeServerRoutes(options);
  const logAnswer = makeAccessLog(routes, options.metrics);

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
        const answered = routes.routeOf(pathOf(request))?.isForBroker ? briefly(full) : full;
        send(request, response, { answered, lastOne: gate.closed });
        logAnswer({ request, answered, log: requestLog, startedAt });
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
    const resource = routes.resourceOf(request);
    if (resource) return await answerResource(request, response, { resource, log: requestLog });
    const route = routes.routeOf(path);
    if (!route) return toHttp({ kind: "unknown-path", toPost: request.method === "POST" });
    const handshake = request.method === "OPTIONS" ? answerHandshake(request.headers) : undefined;
    if (handshake) return handshake;
    if (request.method !== "POST") return toHttp({ kind: "method-not-allowed", allow: "POST" });
    return await gate.whileItLasts(request, response, {
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
        const place = gate.takePlace();
        if (!place) return gate.noPlace();
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
    return await gate.whileItLasts(request, response, {
      route,
      log: requestLog,
      async handle({ signal }, sender) {
        using place = gate.takePlace();
        if (!place) return gate.noPlace();
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

  async function answerInTime(
    message: EventMessage,
    route: EventRoute,
    request: {
      readonly path: string;
      readonly place: Disposable;
      readonly current: EventRequest;
      readonly sender: string | undefined;
      readonly log: Log;
    },
  ): Promise<HttpAnswer | undefined> {
    const { path, sender, log: requestLog, current } = request;
    const { eventsAtOnce = EVENTS_AT_ONCE, tracer = NO_TRACER } = options;
    const context = { signal: current.signal, sender, log: requestLog, eventsAtOnce, tracer };
    const ended = await gate.workInTime(answerEvents(message, route, context), request);
    if (typeof ended === "string") return answerToAbort(ended);
    options.metrics?.eventsAnswered(path, ended.kind === "batch" ? ended.answers : [ended]);
    return toHttp(ended);
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
      gate.close();
      health.stop();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      await gate.empty(ms);
      server.closeIdleConnections();
      const stragglers = startTimer(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      await closed;
      stopTimer(stragglers);
    },
  };
}
