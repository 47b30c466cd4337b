/**
 * The local stand-in for Knative Eventing: Brokers, Triggers, PingSources and SinkBindings, read
 * from the manifests a cluster gets. Nothing is stored: like the in-memory broker class it loses
 * what it holds when it stops, and the ledger owes it still.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { boundConnections } from "../../../../functions/platform/http/bound-connections.ts";
import { letGo } from "../../../../functions/platform/http/let-go.ts";
import { makeBodyReader } from "../../../../functions/platform/http/request-body.ts";
import { isOfProgramHere } from "../../../../functions/platform/http/local-requests.ts";
import { makeBroker, nameOf, type DeliveryReport, type EventReport } from "./broker.ts";
import { parseClusterAddress } from "./cluster-address.ts";
import type { Broker, Destination, SinkBinding } from "./manifest-schema.ts";
import { readEventing } from "./manifests.ts";
import { PING_TYPE, startPingSource, type Ticker } from "./ping-source.ts";
import { fromHttp, type RoutedEvent, withAttributes } from "./routed-event.ts";

export interface LocalRouterOptions {
  /** The folder of manifests, with its kustomization.yaml. */
  readonly eventing: string;
  /** Address of each Knative Service by its name; they need not run yet. */
  readonly services: Readonly<Record<string, string>>;
  /** A free one unless given. */
  readonly port?: number;
  /** Cron, in place of the schedule of every PingSource. */
  readonly schedule?: string | undefined;
  /** Whether a Broker takes an event that was in an answer; all of them unless given. */
  readonly takesReply?: (reply: RoutedEvent) => boolean;
  readonly onEvent?: (report: EventReport) => void;
  readonly onDelivery?: (report: DeliveryReport) => void;
  /** Answers whatever is not for a Broker; 404 without it. */
  readonly answerOther?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export interface LocalRouter extends AsyncDisposable {
  readonly url: string;
  /** `K_SINK` and `K_CE_OVERRIDES` of a Service, as its SinkBinding sets them. */
  environmentOf(service: string): Record<string, string>;
  /** Every PingSource's event now, beside its times; resolves when all were answered. */
  tick(): Promise<void>;
  /** No more ticks, deliveries and retries; events are still accepted, and dropped. */
  pause(): Promise<void>;
}

/** Longer than the page waits for a tick, which says nothing until it is done. */
const BOUNDS = { requestMs: 30_000, idleMs: 90_000, connections: 1_024 };
/** What a Broker takes has room for an event that was refused, and the refusal. */
const MAX_EVENT_BYTES = 1024 * 1024;
/** Closing the server ends its connections, and what is read from them. */
const NEVER = new AbortController().signal;
const UNREAD = { "too-large": 413, "request-timeout": 408, "too-many-requests": 429 } as const;

/** @throws ManifestError; Error when the port is taken */
export async function startLocalRouter(options: LocalRouterOptions): Promise<LocalRouter> {
  const { services, port = 0, schedule, answerOther } = options;
  const { onEvent = () => undefined, onDelivery = () => undefined } = options;
  const { takesReply = () => true } = options;
  const eventing = await readEventing(options.eventing, Object.keys(services));
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  const brokers = new Map<string, (event: RoutedEvent) => Promise<void>>();
  const tickers: Ticker[] = [];

  const bodies = makeBodyReader({ maxBytes: MAX_EVENT_BYTES });
  const server = createServer({ connectionsCheckingInterval: 1_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  boundConnections(server, BOUNDS);
  await using opened = new AsyncDisposableStack();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  opened.defer(() => close(server));
  opened.defer(pause);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function urlOf(destination: Destination): string {
    if (!("ref" in destination)) {
      const local = parseClusterAddress(destination.uri);
      return local ? new URL(local.path, services[local.service]).href : destination.uri;
    }
    const { kind, name } = destination.ref;
    const broker = eventing.brokers.find((one) => kind === "Broker" && one.metadata.name === name);
    const base = broker ? `${url}${pathOf(broker)}` : (services[name] ?? "");
    return destination.uri === undefined ? base : new URL(destination.uri, base).href;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const accept = brokers.get(request.url ?? "");
    if (!accept && answerOther) {
      await answerOther(request, response);
      return;
    }
    const event = await readEvent(request, response, accept !== undefined);
    letGo(request, response);
    if (!accept || !event || stop.signal.aborted) return;
    const delivered = accept(
      withAttributes(event, { knativearrivaltime: new Date().toISOString() }),
    );
    running.add(delivered);
    void delivered.finally(() => running.delete(delivered));
  }

  /** Answers. `undefined` for whatever is no event for a Broker. */
  async function readEvent(
    request: IncomingMessage,
    response: ServerResponse,
    isForBroker: boolean,
  ): Promise<RoutedEvent | undefined> {
    if (!isOfProgramHere(request.headers)) return void response.writeHead(403).end();
    if (!isForBroker) return void response.writeHead(404).end();
    if (request.method !== "POST") return void response.writeHead(405, { allow: "POST" }).end();
    const body = await bodies.read(request, NEVER);
    if (typeof body === "string") return void response.writeHead(UNREAD[body]).end();
    const event = fromHttp(request.headers, body);
    response.writeHead(event ? 202 : 400).end();
    return event;
  }

  for (const broker of eventing.brokers) {
    const triggers = eventing.triggers.filter((one) => one.spec.broker === broker.metadata.name);
    const hooks = { takesReply, onEvent, onDelivery };
    const parts = {
      broker,
      triggers,
      urlOf,
      url: `${url}${pathOf(broker)}`,
      signal: stop.signal,
      ...hooks,
    };
    brokers.set(pathOf(broker), makeBroker(parts));
  }
  for (const source of eventing.pingSources) {
    const ticker = startPingSource(source, {
      url: urlOf(source.spec.sink),
      schedule,
      signal: stop.signal,
      onSend: ({ attributes }) =>
        onEvent({
          type: PING_TYPE,
          source: attributes["source"] ?? "",
          subject: undefined,
          to: [nameOf(source.spec.sink)],
        }),
      onTick: (status) =>
        onDelivery({
          via: source.metadata.name,
          type: PING_TYPE,
          subject: undefined,
          outcome: status < 300 ? "delivered" : "lost",
          status,
        }),
    });
    stop.signal.addEventListener("abort", () => ticker[Symbol.dispose]());
    tickers.push(ticker);
  }

  async function pause(): Promise<void> {
    stop.abort();
    await Promise.all(running);
  }

  const closing = opened.move();
  return {
    url,
    environmentOf: (service) =>
      environment(
        eventing.sinkBindings.find((one) => one.spec.subject.name === service),
        urlOf,
      ),
    async tick() {
      await Promise.all(tickers.map((one) => one.tick()));
    },
    pause,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

/** As the ingress of Knative's own broker class has it. */
function pathOf({ metadata }: Broker): string {
  return `/${metadata.namespace}/${metadata.name}`;
}

function environment(
  binding: SinkBinding | undefined,
  urlOf: (destination: Destination) => string,
): Record<string, string> {
  if (!binding) return {};
  const { sink, ceOverrides } = binding.spec;
  return {
    K_SINK: urlOf(sink),
    ...(ceOverrides && { K_CE_OVERRIDES: JSON.stringify(ceOverrides) }),
  };
}
