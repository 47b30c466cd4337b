/**
 * CloudEvents over HTTP: `POST` of one event or a batch in, an `Answer` out. Beside it the two
 * health paths. Whatever a handler throws is logged here with its cause and answered without it.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  parseMessage,
  type MalformedEvent,
  type ParsedEvent,
  type ReceivedEvent,
} from "./cloudevent-parse.ts";
import { mapConcurrently } from "./concurrency.ts";
import { openEventRequest, type EventRequest } from "./event-request.ts";
import {
  answerToError,
  toHttp,
  type Answer,
  type BatchAnswer,
  type HttpAnswer,
} from "./http-answer.ts";
import type { Log } from "./log.ts";
import { makeReadiness } from "./readiness.ts";
import { abortCause, type AbortCause } from "./request-aborted.ts";
import { IncompleteRequest, readBody } from "./request-body.ts";

export interface EventContext {
  /** Aborts on disconnect, own deadline and the end of the drain; its reason is a `RequestAborted`. */
  readonly signal: AbortSignal;
  /** Carries the ids of the request and of the event. */
  readonly log: Log;
}

export type EventHandler = (event: ReceivedEvent, context: EventContext) => Promise<Answer>;

export interface EventRoute {
  readonly handle: EventHandler;
  /** For a path that keeps what is no event; without it the answer is 400. */
  readonly handleMalformed?: (event: MalformedEvent, context: EventContext) => Promise<Answer>;
}

export interface CloudEventServerOptions {
  readonly log: Log;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** By path; `/` is where events go. */
  readonly routes: Readonly<Record<`/${string}`, EventRoute>>;
  /** Rejects when a dependency does not answer; see `makeReadiness`. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly maxBodyBytes: number;
  /** Requests with events at a time; one more is answered 429. */
  readonly maxInFlight: number;
  /** Events of one batch that are handled at a time. */
  readonly eventsAtOnce?: number;
  /** Of one request, milliseconds. */
  readonly deadlineMs: number;
}

export interface CloudEventServer {
  readonly port: number;
  /**
   * Takes no more requests, lets those in flight finish for `ms`, then aborts their signals and
   * gives them a few seconds to end. Resolves when nothing runs and every connection is closed.
   */
  drain(ms: number): Promise<void>;
}

/** Against clients that open connections and send slowly or never. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the idle time of the proxies in front, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

export async function startCloudEventServer(
  options: CloudEventServerOptions,
): Promise<CloudEventServer> {
  const { log } = options;
  const readiness = makeReadiness({ ready: options.ready, log });
  const inFlight = new Set<EventRequest>();
  const idle = new Set<() => void>();
  let draining = false;

  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
  });
  server.on("clientError", answerBrokenRequest);
  server.on("request", (request, response) => {
    const startedAt = performance.now();
    const requestLog = log.child({ request_id: requestId(request) });
    serve(request, response, requestLog).then(
      (answer) => {
        if (!answer) return;
        send(response, answer, draining);
        const ms = Math.round(performance.now() - startedAt);
        const line = { path: pathOf(request), status: answer.status, ms };
        if (isHealthPath(line.path)) requestLog.trace(line, "probe answered");
        else requestLog.info(line, "request answered");
      },
      (err: unknown) => {
        requestLog.error({ err }, "request not answered");
        response.destroy();
      },
    );
  });

  /** undefined when there is nobody to answer. */
  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    requestLog: Log,
  ): Promise<HttpAnswer | undefined> {
    const path = pathOf(request);
    if (isHealthPath(path)) return await health(path, request.method);
    const route = Object.hasOwn(options.routes, path)
      ? options.routes[path as `/${string}`]
      : undefined;
    if (!route) return toHttp({ kind: "unknown-path" });
    if (request.method !== "POST") return toHttp({ kind: "method-not-allowed", allow: "POST" });
    if (draining) return toHttp({ kind: "unavailable", code: "shutting_down" });
    if (inFlight.size >= options.maxInFlight) return toHttp({ kind: "too-many-requests" });

    const current = openEventRequest(response, options.deadlineMs);
    inFlight.add(current);
    try {
      return await answerRequest({ request, route, current, requestLog });
    } finally {
      current[Symbol.dispose]();
      inFlight.delete(current);
      if (inFlight.size === 0) for (const resolve of idle) resolve();
    }
  }

  async function answerRequest(received: {
    readonly request: IncomingMessage;
    readonly route: EventRoute;
    readonly current: EventRequest;
    readonly requestLog: Log;
  }): Promise<HttpAnswer | undefined> {
    const { request, current, requestLog } = received;
    try {
      const body = await readBody(request, options.maxBodyBytes);
      if (body === "too-large") return toHttp({ kind: "too-large" });
      const message = parseMessage(request.headers, body);
      if (message.kind === "unsupported-media-type") return toHttp(message);
      const context = { signal: current.signal, log: requestLog };
      const handling = answerEvents(message, received.route, context);
      const ended = await Promise.race([handling, current.givenUp]);
      if (typeof ended !== "string") return toHttp(ended);
      requestLog.error({ cause: ended }, "the handler did not stop in time");
      handling.catch((err: unknown) => requestLog.warn({ err }, "the late handler failed"));
      return answerToAbort(ended);
    } catch (err) {
      if (err instanceof IncompleteRequest) return undefined;
      const cause = abortCause(current.signal);
      if (!cause) throw err;
      requestLog.warn({ cause }, "request aborted");
      return answerToAbort(cause);
    }
  }

  async function answerEvents(
    message: Exclude<ReturnType<typeof parseMessage>, { kind: "unsupported-media-type" }>,
    route: EventRoute,
    context: EventContext,
  ): Promise<Answer | BatchAnswer> {
    if (message.kind === "single") return await answerEvent(message.event, route, context);
    const answers = await mapConcurrently(message.events, options.eventsAtOnce ?? 8, (event) =>
      answerEvent(event, route, context),
    );
    return { kind: "batch", answers };
  }

  async function health(path: string, method: string | undefined): Promise<HttpAnswer> {
    if (method !== "GET" && method !== "HEAD")
      return toHttp({ kind: "method-not-allowed", allow: "GET, HEAD" });
    const well = path === LIVENESS || (!draining && (await readiness.isReady()));
    if (!well) return toHttp({ kind: "unavailable", code: "not_ready" });
    return { status: 200, headers: { "content-type": "application/json" }, body: `{"ok":true}` };
  }

  const { promise: listening, resolve, reject } = Promise.withResolvers<undefined>();
  server.once("error", reject);
  server.listen({ port: options.port, host: options.host }, () => resolve(undefined));
  await listening;
  server.off("error", reject);

  return {
    port: (server.address() as AddressInfo).port,
    async drain(ms) {
      draining = true;
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      await nothingInFlight(ms);
      for (const current of inFlight) current.abort("shutting_down");
      // Each one is answered within the grace after its abort.
      await nothingInFlight(undefined);
      server.closeIdleConnections();
      const stragglers = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
      await closed;
      clearTimeout(stragglers);
    },
  };

  async function nothingInFlight(ms: number | undefined): Promise<void> {
    if (inFlight.size === 0) return;
    const { promise, resolve: done } = Promise.withResolvers<undefined>();
    const finish = (): void => done(undefined);
    const timer = ms === undefined ? undefined : setTimeout(finish, ms);
    idle.add(finish);
    await promise;
    idle.delete(finish);
    clearTimeout(timer);
  }
}

