import { randomUUID } from "node:crypto";
import { Cron } from "croner";
import { deliver } from "./delivery.ts";
import type { PingSource } from "./manifest-schema.ts";
import type { RoutedEvent } from "./routed-event.ts";

export const PING_TYPE = "dev.knative.sources.ping";

/** A PingSource knows no retries and gives a tick up after about this long. */
const TICK_TIMEOUT_MS = 3_000;

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
    const { status } = await deliver(url, event, { timeout: TICK_TIMEOUT_MS }, signal);
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
