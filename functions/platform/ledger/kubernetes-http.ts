/**
 * Carries the requests of the Kubernetes client over Node's own HTTP/1.1 and kept connections.
 *
 * The client comes with `fetch` and makes a connection pool for each request. Per write, `fetch`
 * costs twice the CPU (it sends a body as a stream, behind its head), and over HTTP/2 a session of
 * Node 24 that was paused (a frozen container, a machine that slept) can go on writing for ever.
 */
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import {
  ResponseContext,
  wrapHttpLibrary,
  type HttpLibrary,
  type KubeConfig,
  type RequestContext,
  type ResponseBody,
} from "@kubernetes/client-node";

/** As client-go has it; below the idle time-outs of the load balancers in front of API servers. */
const KEEP_ALIVE_PROBE_MS = 30_000;
/** The API server shows it as the manager of the fields we write. */
const USER_AGENT = "transactions-collector";

/** Of one answer, so that no list can take the memory of the process. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** The answer is longer than this process holds at a time: ask for less. */
export class AnswerTooLarge extends Error {
  override readonly name = "AnswerTooLarge";
}

/** Speaks to the current cluster of `config` as its current user, whose token may change. */
export function makeKubernetesHttp(config: KubeConfig): HttpLibrary {
  const { server = "", proxyUrl } = config.getCurrentCluster() ?? {};
  const isTls = server.startsWith("https:");
  const keptAlive = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS };
  const agent = isTls ? new HttpsAgent(keptAlive) : new HttpAgent(keptAlive);
  const open = isTls ? requestHttps : requestHttp;

  async function optionsOf(context: RequestContext, body: string): Promise<RequestOptions> {
    // Node leaves the length of a body out of a DELETE, and the server would not read it.
    const length = body === "" ? {} : { "content-length": Buffer.byteLength(body) };
    const options: RequestOptions = {
      method: context.getHttpMethod(),
      headers: { "user-agent": USER_AGENT, ...length, ...context.getHeaders() },
    };
    // Certificates, token, and the way through a proxy; all but the last with our own connections.
    await config.applyToHTTPSOptions(options);
    const signal = context.getSignal();
    return { ...options, ...(proxyUrl ? {} : { agent }), ...(signal && { signal }) };
  }

  async function send(context: RequestContext): Promise<ResponseContext> {
    const sent = context.getBody() ?? "";
    if (typeof sent !== "string") throw new TypeError("the Kubernetes API takes JSON only");
    const options = await optionsOf(context, sent);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      open(context.getUrl(), options, resolve).on("error", reject).end(sent);
    });
    // Read at once, so that the time-out of the request is also that of its answer.
    const body = bodyOf(await readText(response));
    return new ResponseContext(response.statusCode ?? 0, plainHeaders(response), body);
  }

  return wrapHttpLibrary({ send });
}

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value ?? "")]),
  );
}

/** @throws AnswerTooLarge, and drops the connection with the rest of the answer. */
async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new AnswerTooLarge("the answer of the Kubernetes API");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString();
}

function bodyOf(received: string): ResponseBody {
  return {
    text: () => Promise.resolve(received),
    binary: () => Promise.resolve(Buffer.from(received)),
    stream: () => null,
  };
}
