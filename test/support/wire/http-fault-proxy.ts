/**
 * An HTTP proxy in front of a real server that fails chosen requests. Requests pass unchanged, with
 * their Host, so that signatures hold.
 */
import { once } from "node:events";
import {
  createServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type AgentOptions } from "node:https";
import { isIP, type AddressInfo } from "node:net";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

export type HttpFault =
  /** The server never hears of it. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      readonly body?: string;
    }
  | { readonly kind: "reset-before" }
  /** Outcome unknown: the server has done it and answered, and the client never learns. */
  | { readonly kind: "reset-after" }
  /** The same with an answer that is not the server's. */
  | {
      readonly kind: "answer-after";
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      readonly body?: string;
    }
  /** Passed on up to this many bytes of the body, and then neither ended nor broken. */
  | { readonly kind: "stall-request" | "stall-answer"; readonly afterBytes: number }
  /** The request breaks off for both sides after this many bytes of its body; of a shorter one nobody knows. */
  | { readonly kind: "cut-request"; readonly afterBytes: number }
  /** The answer breaks off after this many bytes of its body. */
  | { readonly kind: "cut-answer"; readonly afterBytes: number }
  /** Taken and never answered; the server never hears of it. */
  | { readonly kind: "drop" }
  | { readonly kind: "delay"; readonly ms: number }
  /** Done at once, and told so much later. */
  | { readonly kind: "delay-answer"; readonly ms: number }
  /** Answered, and closed so long after it, when the client may have it in its pool. */
  | { readonly kind: "close-idle"; readonly ms: number };

export interface HttpRule {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: RegExp;
  /** Lets this many matching requests pass first. */
  readonly skip?: number;
  /** Then fails so many, and lets the others pass; all unless given. */
  readonly times?: number;
  readonly fault: HttpFault;
}

export interface RuleInForce {
  /** How many requests have failed by it. */
  readonly hits: number;
  remove(): void;
}

export interface HttpFaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Every request that came, `METHOD /path?query`. */
  readonly requests: readonly string[];
  /** The headers of each of them. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** The first rule in force that matches a request fails it. */
  fail(rule: HttpRule): RuleInForce;
  /** Takes every rule away. */
  pass(): void;
}

/** What happens to a request that no rule is for; undefined: it passes. */
export type FaultOf = (request: Pick<IncomingMessage, "method" | "url">) => HttpFault | undefined;

export interface Upstream {
  /** `http://…` or `https://…` */
  readonly url: string;
  /** For https: `ca`, and a client's own `cert` and `key`. */
  readonly tls?: Pick<AgentOptions, "ca" | "cert" | "key" | "rejectUnauthorized">;
}

interface Rule {
  readonly rule: HttpRule;
  seen: number;
  hits: number;
}

export async function startHttpFaultProxy(
  upstream: Upstream,
  faultOf: FaultOf = () => undefined,
): Promise<HttpFaultProxy> {
  const rules = new Set<Rule>();
  const requests: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const stopped = new AbortController();
  const forward = makeForward(upstream);

  const server = createServer((message, response) => {
    requests.push(`${message.method ?? ""} ${message.url ?? ""}`);
    headers.push(message.headers);
    const fault = chooseFault(rules, message) ?? faultOf(message);
    // A connection that breaks on either side breaks on the other.
    const broken = (): unknown => message.socket.resetAndDestroy();
    serve(message, response, { fault, forward, stopped: stopped.signal }).catch(broken);
  });
  // Slow clients and long answers are what is tried here.
  server.requestTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    headers,
    fail(rule) {
      const inForce: Rule = { rule, seen: 0, hits: 0 };
      rules.add(inForce);
      return {
        get hits() {
          return inForce.hits;
        },
        remove: () => rules.delete(inForce),
      };
    },
    pass: () => rules.clear(),
    async [Symbol.asyncDispose]() {
      stopped.abort();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      forward.agent.destroy();
      await closed;
    },
  };
}

