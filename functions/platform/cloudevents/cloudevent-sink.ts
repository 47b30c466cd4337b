/**
 * Sends events to the one address of `K_SINK`. Its status is looked at and its body drained, which
 * the emitter of the cloudevents package does not do: a 500 is not an event delivered.
 *
 * Over Node's own HTTP/1.1 and not `fetch`, whose first use costs a function that starts from zero
 * as much as half an empty process.
 */
import { readFile } from "node:fs/promises";
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { finished } from "node:stream/promises";
import type { StatementEvent } from "../../domain/events/statement-event.ts";
import { toBinaryMessage, type EventOverrides } from "./cloudevent-binary.ts";
import { startDeadline, type Deadline } from "../limits/deadline.ts";
import type { Log } from "../telemetry/log.ts";
import { readTraceparent } from "../telemetry/traceparent.ts";

export type SendResult =
  | { readonly kind: "accepted" }
  /** Answered with another status than 2xx. */
  | { readonly kind: "refused"; readonly status: number }
  /** `timeout`, `aborted`, or the network's own code such as `ECONNREFUSED`. */
  | { readonly kind: "unreachable"; readonly reason: string };

export interface SendOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** W3C trace context of this hop, for the header. */
  readonly traceparent?: string | undefined;
}

export interface CloudEventSink {
  /** Never rejects for trouble of the network: what the sink did is a value. */
  send(event: StatementEvent, options?: SendOptions): Promise<SendResult>;
}

export interface CloudEventSinkOptions {
  readonly url: string;
  readonly overrides?: EventOverrides | undefined;
  /** Of the sender's OIDC token; a SinkBinding mounts one where Knative's senders have an identity. */
  readonly tokenFile?: string;
  readonly log: Log;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const KEPT_ALIVE = { keepAlive: true };
/** Where SinkBindings mount it. */
const TOKEN_FILE = "/oidc/token";

export function makeCloudEventSink(options: CloudEventSinkOptions): CloudEventSink {
  const { url, overrides, tokenFile = TOKEN_FILE, log } = options;

  const isTls = url.startsWith("https:");
  const agent = isTls ? new HttpsAgent(KEPT_ALIVE) : new HttpAgent(KEPT_ALIVE);
  const open = isTls ? requestHttps : requestHttp;

  async function post(
    event: StatementEvent,
    signal: AbortSignal,
    traceparent: string | undefined,
  ): Promise<SendResult> {
    const { headers, body } = toBinaryMessage(event, overrides);
    const more = {
      "content-length": Buffer.byteLength(body),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(await authorizationOf(tokenFile)),
    };
    const options = { agent, signal, headers: { ...headers, ...more } };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      open(url, { ...options, method: "POST" }, resolve)
        .on("error", reject)
        .end(body);
    });
    await drain(response);
    const { statusCode: status = 0 } = response;
    return status >= 200 && status < 300 ? { kind: "accepted" } : { kind: "refused", status };
  }

  return {
    async send(event, { signal, timeoutMs = DEFAULT_TIMEOUT_MS, traceparent } = {}) {
      using deadline = startDeadline(timeoutMs, ...(signal ? [signal] : []));
      let result: SendResult;
      try {
        result = await post(event, deadline.signal, traceparent);
      } catch (error) {
        result = { kind: "unreachable", reason: unreachableReason(error, { signal, deadline }) };
      }
      const trace_id = readTraceparent(event.traceparent)?.traceId;
      const fields = { event_id: event.id, event_type: event.type, trace_id };
      if (result.kind === "accepted") log.debug(fields, "event sent");
      else log.warn({ ...fields, ...result }, "event not accepted by the sink");
      return result;
    },
  };
}

/** Read for each event, because the token is replaced before it expires. */
async function authorizationOf(tokenFile: string): Promise<{ authorization?: string }> {
  try {
    return { authorization: `Bearer ${(await readFile(tokenFile, "utf8")).trim()}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** Read to its end and dropped, so that the connection can be used again. */
async function drain(response: IncomingMessage): Promise<void> {
  await finished(response.resume());
}

function unreachableReason(
  error: unknown,
  { signal, deadline }: { signal: AbortSignal | undefined; deadline: Deadline },
): string {
  if (signal?.aborted) return "aborted";
  if (deadline.passed) return "timeout";
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  const reason = typeof code === "string" ? code : name;
  return typeof reason === "string" ? reason : "unknown";
}
