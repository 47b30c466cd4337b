/**
 * A PingSource as Knative's own adapter runs it. Source of the rules: knative.dev/eventing 1.22,
 * pkg/adapter/mtping/runner.go, and sdk-go 2.16, protocol/http/protocol_retry.go.
 *
 * - It waits for an answer as long as that takes: `K_SINK_TIMEOUT` is -1 unless an operator sets it.
 * - A tick that cannot be delivered, or is answered with one of seven statuses, is sent five times more,
 *   within about three seconds. Any other refusal, 500 among them, loses it.
 * - It does not wait for the last tick before it sends the next one.
 */
import { randomUUID } from "node:crypto";
import { Cron } from "croner";
import { deliver, type FailedAttempt, type RetrySettings } from "./delivery.ts";
import type { PingSource } from "./manifest-schema.ts";
import type { RoutedEvent } from "./routed-event.ts";

export const PING_TYPE = "dev.knative.sources.ping";

const TICK_RETRIES: RetrySettings = {
  retry: 5,
  backoffPolicy: "exponential",
  backoffDelay: 100,
};
const RETRIED = new Set([404, 413, 425, 429, 502, 503, 504]);

function isSentAgain({ isAnswered, status }: FailedAttempt): boolean {
  return !isAnswered || RETRIED.has(status);
}

export interface Ticking {
  readonly url: string;
  /** Cron, in place of the manifest's; six fields begin with seconds. */
  readonly schedule?: string | undefined;
  readonly signal: AbortSignal;
  readonly onSend: (event: RoutedEvent) => void;
  readonly onTick: (status: number) => void;
}

export interface Ticker extends Disposable {
  /** Sends the event now, beside its times; resolves when it was answered. */
  tick(): Promise<void>;
}

/** Sends the source's event at its times until it is disposed of. @throws for a bad schedule */
export function startPingSource(source: PingSource, ticking: Ticking): Ticker {
  const { url, schedule = source.spec.schedule, signal, onSend, onTick } = ticking;
  const { timezone = "UTC" } = source.spec;
  const tick = async (): Promise<void> => {
    const event = pingEvent(source);
    onSend(event);
    const { status } = await deliver(url, event, TICK_RETRIES, signal, isSentAgain);
    if (!signal.aborted) onTick(status);
  };
  const cron = new Cron(schedule, { timezone }, tick);
  return { tick, [Symbol.dispose]: () => cron.stop() };
}

function pingEvent(source: PingSource): RoutedEvent {
  const { name, namespace } = source.metadata;
  return {
    attributes: {
      specversion: "1.0",
      id: randomUUID(),
      type: PING_TYPE,
      source: `/apis/v1/namespaces/${namespace}/pingsources/${name}`,
      time: new Date().toISOString(),
      ...source.spec.ceOverrides?.extensions,
    },
    contentType: source.spec.contentType,
    body: Buffer.from(source.spec.data ?? ""),
  };
}