function chooseFault(
  rules: Set<Rule>,
  { method, url = "" }: IncomingMessage,
): HttpFault | undefined {
  for (const inForce of rules) {
    const { rule } = inForce;
    if (rule.method !== undefined && rule.method !== method) continue;
    if (rule.path && !rule.path.test(url)) continue;
    inForce.seen += 1;
    if (inForce.seen <= (rule.skip ?? 0) || inForce.hits >= (rule.times ?? Infinity)) continue;
    inForce.hits += 1;
    return rule.fault;
  }
  return undefined;
}

type Forward = ReturnType<typeof makeForward>;

function makeForward({ url, tls }: Upstream) {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  // The server's own name, whatever Host the client sent; TLS names no addresses.
  const servername = isIP(target.hostname) ? "" : target.hostname;
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, servername, ...tls })
    : new HttpAgent({ keepAlive: true });
  /** Opens the same request to the server; the body is the caller's to send. */
  const open = (message: IncomingMessage) =>
    (secure ? httpsRequest : httpRequest)({
      agent,
      host: target.hostname,
      port: target.port,
      method: message.method,
      path: message.url,
      headers: message.headers,
    });
  return { agent, open };
}

interface Serving {
  readonly fault: HttpFault | undefined;
  readonly forward: Forward;
  readonly stopped: AbortSignal;
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  { fault, forward, stopped }: Serving,
): Promise<void> {
  if (fault?.kind === "delay") await sleep(fault.ms, undefined, { signal: stopped });
  if (fault?.kind === "drop") return;
  if (fault?.kind === "reset-before") {
    message.socket.resetAndDestroy();
    return;
  }
  if (fault?.kind === "answer") {
    // Read to its end first: a client that is still sending would see a reset, not the answer.
    await finished(message.resume());
    answer(response, fault);
    return;
  }
  if (fault?.kind === "close-idle") {
    response.on("close", () => setTimeout(() => message.socket.destroy(), fault.ms));
  }
  const request = forward.open(message);
  // A client that gives up ends its request at the server too.
  response.on("close", () => response.writableFinished || request.destroy());
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  if (fault?.kind === "cut-request") {
    answered.catch(() => undefined);
    await copy(message, request, fault.afterBytes);
    message.socket.resetAndDestroy();
    request.destroy();
    return;
  }
  const sent = fault?.kind === "stall-request" ? fault.afterBytes : Infinity;
  await Promise.all([
    copy(message, request, sent),
    answered.then(async ([given]) => await giveBack(given, message, response, { fault, stopped })),
  ]);
}

async function giveBack(
  given: IncomingMessage,
  message: IncomingMessage,
  response: ServerResponse,
  { fault, stopped }: Pick<Serving, "fault" | "stopped">,
): Promise<void> {
  if (fault?.kind === "reset-after" || fault?.kind === "answer-after") {
    await finished(given.resume());
    if (fault.kind === "reset-after") message.socket.resetAndDestroy();
    else answer(response, fault);
    return;
  }
  if (fault?.kind === "delay-answer") await sleep(fault.ms, undefined, { signal: stopped });
  response.writeHead(given.statusCode ?? 502, given.headersDistinct as OutgoingHttpHeaders);
  response.flushHeaders();
  if (fault?.kind === "cut-answer") {
    if (!(await copy(given, response, fault.afterBytes))) message.socket.resetAndDestroy();
    return;
  }
  await copy(given, response, fault?.kind === "stall-answer" ? fault.afterBytes : Infinity);
}

/** @returns false when it left off at `limit` bytes, with the rest unread and `to` not ended. */
async function copy(
  from: IncomingMessage,
  to: NodeJS.WritableStream,
  limit: number,
): Promise<boolean> {
  let left = limit;
  for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const passed = chunk.subarray(0, left);
    if (passed.byteLength > 0 && !to.write(passed)) await once(to, "drain");
    left -= passed.byteLength;
    if (passed.byteLength < chunk.byteLength) return false;
  }
  to.end();
  return true;
}

function answer(
  response: ServerResponse,
  { status, headers = {}, body = "" }: Extract<HttpFault, { status: number }>,
): void {
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
  response.end(body);
}