const CLOSE_TIMEOUT_MS = 1_000;
const LIVENESS = "/health/liveness";
const READINESS = "/health/readiness";

function isHealthPath(path: string): boolean {
  return path === LIVENESS || path === READINESS;
}

async function answerEvent(
  event: ParsedEvent,
  route: EventRoute,
  { signal, log }: EventContext,
): Promise<Answer> {
  if (event.kind === "malformed") {
    log.info({ problems: event.problems.slice(0, 10) }, "not a CloudEvent");
    if (!route.handleMalformed) return { kind: "invalid", problems: event.problems };
  }
  const eventLog = log.child({
    event_id: idOf(event),
    ...(event.kind === "event" ? { event_type: event.type.slice(0, MAX_LOGGED) } : {}),
  });
  try {
    signal.throwIfAborted();
    const context = { signal, log: eventLog };
    if (event.kind === "event") return await route.handle(event, context);
    if (!route.handleMalformed) return { kind: "invalid", problems: event.problems };
    return await route.handleMalformed(event, context);
  } catch (err) {
    if (signal.aborted) throw err;
    eventLog.error({ err }, "the event was not handled");
    return answerToError(err);
  }
}

/** Ids and types come from outside; a log line stays a line. */
const MAX_LOGGED = 200;

function idOf({ attributes }: ParsedEvent): string | undefined {
  const { id } = attributes;
  return typeof id === "string" ? id.slice(0, MAX_LOGGED) : undefined;
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

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1).join("");
}

function requestId(request: IncomingMessage): string {
  const sent = request.headers["x-request-id"];
  return typeof sent === "string" && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID();
}

function send(response: ServerResponse, answer: HttpAnswer, lastOne: boolean): void {
  if (lastOne) response.setHeader("connection", "close");
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.status === 204 ? {} : { "content-length": Buffer.byteLength(answer.body) }),
  });
  response.end(answer.body);
}

/** What Node's parser refuses before there is a request. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code] = brokenRequest(error.code);
  const body = JSON.stringify({ error: code, problems: [] });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

function brokenRequest(code: string | undefined): readonly [status: string, code: string] {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return ["413 Payload Too Large", "too_large"];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["408 Request Timeout", "request_timeout"];
    default:
      return ["400 Bad Request", "malformed_request"];
  }
}
