import { randomUUID } from "node:crypto";
import { Cron } from "croner";
import { deliver } from "./delivery.ts";
import type { PingSource } from "./manifest-schema.ts";
import type { RoutedEvent } from "./routed-event.ts";

/** A PingSource knows no retries and gives a tick up after about this long. */
const TICK_TIMEOUT_MS = 3_000;

export interface Ticking {
  readonly url: string;
  /** Cron, in place of the manifest's; six fields begin with seconds. */
  readonly schedule?: string | undefined;
  readonly signal: AbortSignal;
  readonly onTick: (status: number) => void;
}

/** Sends the source's event at its times until it is disposed of. @throws for a bad schedule */
export function startPingSource(source: PingSource, ticking: Ticking): Disposable {
  const { url, schedule = source.spec.schedule, signal, onTick } = ticking;
  const { timezone = "UTC" } = source.spec;
  const tick = async (): Promise<void> => {
    const { status } = await deliver(url, pingEvent(source), { timeout: TICK_TIMEOUT_MS }, signal);
    if (!signal.aborted) onTick(status);
  };
  const cron = new Cron(schedule, { timezone }, tick);
  return { [Symbol.dispose]: () => cron.stop() };
}

function pingEvent(source: PingSource): RoutedEvent {
  const { name, namespace } = source.metadata;
  return {
    attributes: {
      specversion: "1.0",
      id: randomUUID(),
      type: "dev.knative.sources.ping",
      source: `/apis/v1/namespaces/${namespace}/pingsources/${name}`,
      time: new Date().toISOString(),
      ...source.spec.ceOverrides?.extensions,
    },
    contentType: source.spec.contentType,
    body: Buffer.from(source.spec.data ?? ""),
  };
}
