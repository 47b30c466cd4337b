/**
 * One event to one address, with the retries of a Knative delivery spec. Source of the rules:
 * knative.dev/eventing 1.22, pkg/kncloudevents (SelectiveRetry, RetryConfigFromDeliverySpec) and
 * pkg/kncloudevents/event_dispatcher.go.
 */
import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery } from "./manifest-schema.ts";
import { fromHttp, type RoutedEvent, toHttp } from "./routed-event.ts";

export type Attempt =
  | {
      readonly kind: "delivered";
      readonly status: number;
      readonly reply?: RoutedEvent | undefined;
    }
  | FailedAttempt;

export interface FailedAttempt {
  readonly kind: "failed";
  /** 502 for an answer that is no event, 500 when there was no answer. */
  readonly status: number;
  readonly isAnswered: boolean;
  /** undefined for a 2xx answer that is no event: of that the Broker's own filter tells nothing on. */
  readonly detail: string | undefined;
}

export type RetrySettings = Pick<
  Delivery,
  "retry" | "backoffPolicy" | "backoffDelay" | "timeout"
> & {
  /** Beside the event's own. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** How much of an answer the dead-letter sink is told. */
const ERROR_DETAIL_BYTES = 1_024;

/** Tries until it is delivered, refused for good, out of retries, or `signal` aborts. */
export async function deliver(
  url: string,
  event: RoutedEvent,
  settings: RetrySettings,
  signal: AbortSignal,
  isSentAgain = (failed: FailedAttempt): boolean => isRetryable(failed.status),
): Promise<Attempt> {
  for (let retries = 0; ; retries += 1) {
    const attempt = await send(url, event, settings, signal);
    const again = attempt.kind === "failed" && isSentAgain(attempt);
    if (!again || retries >= (settings.retry ?? 0) || signal.aborted) return attempt;
    try {
      await sleep(backoffMs(settings, retries), undefined, { signal });
    } catch {
      return attempt;
    }
  }
}

/** Everything else that is not 2xx is refused for good. */
export function isRetryable(status: number): boolean {
  return [404, 408, 409, 429].includes(status) || status >= 500;
}

/** `retries` counts from 0. Without both fields there is no wait at all. */
export function backoffMs({ backoffPolicy, backoffDelay }: RetrySettings, retries: number): number {
  if (backoffPolicy === undefined || backoffDelay === undefined) return 0;
  return backoffDelay * (backoffPolicy === "exponential" ? 2 ** retries : retries);
}

async function send(
  url: string,
  event: RoutedEvent,
  settings: RetrySettings,
  stop: AbortSignal,
): Promise<Attempt> {
  const { timeout: timeoutMs } = settings;
  const signal =
    timeoutMs === undefined ? stop : AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
  try {
    return outcome(await post(url, event, signal, settings.headers ?? {}));
  } catch (error) {
    const detail = `dispatch error: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: "failed", status: 500, isAnswered: false, detail };
  }
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Not `fetch`: it gives up when an answer takes longer than five minutes, as a build may. */
async function post(
  url: string,
  event: RoutedEvent,
  signal: AbortSignal,
  more: Readonly<Record<string, string>>,
): Promise<HttpAnswer> {
  const { headers, body } = toHttp(event);
  const message = request(url, { method: "POST", headers: { ...headers, ...more }, signal });
  message.end(body);
  const [response] = (await once(message, "response")) as [IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await buffer(response),
  };
}

function outcome({ status, headers, body }: HttpAnswer): Attempt {
  if (status < 200 || status > 299) {
    const detail = body.subarray(0, ERROR_DETAIL_BYTES).toString();
    return { kind: "failed", status, isAnswered: true, detail };
  }
  if (body.length === 0 && headers["ce-id"] === undefined) return { kind: "delivered", status };
  const reply = fromHttp(headers, body);
  if (reply) return { kind: "delivered", status, reply };
  return { kind: "failed", status: 502, isAnswered: true, detail: undefined };
}
